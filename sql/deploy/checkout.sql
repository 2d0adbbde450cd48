-- Checkouts, a batch in one transaction: decide all, log all. First those who get what they ask for; then the
-- others, with the reason. The order of locks is that of locks.sql.
--
-- Arrays have an element for each request of the batch, by its ordinal. Numbers: 0 is any item, below 0 none
-- that could be, null a request that another sale decides.

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE FUNCTION known_that_counts(
    p_sale sale, p_numbers integer[], p_known smallint[], p_known_until timestamptz[],
    p_known_sales timestamptz[], p_ignores_limit boolean)
RETURNS smallint[]
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    -- What is known counts if it is about this sale and its time has not run out. What is held may
    -- be sold meanwhile, which others came to know: of that the row tells.
    RETURN ARRAY(
        SELECT CASE WHEN k.known_sale = p_sale.generated_at AND k.known_until > now()
                     AND NOT (p_ignores_limit AND o.outcome = 'user_limit')
                     AND (o.outcome <> 'held' OR
                          (SELECT i.purchased_at FROM item i
                           WHERE i.sale_id = p_sale.sale_id AND i.number = k.number) IS NULL)
               THEN k.known ELSE 0::smallint END
        FROM unnest(p_known, p_known_until, p_known_sales, p_numbers)
             WITH ORDINALITY k (known, known_until, known_sale, number, ordinal)
        CROSS JOIN LATERAL (SELECT (known_refusals())[k.known] AS outcome) o
        ORDER BY k.ordinal);
END
$$;
COMMENT ON FUNCTION known_that_counts(
    sale, integer[], smallint[], timestamptz[], timestamptz[], boolean) IS
    'p_known with 0 in the place of what does not count';

CREATE FUNCTION eligible_requests(
    p_sale_id integer, p_sales integer[], p_numbers integer[], p_known smallint[])
RETURNS TABLE (ordinal integer, sale_id integer, number integer)
LANGUAGE sql STABLE
AS $$
    SELECT r.ordinal::integer, CASE p_sales[r.ordinal] WHEN 0 THEN p_sale_id ELSE p_sales[r.ordinal] END, r.number
    FROM unnest(p_numbers) WITH ORDINALITY r (number, ordinal)
    WHERE r.number >= 0 AND p_sales[r.ordinal] IN (0, p_sale_id) AND p_known[r.ordinal] = 0
    ORDER BY r.number, r.ordinal
$$;
COMMENT ON FUNCTION eligible_requests(integer, integer[], integer[], smallint[]) IS
    'the requests that get an item if there is one, by number. It becomes a part of the statement that calls it. That '
    'finds items by sale_id and number of a request, for if it knew the sale by itself, it might scan its items';

-- An id that names no item may mean any: then the same one for as long as the user holds it.
CREATE FUNCTION read_wildcard_ids(
    p_sale sale, p_ids text[], INOUT io_numbers integer[], OUT o_ids text[])
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    o_ids := ARRAY(
        SELECT CASE WHEN r.number IS NULL OR r.number BETWEEN 0 AND p_sale.items_total THEN ''
                    WHEN r.number > 0 THEN r.number::text
                    ELSE coalesce(p_ids[r.ordinal], '') END
        FROM unnest(io_numbers) WITH ORDINALITY r (number, ordinal)
        ORDER BY r.ordinal);
    io_numbers := ARRAY(
        SELECT CASE WHEN r.number BETWEEN 1 AND p_sale.items_total THEN r.number
                    WHEN r.number IS NOT NULL THEN 0 END
        FROM unnest(io_numbers) WITH ORDINALITY r (number, ordinal)
        ORDER BY r.ordinal);
    IF '' = ALL (o_ids) OR p_sale.sale_id IS NULL THEN
        o_ids := NULL;
    END IF;
END
$$;
COMMENT ON FUNCTION read_wildcard_ids(sale, text[], integer[]) IS
    'has ids that name no item of the sale mean any: their numbers are 0 then; o_ids by request: that id, else '
    'empty; null where there is none';

CREATE FUNCTION find_wildcard_ids(
    p_sale_id integer, p_users text[], p_sales integer[], p_ids text[], INOUT io_numbers integer[],
    OUT o_firsts integer[])
