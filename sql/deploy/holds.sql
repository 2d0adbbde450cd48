-- How many items a user may hold at once (sale.holds_max). Of a user who might hold more after the batch than
-- that, the requests that have room are chosen here; all others go the common way. The users are locked
-- (lock_users), so nobody else gives them an item meanwhile.

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE FUNCTION held_items(p_buyer buyer) RETURNS SETOF item
LANGUAGE sql STABLE
AS $$
    SELECT i.*
    FROM unnest(p_buyer.holds) h (number)
    CROSS JOIN LATERAL (
        SELECT i.* FROM item i WHERE i.sale_id = p_buyer.sale_id AND i.number = h.number OFFSET 0) i
    WHERE i.held_by = p_buyer.user_id AND item_is_held(i)
$$;
COMMENT ON FUNCTION held_items(buyer) IS
    'the items that the user holds now. It becomes a part of the statement that calls it';

CREATE FUNCTION live_holds(p_buyer buyer) RETURNS integer[]
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN ARRAY(SELECT i.number FROM held_items(p_buyer) i);
END
$$;
COMMENT ON FUNCTION live_holds(buyer) IS 'their numbers';

CREATE FUNCTION holds_with(p_buyer buyer, p_given integer[]) RETURNS integer[]
LANGUAGE sql STABLE
AS $$
    SELECT CASE WHEN cardinality(p_buyer.holds) + cardinality(p_given) <= p_buyer.holds_max
           THEN p_buyer.holds ELSE live_holds(p_buyer) END || p_given
$$;
COMMENT ON FUNCTION holds_with(buyer, integer[]) IS
    'the holds of a buyer with those given now; if there is no room, without those that ended';

CREATE FUNCTION holds_without(p_buyer buyer, p_sold integer[]) RETURNS integer[]
LANGUAGE sql IMMUTABLE
AS $$ SELECT ARRAY(SELECT h FROM unnest(p_buyer.holds) h WHERE h <> ALL (p_sold)) $$;
COMMENT ON FUNCTION holds_without(buyer, integer[]) IS 'the holds of a buyer without what is bought now';

CREATE FUNCTION have_rows(p_sale_id integer, p_users text[]) RETURNS boolean[]
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN ARRAY(
        SELECT (SELECT true FROM buyer b WHERE b.sale_id = p_sale_id AND b.user_id = r.user_id)
        FROM unnest(p_users) WITH ORDINALITY r (user_id, ordinal)
        ORDER BY r.ordinal);
END
$$;
COMMENT ON FUNCTION have_rows(integer, text[]) IS 'which of the users have a row in buyer by now';

CREATE FUNCTION rooms(
    p_sale sale, p_users text[], p_counts bigint[], INOUT io_known smallint[], INOUT io_until timestamptz[],
    OUT o_rooms integer[])
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    SELECT array_agg(CASE WHEN NOT l.refused THEN 0 ELSE r.known END::smallint),
           array_agg(CASE WHEN l.refused THEN l.until ELSE r.until END),
           array_agg(CASE WHEN l.refused THEN l.room END)
    INTO io_known, io_until, o_rooms
    FROM (SELECT r.*, b::buyer AS buyer, coalesce(p_counts[r.ordinal], 1) AS wanted
          FROM unnest(p_users, io_known, io_until) WITH ORDINALITY r (user_id, known, until, ordinal)
          LEFT JOIN LATERAL (
              SELECT b.* FROM buyer b WHERE b.sale_id = p_sale.sale_id AND b.user_id = r.user_id OFFSET 0
          ) b ON r.known = known_as('hold_limit')
          ORDER BY r.ordinal) r
    LEFT JOIN LATERAL (
        SELECT p_sale.holds_max - count(*)::integer AS room, min(i.held_until) AS until,
               p_sale.holds_max - count(*) < r.wanted AS refused
        FROM held_items(r.buyer) i
    ) l ON r.known = known_as('hold_limit');
    IF known_as('hold_limit') = ANY (io_known) IS NOT TRUE THEN
        o_rooms := NULL;
    END IF;
END
$$;
COMMENT ON FUNCTION rooms(sale, text[], bigint[], smallint[], timestamptz[]) IS
    'of the requests that the bound on holds refuses by the users'' rows (io_known), those that it refuses by what is '
    'held now: how many items the user may be given, and when the first of the user''s holds ends; else null. '
    'p_counts: as for note_buyers';

CREATE FUNCTION claim_in_room(
    p_sale_id integer, p_numbers integer[], p_ordinals integer[], p_room integer, INOUT io_wanted integer[])
LANGUAGE plpgsql
AS $$
DECLARE
    v_claim record;
BEGIN
    FOR v_claim IN
        SELECT r.ordinal, i.number
        FROM (SELECT min(r.ordinal) AS ordinal FROM unnest(p_ordinals) r (ordinal)
              WHERE p_numbers[r.ordinal] > 0 AND p_numbers[r.ordinal] = ANY (io_wanted) IS NOT TRUE
              GROUP BY p_numbers[r.ordinal] ORDER BY 1) r
        CROSS JOIN LATERAL (
            SELECT i.number FROM item i
            WHERE i.sale_id = p_sale_id AND i.number = p_numbers[r.ordinal] AND item_is_free(i)
            FOR NO KEY UPDATE SKIP LOCKED
        ) i
        LIMIT p_room
    LOOP
        io_wanted[v_claim.ordinal] := v_claim.number;
    END LOOP;
END
$$;
COMMENT ON FUNCTION claim_in_room(integer, integer[], integer[], integer, integer[]) IS
    'locks items for the user of p_ordinals, no more than p_room, without waiting: of those that the user named '
    'the first that are free, and that io_wanted does not have yet';

CREATE FUNCTION find_room(
    p_sale_id integer, p_users text[], p_numbers integer[], p_firsts integer[], p_rooms integer[],
    INOUT io_known smallint[], OUT o_wanted integer[])
LANGUAGE plpgsql
AS $$
DECLARE
    v_user    record;
    v_ordinal integer;
    v_room    integer;
BEGIN
    o_wanted := array_fill(NULL::integer, ARRAY[cardinality(p_users)]);
    FOR v_user IN
        SELECT array_agg(r.ordinal ORDER BY r.ordinal) AS ordinals, max(p_rooms[r.ordinal]) AS room
        FROM (SELECT user_id, ordinal::integer FROM unnest(p_users) WITH ORDINALITY r (user_id, ordinal)) r
        WHERE p_rooms[r.ordinal] > 0
        GROUP BY r.user_id
        ORDER BY min(r.ordinal)
    LOOP
        o_wanted := claim_in_room(p_sale_id, p_numbers, v_user.ordinals, v_user.room, o_wanted);
        v_room := v_user.room - (SELECT count(o_wanted[r]) FROM unnest(v_user.ordinals) r);
        -- As long as there is room, the bound refuses nobody: who named an item that cannot be given is told of that.
        FOREACH v_ordinal IN ARRAY v_user.ordinals LOOP
            IF o_wanted[v_ordinal] > 0 OR v_room > 0 THEN
                io_known[v_ordinal] := 0;
            END IF;
            IF p_numbers[v_ordinal] = 0 AND coalesce(p_firsts[v_ordinal], v_ordinal) = v_ordinal THEN
                v_room := v_room - 1;
            END IF;
        END LOOP;
    END LOOP;
END
$$;
COMMENT ON FUNCTION find_room(integer, text[], integer[], integer[], integer[], smallint[]) IS
    'chooses among the requests with a room. io_known is 0 for those that the bound does not refuse: o_wanted has '
    'the items that are locked for them; the others that want any may look for one';

COMMIT;
