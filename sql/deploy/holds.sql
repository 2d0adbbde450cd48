-- How many items a user may hold at once (sale.holds_max). Of a user who might hold more after the batch than
-- that, the requests that have room are chosen here; all others go the common way. The users are locked
-- (lock_users), so nobody else gives them an item meanwhile.

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE FUNCTION held_items(p_buyer buyer) RETURNS SETOF item
LANGUAGE sql STABLE
AS $$
    SELECT i.* FROM item i
    WHERE i.sale_id = p_buyer.sale_id AND i.number = ANY (p_buyer.holds)
      AND i.held_by = p_buyer.user_id AND item_is_held(i)
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

CREATE FUNCTION have_rows(p_sale_id integer, p_users text[]) RETURNS boolean[]
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN ARRAY(
        SELECT EXISTS (SELECT FROM buyer b WHERE b.sale_id = p_sale_id AND b.user_id = r.user_id)
        FROM unnest(p_users) WITH ORDINALITY r (user_id, ordinal)
        ORDER BY r.ordinal);
END
$$;
COMMENT ON FUNCTION have_rows(integer, text[]) IS 'which of the users have a row in buyer by now';

CREATE FUNCTION rooms(
    p_sale sale, p_users text[], p_known smallint[], OUT o_rooms integer[], OUT o_until timestamptz[])
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    SELECT array_agg(p_sale.holds_max - l.holds), array_agg(l.until) INTO o_rooms, o_until
    FROM (SELECT r.known, b AS buyer
          FROM unnest(p_users, p_known) WITH ORDINALITY r (user_id, known, ordinal)
          LEFT JOIN buyer b ON b.sale_id = p_sale.sale_id AND b.user_id = r.user_id
                            AND r.known = known_as('hold_limit')
          ORDER BY r.ordinal) r
    LEFT JOIN LATERAL (
        SELECT count(*)::integer AS holds, min(i.held_until) AS until FROM held_items(r.buyer) i
    ) l ON r.known = known_as('hold_limit');
END
$$;
COMMENT ON FUNCTION rooms(sale, text[], smallint[]) IS
    'of the requests that the bound on holds refuses so far (p_known): how many items the user may be given, and '
    'when the first of the user''s holds ends';

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