LANGUAGE plpgsql
AS $$
BEGIN
    SELECT array_agg(coalesce(CASE WHEN r.is_wildcard THEN (
               SELECT i.number FROM wildcard_id f
               CROSS JOIN LATERAL (
                   SELECT i.* FROM item i WHERE i.sale_id = f.sale_id AND i.number = f.number OFFSET 0) i
               WHERE f.sale_id = p_sale_id AND f.user_id = r.user_id AND f.id = r.id
                 AND i.secret = f.secret AND item_is_held(i)) END, io_numbers[r.ordinal]) ORDER BY r.ordinal),
           array_agg(CASE WHEN r.is_wildcard THEN r.first END ORDER BY r.ordinal)
    INTO io_numbers, o_firsts
    FROM (SELECT r.*, min(r.ordinal) OVER (PARTITION BY r.user_id, r.id, r.is_wildcard)::integer AS first
          FROM (SELECT r.*, r.id <> '' AND r.sale_id IN (0, p_sale_id) AS is_wildcard
                FROM unnest(p_users, p_sales, p_ids)
                     WITH ORDINALITY r (user_id, sale_id, id, ordinal)) r) r;
END
$$;
COMMENT ON FUNCTION find_wildcard_ids(integer, text[], integer[], text[], integer[]) IS
    'by request, where p_ids has an id: the number of the item that the user holds for it, if any, and the '
    'first request of the batch for the same';

CREATE FUNCTION keep_wildcard_ids(
    p_sale_id integer, p_users text[], p_ids text[], p_secrets uuid[], p_given integer[])
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO wildcard_id (sale_id, user_id, id, number, secret)
    SELECT p_sale_id, p_users[g.ordinal], g.id, g.number, p_secrets[g.ordinal]
    FROM (SELECT r.ordinal, r.id, p_given[r.ordinal] AS number
          FROM unnest(p_ids) WITH ORDINALITY r (id, ordinal)) g
    WHERE g.number IS NOT NULL AND g.id <> ''
    ORDER BY 2, 3
    ON CONFLICT (sale_id, user_id, id) DO UPDATE
    SET number = excluded.number, secret = excluded.secret;
END
$$;
COMMENT ON FUNCTION keep_wildcard_ids(integer, text[], text[], uuid[], integer[]) IS
    'keeps which items were given for such ids';

CREATE TYPE checkout_requests AS (
    numbers   integer[],
    known     smallint[],
    until     timestamptz[],
    rooms     integer[],
    have_row  boolean[],
    ids       text[],
    firsts    integer[],
    wanted    integer[],
    contested integer[],
    passes    text[]
);
COMMENT ON TYPE checkout_requests IS
    'a batch as one sale decides it. numbers, known, until: which item each request means, and what is known '
    'about it until when; rooms: how many items the user may be given, if the batch could give too many; '
    'have_row: the user has a row; ids, firsts: as of read_wildcard_ids and find_wildcard_ids; wanted: the numbers '
    'to give next; contested: items that were passed by those who asked for any; passes: what is given one after the '
    'other: items by number, items within the bound on holds, any items';

CREATE FUNCTION note_turns(p_sale sale, p_users text[], p_sales integer[], INOUT io_requests checkout_requests)
LANGUAGE plpgsql
AS $$
DECLARE
    v_request record;
BEGIN
    FOR v_request IN
        SELECT r.ordinal, t.opens_at
        FROM unnest(io_requests.numbers, io_requests.known) WITH ORDINALITY r (number, known, ordinal)
        CROSS JOIN LATERAL (SELECT turn_opens_at(p_sale, p_users[r.ordinal]) AS opens_at) t
        WHERE r.number IS NOT NULL AND r.known = 0 AND p_sales[r.ordinal] IN (0, p_sale.sale_id)
          AND (t.opens_at <= now()) IS NOT TRUE
    LOOP
        io_requests.known[v_request.ordinal] := known_as('not_yet');
        io_requests.until[v_request.ordinal] := v_request.opens_at;
    END LOOP;
END
$$;
COMMENT ON FUNCTION note_turns(sale, text[], integer[], checkout_requests) IS
    'has the requests refused of users whose turn has not come';

CREATE FUNCTION note_buyers(
    p_sale sale, p_users text[], p_counts bigint[], p_ignores_limit boolean, INOUT io_requests checkout_requests)
LANGUAGE plpgsql
AS $$
DECLARE
    v_ordinals integer[];
    v_outcomes smallint[];
    v_known    smallint[] := io_requests.known;
    v_have_row boolean[];
BEGIN
    -- Most users of a flash sale have no row yet, and one request.
    SELECT array_agg(r.ordinal), array_agg(
               CASE WHEN NOT p_ignores_limit AND cardinality(b.numbers) >= b.purchase_limit THEN known_as('user_limit')
                    WHEN p_sale.holds_max > 0
                         AND cardinality(b.holds) + coalesce(p_counts[r.ordinal], 1) > p_sale.holds_max
                    THEN known_as('hold_limit') ELSE 0::smallint END)
    INTO v_ordinals, v_outcomes
    FROM unnest(p_users) WITH ORDINALITY r (user_id, ordinal)
    CROSS JOIN LATERAL (
        SELECT b.* FROM buyer b WHERE b.sale_id = p_sale.sale_id AND b.user_id = r.user_id OFFSET 0
    ) b
    WHERE io_requests.known[r.ordinal] = 0;
    FOR v_index IN 1 .. coalesce(cardinality(v_ordinals), 0) LOOP
        v_known[v_ordinals[v_index]] := v_outcomes[v_index];
        v_have_row[v_ordinals[v_index]] := true;
    END LOOP;
    -- Some of those without a row might come to hold too much with this batch alone.
    FOR v_index IN 1 .. coalesce(cardinality(p_counts), 0) LOOP
        IF p_counts[v_index] > p_sale.holds_max AND p_sale.holds_max > 0
           AND v_known[v_index] = 0 AND v_have_row[v_index] IS NULL THEN
            v_known[v_index] := known_as('hold_limit');
        END IF;
    END LOOP;
    io_requests.known := v_known;
    io_requests.have_row := v_have_row;
    IF known_as('hold_limit') = ANY (io_requests.known) THEN
        SELECT * INTO io_requests.known, io_requests.until, io_requests.rooms
        FROM rooms(p_sale, p_users, p_counts, io_requests.known, io_requests.until);
    END IF;
END
$$;
COMMENT ON FUNCTION note_buyers(sale, text[], bigint[], boolean, checkout_requests) IS
    'has the requests refused of users at the limit, and those that could give a user too many items, until '
    'find_room() chooses among them. p_counts: by request, how many the user has in the batch; null: one each';

CREATE FUNCTION read_checkouts(
    p_sale sale, p_requests checkout_requests, p_users text[], p_sales integer[],
    p_known_sales timestamptz[], p_unknown_is_any boolean, p_ignores_limit boolean)
RETURNS checkout_requests
LANGUAGE plpgsql
AS $$
DECLARE
    v_requests checkout_requests := p_requests;
    v_locked   bigint;
    v_counts   bigint[];
BEGIN
    IF p_sale.sale_id IS NULL THEN
        RETURN p_requests;
    END IF;
    IF 0 < ANY (v_requests.known) THEN
        v_requests.known := known_that_counts(p_sale, v_requests.numbers, v_requests.known, v_requests.until,
                                              p_known_sales, p_ignores_limit);
    END IF;
    IF p_sale.draw_s > 0 AND now() < p_sale.starts_at + make_interval(secs => p_sale.draw_s) THEN
        v_requests := note_turns(p_sale, p_users, p_sales, v_requests);
    END IF;
    IF p_unknown_is_any THEN
        SELECT * INTO v_requests.numbers, v_requests.ids
        FROM read_wildcard_ids(p_sale, v_requests.ids, v_requests.numbers);
    ELSE
        v_requests.ids := NULL;
    END IF;
    IF 0 = ANY (v_requests.known) THEN
        v_locked := lock_users(p_sale.sale_id, p_users);
    END IF;
    IF v_requests.ids IS NOT NULL THEN
        SELECT * INTO v_requests.numbers, v_requests.firsts
        FROM find_wildcard_ids(p_sale.sale_id, p_users, p_sales, v_requests.ids, v_requests.numbers);
    END IF;
    v_requests.wanted := v_requests.numbers;
    IF v_locked > 0 THEN
        IF v_locked < cardinality(p_users) THEN
            v_counts := ARRAY(
                SELECT count(*) OVER (PARTITION BY r.user_id) FROM unnest(p_users) WITH ORDINALITY r (user_id, ordinal)
                ORDER BY r.ordinal);
        END IF;
        v_requests := note_buyers(p_sale, p_users, v_counts, p_ignores_limit, v_requests);
    END IF;
    IF 0 = ANY (v_requests.known) OR v_requests.rooms IS NOT NULL THEN
        v_requests.passes := CASE WHEN 0 < ANY (v_requests.numbers) THEN '{number}'::text[] ELSE '{}' END
            || CASE WHEN v_requests.rooms IS NOT NULL THEN '{room}'::text[] ELSE '{}' END
            || CASE WHEN 0 = ANY (v_requests.numbers) THEN '{any}'::text[] ELSE '{}' END;
    END IF;
    RETURN v_requests;
END
$$;
COMMENT ON FUNCTION read_checkouts(
    sale, checkout_requests, text[], integer[], timestamptz[], boolean, boolean) IS
    'the requests as the sale decides them: which item each means, what of that which is known counts, and what '
    'the users'' rows say. Locks the users where the same must not be given to them twice, nor too much';

CREATE FUNCTION note_no_more(p_users text[], INOUT io_requests checkout_requests)
LANGUAGE plpgsql
AS $$
BEGIN
    io_requests.known := ARRAY(
        SELECT CASE WHEN r.number = 0 AND r.room > 0 AND bool_or(r.number = 0 AND r.known = 0 AND r.wanted IS NULL)
                                                         OVER (PARTITION BY r.user_id)
               THEN 0::smallint ELSE r.known END
        FROM (SELECT r.*, io_requests.rooms[r.ordinal] AS room,
                     io_requests.wanted[coalesce(io_requests.firsts[r.ordinal], r.ordinal)] AS wanted
              FROM unnest(p_users, io_requests.numbers, io_requests.known)
                   WITH ORDINALITY r (user_id, number, known, ordinal)) r
        ORDER BY r.ordinal);
END
$$;
COMMENT ON FUNCTION note_no_more(text[], checkout_requests) IS
    'where there was no item left for a user who had room, it is not the bound that refuses the user''s others';

CREATE FUNCTION find_items(
    p_pass text, p_sale_id integer, p_users text[], p_sales integer[], p_secrets uuid[],
    INOUT io_requests checkout_requests, INOUT io_stripe sale_stripe)
LANGUAGE plpgsql
AS $$
DECLARE
    v_found record;
BEGIN
    -- The passes before may have given items.
    IF p_pass <> io_requests.passes[1] THEN
        io_requests.have_row := have_rows(p_sale_id, p_users);
    END IF;
    IF p_pass = 'room' THEN
        v_found := find_room(p_sale_id, p_users, io_requests.numbers, io_requests.firsts, io_requests.rooms,
                             io_requests.known);
        io_requests.known := v_found.io_known;
        io_requests.wanted := v_found.o_wanted;
        RETURN;
    END IF;
    io_stripe := stripe(p_sale_id, io_stripe.stripe);
    v_found := allocate_items(ARRAY(
        SELECT r.ordinal
        FROM eligible_requests(p_sale_id, p_sales, io_requests.numbers, io_requests.known) r
        WHERE r.number = 0 AND coalesce(io_requests.firsts[r.ordinal], r.ordinal) = r.ordinal
        ORDER BY r.ordinal), io_stripe);
    io_stripe := v_found.io_stripe;
    io_requests.wanted := v_found.o_numbers;
    io_requests.contested := coalesce(v_found.o_contested, ARRAY[]::integer[]);
    IF io_requests.rooms IS NOT NULL THEN
        io_requests := note_no_more(p_users, io_requests);
    END IF;
    IF io_requests.ids IS NOT NULL THEN
        PERFORM keep_wildcard_ids(p_sale_id, p_users, io_requests.ids, p_secrets, io_requests.wanted);
    END IF;
END
$$;
COMMENT ON FUNCTION find_items(
    text, integer, text[], integer[], uuid[], checkout_requests, sale_stripe) IS
    'finds items for the pass ''room'', or for ''any'': then one for each who asks for any (of those for the same '
    'wildcard id for the first), as far as there are some: io_requests.wanted';

CREATE TYPE checkout_decision AS (
    ordinal        integer,
    outcome        outcome,
    sale_id        integer,
    number         integer,
    secret         uuid,
    expires_at     timestamptz,
    sale_made_at   timestamptz,
    sale_ends_at   timestamptz,
    decided_at     timestamptz,
    name           text,
    price_cents    integer,
    picture_seed   bigint,
    held_by        text,
    purchase_limit integer
);
COMMENT ON TYPE checkout_decision IS
    'what a request of a batch of checkouts is answered. expires_at and held_by: when the hold ends, the '
    'user''s or the other one''s, and whose it is. Of not_yet and hold_limit expires_at is when asking again helps: '
    'when the user''s turn comes, or the first of the user''s holds ends';

CREATE FUNCTION refuse_checkouts(
    p_sale sale, p_stripe integer, p_users text[], p_sales integer[], p_requests checkout_requests,
    p_secrets uuid[], p_ignores_limit boolean)
RETURNS SETOF checkout_decision
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN QUERY
    WITH refused AS MATERIALIZED (
        SELECT r.ordinal::integer, p_users[r.ordinal] AS user_id,
               coalesce(nullif(p_sales[r.ordinal], 0), p_sale.sale_id) AS sale_id,
               CASE WHEN r.number > 0 THEN r.number WHEN i.held_by = p_users[r.ordinal] THEN i.number END
                   AS number, i.secret, i.held_until,
               CASE WHEN r.known > 0 THEN p_requests.until[r.ordinal] END AS known_until,
               i.name, i.price_cents, i.picture_seed, i.held_by,
               CASE
               WHEN p_sale.sale_id IS NULL THEN 'sale_closed'
               WHEN p_sales[r.ordinal] NOT IN (0, p_sale.sale_id) THEN
                   CASE WHEN EXISTS (SELECT FROM sale s WHERE s.sale_id = p_sales[r.ordinal])
                   THEN 'sale_closed' ELSE 'unknown_item' END::outcome
               WHEN r.number NOT BETWEEN 0 AND p_sale.items_total THEN 'unknown_item'
               WHEN r.known NOT IN (0, known_as('not_yet'), known_as('hold_limit')) THEN (known_refusals())[r.known]
               WHEN NOT p_ignores_limit AND
                    (SELECT cardinality(b.numbers) >= b.purchase_limit FROM buyer b
                     WHERE b.sale_id = p_sale.sale_id AND b.user_id = p_users[r.ordinal])
               THEN 'user_limit'
               WHEN i.held_by = p_users[r.ordinal] AND item_is_held(i) THEN 'repeated'
               WHEN item_is_held(i) THEN 'held'
               WHEN (SELECT sum(s.purchases_accepted) FROM sale_stripe s
                     WHERE s.sale_id = p_sale.sale_id) >= p_sale.items_total
               THEN 'sold_out'
               WHEN i.purchased_at IS NOT NULL THEN 'sold'
               WHEN r.known > 0 THEN (known_refusals())[r.known]
               ELSE 'held' END::outcome AS outcome
        FROM unnest(p_requests.numbers, p_requests.known) WITH ORDINALITY r (number, known, ordinal)
        LEFT JOIN LATERAL (
            SELECT i.* FROM item i
            WHERE i.sale_id = p_sale.sale_id
              AND i.number = CASE WHEN r.number > 0 THEN r.number WHEN p_requests.contested IS NOT NULL
                  THEN p_requests.wanted[coalesce(p_requests.firsts[r.ordinal], r.ordinal)] END
              AND p_sales[r.ordinal] IN (0, p_sale.sale_id) AND r.known IN (0, known_as('hold_limit'))
            OFFSET 0
        ) i ON true
        WHERE r.number IS NOT NULL AND i.secret IS DISTINCT FROM p_secrets[r.ordinal]
    ), logged AS (
        INSERT INTO attempt (sale_id, number, outcome, secret, user_id)
        SELECT r.sale_id, r.number, r.outcome, CASE WHEN r.outcome = 'repeated' THEN r.secret END,
               r.user_id
        FROM refused r
    ), counted AS (
        UPDATE sale_stripe s
        SET checkouts_repeated = s.checkouts_repeated + c.repeated,
            checkouts_refused = s.checkouts_refused + c.refused
        FROM (SELECT count(*) FILTER (WHERE r.outcome = 'repeated') AS repeated,
                     count(*) FILTER (WHERE r.outcome <> 'repeated' AND r.sale_id = p_sale.sale_id) AS refused
              FROM refused r) c
        WHERE s.sale_id = p_sale.sale_id AND s.stripe = p_stripe
    )
    SELECT r.ordinal, r.outcome, r.sale_id, r.number,
           CASE WHEN r.outcome = 'repeated' THEN r.secret END,
           CASE WHEN r.outcome IN ('repeated', 'held') THEN coalesce(r.held_until, r.known_until)
                WHEN r.outcome IN ('not_yet', 'hold_limit') THEN r.known_until END,
           p_sale.generated_at, p_sale.ends_at, now(),
           CASE WHEN r.outcome = 'repeated' THEN r.name END,
           CASE WHEN r.outcome = 'repeated' THEN r.price_cents END,
           CASE WHEN r.outcome = 'repeated' THEN r.picture_seed END,
           CASE WHEN r.outcome IN ('repeated', 'held') THEN r.held_by END, p_sale.purchase_limit
    FROM refused r;
END
$$;
COMMENT ON FUNCTION refuse_checkouts(
    sale, integer, text[], integer[], checkout_requests, uuid[], boolean) IS
    'says to all who got no item why, by the rows as they are now; logs and counts that';

CREATE FUNCTION checkout_batch(
    p_users          text[],
    p_sales          integer[],
    p_numbers        integer[],
    p_secrets        uuid[],
    p_known          smallint[],
    p_known_until    timestamptz[],
    p_known_sales    timestamptz[],
    p_unknown_is_any boolean,
    p_ignores_limit  boolean DEFAULT false,
    p_ids            text[] DEFAULT NULL)
RETURNS SETOF checkout_decision
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = flashsale, pg_temp
-- Estimates for arrays are guesses: every look-up here is by primary key, whatever they say.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    v_part     batch_part;
    v_sale     sale;
    v_requests checkout_requests;
    v_stripe   sale_stripe;
    v_expires  timestamptz;
    v_found    record;
    v_pass     text;
    v_rows     bigint;
    v_accepted bigint;
BEGIN
    FOREACH v_part IN ARRAY batch_parts(p_sales, p_numbers) LOOP
        v_sale := v_part.sale;
        v_accepted := 0;
        v_requests := read_checkouts(
            v_sale, (v_part.numbers, p_known, p_known_until, NULL, NULL, p_ids, NULL, v_part.numbers, NULL, '{}'),
            p_users, p_sales, p_known_sales, p_unknown_is_any, p_ignores_limit);
        v_stripe := NULL;
        v_stripe.stripe := lock_stripe(v_sale.sale_id);
        v_expires := least(now() + make_interval(secs => v_sale.hold_s),
                           CASE WHEN NOT v_sale.stays_open THEN v_sale.ends_at END);
        -- First the requests that get what they ask for: by number, then those which never wait: by number within
        -- the bound on holds, and any.
        FOREACH v_pass IN ARRAY v_requests.passes LOOP
            IF v_pass <> 'number' THEN
                v_found := find_items(v_pass, v_sale.sale_id, p_users, p_sales, p_secrets, v_requests, v_stripe);
                v_requests := v_found.io_requests;
                v_stripe := v_found.io_stripe;
            END IF;
            RETURN QUERY
            WITH held AS (
                UPDATE item i
                SET held_by = p_users[r.ordinal], held_until = v_expires, secret = p_secrets[r.ordinal]
                FROM eligible_requests(v_sale.sale_id, p_sales, v_requests.wanted, v_requests.known) r
                WHERE i.sale_id = r.sale_id AND i.number = r.number AND item_is_free(i)
                RETURNING r.ordinal, i.number, i.held_by, i.secret, i.name, i.price_cents, i.picture_seed
            ), given AS MATERIALIZED (
                SELECT h.held_by, array_agg(h.number) AS numbers, bool_or(v_requests.have_row[h.ordinal]) AS has_row
                FROM held h GROUP BY 1 ORDER BY 1
            ), added AS (
                INSERT INTO buyer (sale_id, user_id, numbers, granted, purchase_limit, holds, holds_max)
                SELECT v_sale.sale_id, g.held_by, '{}', 0, v_sale.purchase_limit,
                       CASE WHEN v_sale.holds_max > 0 THEN g.numbers ELSE '{}' END, v_sale.holds_max
                FROM given g WHERE g.has_row IS NOT TRUE
            ), extended AS (
                INSERT INTO buyer AS b (sale_id, user_id, numbers, granted, purchase_limit, holds, holds_max)
                SELECT v_sale.sale_id, g.held_by, '{}', 0, v_sale.purchase_limit, g.numbers, v_sale.holds_max
                FROM given g WHERE v_sale.holds_max > 0 AND g.has_row
                ON CONFLICT (sale_id, user_id) DO UPDATE SET holds = holds_with(b, excluded.holds)
            ), logged AS (
                INSERT INTO attempt (sale_id, number, outcome, secret, user_id)
                SELECT v_sale.sale_id, h.number, 'accepted', h.secret, h.held_by FROM held h
            ), counted AS (
                UPDATE sale_stripe s
                SET checkouts_accepted = s.checkouts_accepted + c.accepted,
                    unoffered_next = coalesce(v_stripe.unoffered_next, s.unoffered_next),
                    queue_next = coalesce(v_stripe.queue_next, s.queue_next),
                    queue_offset = coalesce(v_stripe.queue_offset, s.queue_offset),
                    queue_length = s.queue_length + CASE WHEN c.queued = '{}' THEN 0 ELSE 1 END
                FROM (SELECT count(*) AS accepted, array_agg(hashtext(h.held_by)) AS users,
                             coalesce(array_agg(h.number), '{}') || v_requests.contested AS queued FROM held h) c
                WHERE s.sale_id = v_sale.sale_id AND s.stripe = v_stripe.stripe AND (c.queued <> '{}' OR v_pass = 'any')
                RETURNING s.sale_id, s.stripe, s.queue_length - 1, c.queued, c.users
            ), queued AS (
                INSERT INTO hold_queue (sale_id, stripe, position, numbers, users, available_at)
                SELECT c.*, v_expires FROM counted c WHERE c.queued <> '{}'
            )
            SELECT h.ordinal, 'accepted'::outcome, v_sale.sale_id, h.number, h.secret, v_expires,
                   v_sale.generated_at, v_sale.ends_at, now(), h.name, h.price_cents, h.picture_seed,
                   h.held_by, v_sale.purchase_limit
            FROM held h;
            GET DIAGNOSTICS v_rows = ROW_COUNT;
            v_accepted := v_accepted + v_rows;
        END LOOP;
        IF v_accepted < v_part.requests THEN
            RETURN QUERY SELECT * FROM refuse_checkouts(
                v_sale, v_stripe.stripe, p_users, p_sales, v_requests, p_secrets, p_ignores_limit);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION checkout_batch(
    text[], integer[], integer[], uuid[], smallint[], timestamptz[], timestamptz[], boolean, boolean, text[]) IS
'decides and logs a batch of checkouts; arrays have an element a request.
p_sales: 0 is the newest open sale. p_numbers: 0 is any item, below 0 none that could be.
p_secrets: 16 random bytes for the code, should the request be accepted.
p_known: what refuses the request: 0 nothing, 1 sold, 2 held, 3 user_limit, 4 sold_out; it
counts until p_known_until. p_known_sales: the generated_at of the sale that it is about,
which tells it from every other sale, also of another database that had the same id.
p_ids: the texts of ids without a number, where these mean any, else empty; the same text means the
same item for as long as the same user holds it. Null: there are none.
p_ignores_limit: users who have bought up to the limit may still check out; they cannot purchase.
One row a request, in no order.';

GRANT EXECUTE ON FUNCTION checkout_batch(
    text[], integer[], integer[], uuid[], smallint[], timestamptz[], timestamptz[], boolean, boolean, text[])
    TO flashsale_worker;

COMMIT;
