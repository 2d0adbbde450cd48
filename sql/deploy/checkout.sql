-- Checkouts, a batch in one transaction: decide all, log all.
--
-- The order of locks is: sale by sale, by their numbers; in each users' free ids, by their hashes; one
-- stripe; items by number; then, never waited for, other stripes and items for those who want any.
-- Purchases have the same order (purchase.sql), so a batch that waits for another never holds what
-- that one waits for.

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE FUNCTION claim_any(
    p_sale          sale,
    p_users         text[],
    p_sales         integer[],
    p_numbers       integer[],
    p_known         smallint[],
    p_full_too      boolean,
    INOUT io_stripe sale_stripe,
    OUT o_given     integer[],
    OUT o_contested integer[])
LANGUAGE plpgsql
AS $$
DECLARE
    -- A bound on one batch's work. Each number is passed once and each hold once, so only a
    -- sale that was sold by number for long can have so many behind each other.
    v_looks      integer := 20000;
    v_wants      boolean[]; -- by request
    v_need       integer;   -- how many are still to be found
    v_claimed    integer[] := ARRAY[]::integer[];
    v_stripe     sale_stripe := io_stripe;
    v_visited    integer[] := ARRAY[io_stripe.stripe];
    v_first      integer;
    v_last       integer;
    v_candidates integer[];
    v_got        integer[];
    v_passed     integer;
    v_given      integer := 0;
BEGIN
    o_contested := ARRAY[]::integer[];
    v_wants := ARRAY(
        SELECT r.number = 0
           AND r.sale_id IN (0, p_sale.sale_id)
           AND r.known = 0
           AND (p_full_too OR
                (SELECT cardinality(b.numbers) >= b.purchase_limit FROM buyer b
                 WHERE b.sale_id = p_sale.sale_id AND b.user_id = r.user_id) IS NOT TRUE)
        FROM unnest(p_users, p_sales, p_numbers, p_known) r (user_id, sale_id, number, known));
    v_need := cardinality(array_positions(v_wants, true));

    WHILE v_need > 0 AND v_looks > 0 LOOP
        -- Candidates: numbers never offered before; then the oldest hold that ran out. Of these
        -- the ones that are free and not being decided about, no more than needed.
        v_first := v_stripe.unoffered_next;
        v_last := least(v_stripe.unoffered_last, v_first + v_need - 1);
        v_candidates := NULL;
        IF v_first <= v_last THEN
            SELECT array_agg(c.number) INTO v_got
            FROM generate_series(v_first, v_last) c (number)
            CROSS JOIN LATERAL (
                SELECT FROM item i
                WHERE i.sale_id = p_sale.sale_id AND i.number = c.number
                  AND i.purchased_at IS NULL AND i.held_until <= now()
                FOR NO KEY UPDATE SKIP LOCKED
            ) i;
            v_passed := v_last - v_first + 1;
            v_stripe.unoffered_next := v_last + 1;
            IF cardinality(v_got) IS DISTINCT FROM v_passed THEN
                v_candidates := ARRAY(SELECT generate_series(v_first, v_last));
            END IF;
        ELSE
            SELECT q.numbers[v_stripe.queue_offset + 1 :] INTO v_candidates
            FROM hold_queue q
            WHERE q.sale_id = p_sale.sale_id AND q.stripe = v_stripe.stripe
              AND q.position = v_stripe.queue_next AND q.available_at <= now();
            IF NOT FOUND THEN
                -- Nothing more here. To the next stripe that has something to offer.
                IF v_stripe.stripe = io_stripe.stripe THEN
                    io_stripe := v_stripe;
                ELSE
                    UPDATE sale_stripe s
                    SET unoffered_next = v_stripe.unoffered_next,
                        queue_next = v_stripe.queue_next,
                        queue_offset = v_stripe.queue_offset
                    WHERE s.sale_id = p_sale.sale_id AND s.stripe = v_stripe.stripe;
                END IF;
                SELECT s.* INTO v_stripe
                FROM sale_stripe s
                WHERE s.sale_id = p_sale.sale_id
                  AND s.stripe <> ALL (v_visited)
                  AND (s.unoffered_next <= s.unoffered_last
                       OR EXISTS (SELECT FROM hold_queue q
                                  WHERE q.sale_id = p_sale.sale_id AND q.stripe = s.stripe
                                    AND q.position = s.queue_next AND q.available_at <= now()))
                LIMIT 1
                FOR NO KEY UPDATE SKIP LOCKED;
                EXIT WHEN NOT FOUND;
                v_visited := v_visited || v_stripe.stripe;
                CONTINUE;
            END IF;
            SELECT array_agg(c.number), max(c.position) INTO v_got, v_passed
            FROM (
                SELECT c.number, c.position
                FROM unnest(v_candidates) WITH ORDINALITY c (number, position)
                CROSS JOIN LATERAL (
                    SELECT FROM item i
                    WHERE i.sale_id = p_sale.sale_id AND i.number = c.number
                      AND i.purchased_at IS NULL AND i.held_until <= now()
                    FOR NO KEY UPDATE SKIP LOCKED
                ) i
                WHERE c.number <> ALL (v_claimed)
                LIMIT v_need
            ) c;
            IF coalesce(cardinality(v_got), 0) < v_need
               OR v_passed = cardinality(v_candidates) THEN
                v_passed := cardinality(v_candidates);
                v_stripe.queue_next := v_stripe.queue_next + 1;
                v_stripe.queue_offset := 0;
            ELSE
                v_stripe.queue_offset := v_stripe.queue_offset + v_passed;
            END IF;
        END IF;

        -- Passed but not taken: sold, held (then its hold is queued), or free and being
        -- decided about by another batch. The last are looked at again, should that fail.
        v_got := coalesce(v_got, ARRAY[]::integer[]);
        IF cardinality(v_got) < v_passed THEN
            o_contested := o_contested || ARRAY(
                SELECT c.number
                FROM unnest(v_candidates[: v_passed]) c (number)
                CROSS JOIN LATERAL (
                    SELECT FROM item i
                    WHERE i.sale_id = p_sale.sale_id AND i.number = c.number
                      AND i.purchased_at IS NULL AND i.held_until <= now()
                ) i
                WHERE c.number <> ALL (v_got));
        END IF;
        v_claimed := v_claimed || v_got;
        v_need := v_need - cardinality(v_got);
        v_looks := v_looks - v_passed;
    END LOOP;

    -- Other batches have the remaining stripes, but perhaps not all of their items: what they
    -- leave is taken past them. They will find it held, and pass it.
    IF v_need > 0 THEN
        v_claimed := v_claimed || ARRAY(
            SELECT c.number
            FROM (
                SELECT DISTINCT n.number
                FROM sale_stripe s
                CROSS JOIN LATERAL (
                    SELECT generate_series(s.unoffered_next, least(s.unoffered_last, s.unoffered_next + 999))
                    UNION ALL
                    SELECT unnest(q.numbers)
                    FROM hold_queue q
                    WHERE q.sale_id = p_sale.sale_id AND q.stripe = s.stripe
                      AND q.position BETWEEN s.queue_next AND s.queue_next + 9
                      AND q.available_at <= now()
                ) n (number)
                WHERE s.sale_id = p_sale.sale_id AND s.stripe <> ALL (v_visited)
                  AND n.number <> ALL (v_claimed)
            ) c
            CROSS JOIN LATERAL (
                SELECT FROM item i
                WHERE i.sale_id = p_sale.sale_id AND i.number = c.number
                  AND i.purchased_at IS NULL AND i.held_until <= now()
                FOR NO KEY UPDATE SKIP LOCKED
            ) i
            LIMIT v_need);
    END IF;

    -- How far each stripe's were offered: the batch's own is written with its counters.
    IF v_stripe.stripe = io_stripe.stripe THEN
        io_stripe := v_stripe;
    ELSIF v_stripe.stripe IS NOT NULL THEN
        UPDATE sale_stripe s
        SET unoffered_next = v_stripe.unoffered_next,
            queue_next = v_stripe.queue_next,
            queue_offset = v_stripe.queue_offset
        WHERE s.sale_id = p_sale.sale_id AND s.stripe = v_stripe.stripe;
    END IF;

    -- Who wants one gets the next, as long as there are some.
    FOR ordinal IN 1 .. cardinality(v_wants) LOOP
        IF v_wants[ordinal] THEN
            v_given := v_given + 1;
            o_given[ordinal] := v_claimed[v_given];
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION claim_any(
    sale, text[], integer[], integer[], smallint[], boolean, sale_stripe) IS
    'locks a free item for each request for any item, as far as there are some, and says which: '
    'o_given by request. The caller writes io_stripe and queues o_contested again';

CREATE FUNCTION find_free_ids(
    p_sale_id     integer,
    p_users       text[],
    p_sales       integer[],
    p_ids         text[],
    OUT o_numbers integer[],
    OUT o_firsts  integer[])
LANGUAGE plpgsql
AS $$
BEGIN
    -- Whoever else has a request of the same user and id is decided about before this, or after it.
    PERFORM pg_advisory_xact_lock(p_sale_id, k.key)
    FROM (SELECT DISTINCT hashtext(r.user_id || ' ' || r.id) AS key
          FROM unnest(p_users, p_sales, p_ids) r (user_id, sale_id, id)
          WHERE r.id <> '' AND r.sale_id IN (0, p_sale_id)
          ORDER BY 1) k;
    SELECT array_agg(CASE WHEN r.is_free THEN (
               SELECT i.number FROM free_id f
               JOIN item i ON i.sale_id = f.sale_id AND i.number = f.number AND i.secret = f.secret
               WHERE f.sale_id = p_sale_id AND f.user_id = r.user_id AND f.id = r.id
                 AND i.purchased_at IS NULL AND i.held_until > now()) END ORDER BY r.ordinal),
           array_agg(CASE WHEN r.is_free THEN r.first END ORDER BY r.ordinal)
    INTO o_numbers, o_firsts
    FROM (SELECT r.*, min(r.ordinal) OVER (PARTITION BY r.user_id, r.id, r.is_free)::integer AS first
          FROM (SELECT r.*, r.id <> '' AND r.sale_id IN (0, p_sale_id) AS is_free
                FROM unnest(p_users, p_sales, p_ids)
                     WITH ORDINALITY r (user_id, sale_id, id, ordinal)) r) r;
END
$$;
COMMENT ON FUNCTION find_free_ids(integer, text[], integer[], text[]) IS
    'by request, for ids that name no item (empty where it is none of these): the item that the user '
    'holds for the id, or null; and the first request of the batch for the same. Until the transaction '
    'ends no other batch finds an item for these, nor gives one';

CREATE FUNCTION checkout_batch(
    p_users          text[],
    p_sales          integer[],
    p_numbers        integer[],
    p_secrets        uuid[],
    p_known          smallint[],
    p_known_until    timestamptz[],
    p_known_sales    timestamptz[],
    p_unknown_is_any boolean,
    p_full_too       boolean DEFAULT false,
    p_ids            text[] DEFAULT NULL,
    p_only_sale      integer DEFAULT NULL)
RETURNS TABLE (
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
    purchase_limit integer)
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
#variable_conflict use_column
DECLARE
    v_known     constant outcome[] := ARRAY['sold', 'held', 'user_limit', 'sold_out'];
    v_open      sale[];
    v_sale      sale;
    v_part      record;
    v_stripe    sale_stripe;
    v_expires   timestamptz;
    v_claim     record;
    v_ids       text[]; -- by request: an id that names no item and means any, or empty
    v_free      record;
    v_firsts    integer[]; -- by request: the first one for the same such id
    v_any       integer[]; -- by request: the item it is given where it asked for any
    v_contested integer[] := ARRAY[]::integer[];
    v_is_any    boolean;
    v_rows      bigint;
    v_accepted  bigint := 0;
BEGIN
    v_open := open_sales();
    v_sale := v_open[1];
    -- Where several are open, each has its requests decided by itself. Those that name none are of the
    -- newest; and so, to be refused, are those of sales that are not open.
    IF p_only_sale IS NOT NULL THEN
        SELECT o.* INTO v_sale FROM unnest(v_open) o WHERE o.sale_id = p_only_sale;
    ELSIF cardinality(v_open) > 1 AND 0 <> ANY (p_sales) THEN
        FOR v_part IN
            SELECT coalesce(o.sale_id, v_sale.sale_id) AS sale_id,
                   array_agg(r.ordinal::integer ORDER BY r.ordinal) AS ordinals,
                   array_agg(r.user_id ORDER BY r.ordinal) AS users,
                   array_agg(r.sale_id ORDER BY r.ordinal) AS sales,
                   array_agg(r.number ORDER BY r.ordinal) AS numbers,
                   array_agg(r.secret ORDER BY r.ordinal) AS secrets,
                   array_agg(r.known ORDER BY r.ordinal) AS known,
                   array_agg(r.known_until ORDER BY r.ordinal) AS known_until,
                   array_agg(r.known_sale ORDER BY r.ordinal) AS known_sales,
                   array_agg(p_ids[r.ordinal] ORDER BY r.ordinal) AS ids
            FROM unnest(p_users, p_sales, p_numbers, p_secrets, p_known, p_known_until, p_known_sales)
                 WITH ORDINALITY r (user_id, sale_id, number, secret, known, known_until, known_sale,
                                    ordinal)
            LEFT JOIN unnest(v_open) o ON o.sale_id = r.sale_id
            GROUP BY 1
            ORDER BY 1
        LOOP
            RETURN QUERY
            SELECT v_part.ordinals[c.ordinal], c.outcome, c.sale_id, c.number, c.secret, c.expires_at,
                   c.sale_made_at, c.sale_ends_at, c.decided_at, c.name, c.price_cents,
                   c.picture_seed, c.held_by, c.purchase_limit
            FROM checkout_batch(v_part.users, v_part.sales, v_part.numbers, v_part.secrets,
                                v_part.known, v_part.known_until, v_part.known_sales, p_unknown_is_any,
                                p_full_too, v_part.ids, v_part.sale_id) c;
        END LOOP;
        RETURN;
    END IF;
    -- An id that names no item may mean any: then the same one for as long as the user holds it.
    IF p_unknown_is_any THEN
        v_ids := ARRAY(
            SELECT CASE WHEN n.number BETWEEN 0 AND v_sale.items_total THEN ''
                        WHEN n.number > 0 THEN n.number::text
                        ELSE coalesce(p_ids[n.ordinal], '') END
            FROM unnest(p_numbers) WITH ORDINALITY n (number, ordinal)
            ORDER BY n.ordinal);
        p_numbers := ARRAY(
            SELECT CASE WHEN n.number BETWEEN 1 AND v_sale.items_total THEN n.number ELSE 0 END
            FROM unnest(p_numbers) WITH ORDINALITY n (number, ordinal)
            ORDER BY n.ordinal);
        IF v_sale.sale_id IS NULL OR '' = ALL (v_ids) THEN
            v_ids := NULL;
        ELSE
            v_free := find_free_ids(v_sale.sale_id, p_users, p_sales, v_ids);
            v_firsts := v_free.o_firsts;
            p_numbers := ARRAY(
                SELECT coalesce(v_free.o_numbers[n.ordinal], n.number)
                FROM unnest(p_numbers) WITH ORDINALITY n (number, ordinal)
                ORDER BY n.ordinal);
        END IF;
    END IF;
    IF v_sale.sale_id IS NOT NULL THEN
        v_stripe := lock_stripe(v_sale.sale_id);
        v_expires := now() + make_interval(secs => v_sale.hold_s);
        IF NOT v_sale.stays_open THEN
            v_expires := least(v_expires, v_sale.ends_at);
        END IF;
    END IF;

    -- What is known counts if it is about this sale and its time has not run out. What is held may
    -- be sold meanwhile, which others came to know: of that the row tells.
    IF 0 < ANY (p_known) THEN
        p_known := ARRAY(
            SELECT CASE WHEN k.known_sale = v_sale.generated_at AND k.known_until > now()
                         AND NOT (p_full_too AND v_known[k.known] = 'user_limit')
                         AND (k.known <> 2 OR
                              (SELECT i.purchased_at FROM item i
                               WHERE i.sale_id = v_sale.sale_id AND i.number = k.number) IS NULL)
                   THEN k.known ELSE 0::smallint END
            FROM unnest(p_known, p_known_until, p_known_sales, p_numbers)
                 WITH ORDINALITY k (known, known_until, known_sale, number, ordinal)
            ORDER BY k.ordinal);
    END IF;

    -- First those who get what they ask for: by number, then any. A request by number waits for
    -- another batch that is deciding about the same item; all batches take their items in the
    -- order of the numbers. Behind it nothing is waited for.
    FOREACH v_is_any IN ARRAY ARRAY[false, true] LOOP
        CONTINUE WHEN v_stripe.stripe IS NULL
            OR NOT CASE WHEN v_is_any THEN 0 = ANY (p_numbers) ELSE 0 < ANY (p_numbers) END;
        IF v_is_any THEN
            v_claim := claim_any(
                v_sale, p_users, p_sales, p_numbers,
                -- Of requests for the same free id the first is given an item, for all of them.
                CASE WHEN v_ids IS NULL THEN p_known ELSE ARRAY(
                    SELECT CASE WHEN f.first < f.ordinal THEN -1 ELSE p_known[f.ordinal] END::smallint
                    FROM unnest(v_firsts) WITH ORDINALITY f (first, ordinal)
                    ORDER BY f.ordinal) END,
                p_full_too, v_stripe);
            v_stripe := v_claim.io_stripe;
            v_any := v_claim.o_given;
            IF v_ids IS NOT NULL THEN
                v_any := ARRAY(
                    SELECT v_any[coalesce(f.first, f.ordinal)]
                    FROM unnest(v_firsts) WITH ORDINALITY f (first, ordinal)
                    ORDER BY f.ordinal);
            END IF;
            v_contested := v_claim.o_contested;
        END IF;
        RETURN QUERY
        WITH held AS (
            UPDATE item i
            SET held_by = r.user_id, held_until = v_expires, secret = r.secret
            FROM (
                SELECT r.ordinal, r.user_id, r.secret,
                       CASE WHEN v_is_any THEN v_any[r.ordinal] ELSE r.number END AS number
                FROM unnest(p_users, p_sales, p_numbers, p_secrets, p_known)
                     WITH ORDINALITY r (user_id, sale_id, number, secret, known, ordinal)
                WHERE (r.number = 0) = v_is_any
                  AND r.sale_id IN (0, v_sale.sale_id)
                  AND r.known = 0
                  -- Those for any were looked at when they were given theirs. Looking again would
                  -- leave behind, offered but not held, what was given to a user who has reached
                  -- the limit meanwhile.
                  AND (v_is_any OR p_full_too OR
                       (SELECT cardinality(b.numbers) >= b.purchase_limit FROM buyer b
                        WHERE b.sale_id = v_sale.sale_id AND b.user_id = r.user_id) IS NOT TRUE)
                ORDER BY 4, r.ordinal
            ) r
            WHERE i.sale_id = v_sale.sale_id AND i.number = r.number
              AND i.purchased_at IS NULL AND i.held_until <= now()
            RETURNING r.ordinal, i.number, i.held_by, i.secret, i.name, i.price_cents,
                      i.picture_seed
        ), logged AS (
            INSERT INTO attempt (sale_id, number, outcome, secret, user_id)
            SELECT v_sale.sale_id, h.number, 'accepted', h.secret, h.held_by FROM held h
        ), counted AS (
            UPDATE sale_stripe s
            SET checkouts_accepted = s.checkouts_accepted + c.accepted,
                unoffered_next = v_stripe.unoffered_next,
                queue_next = v_stripe.queue_next,
                queue_offset = v_stripe.queue_offset,
                queue_length = s.queue_length + CASE WHEN c.queued = '{}' THEN 0 ELSE 1 END
            FROM (
                SELECT count(*) AS accepted,
                       coalesce(array_agg(h.number), ARRAY[]::integer[]) || v_contested AS queued,
                       array_agg(hashtext(h.held_by)) AS users
                FROM held h
            ) c
            WHERE s.sale_id = v_sale.sale_id AND s.stripe = v_stripe.stripe
              AND (c.queued <> '{}' OR v_is_any)
            RETURNING s.queue_length - 1 AS position, c.queued, c.users
        ), queued AS (
            INSERT INTO hold_queue (sale_id, stripe, position, available_at, numbers, users)
            SELECT v_sale.sale_id, v_stripe.stripe, c.position, v_expires, c.queued, c.users FROM counted c
            WHERE c.queued <> '{}'
        )
        SELECT h.ordinal::integer, 'accepted'::outcome, v_sale.sale_id, h.number, h.secret,
               v_expires, v_sale.generated_at, v_sale.ends_at, now(), h.name, h.price_cents,
               h.picture_seed, h.held_by, v_sale.purchase_limit
        FROM held h;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        v_accepted := v_accepted + v_rows;
    END LOOP;

    IF v_ids IS NOT NULL THEN
        INSERT INTO free_id (sale_id, user_id, id, number, secret)
        SELECT DISTINCT ON (r.user_id, r.id) i.sale_id, r.user_id, r.id, i.number, i.secret
        FROM unnest(p_users, v_ids, p_numbers) WITH ORDINALITY r (user_id, id, number, ordinal)
        JOIN item i ON i.sale_id = v_sale.sale_id AND i.number = v_any[r.ordinal]
        WHERE r.id <> '' AND r.number = 0 AND i.held_by = r.user_id AND i.secret = ANY (p_secrets)
        ORDER BY r.user_id, r.id
        ON CONFLICT (sale_id, user_id, id) DO UPDATE
        SET number = excluded.number, secret = excluded.secret;
    END IF;

    -- Then, if there are any, those who don't, and why: by the rows as they are now.
    IF v_accepted = cardinality(p_users) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH refused AS MATERIALIZED (
        SELECT r.ordinal, r.user_id,
               CASE WHEN r.sale_id = 0 THEN v_sale.sale_id ELSE r.sale_id END AS sale_id,
               CASE WHEN r.number > 0 THEN r.number WHEN i.held_by = r.user_id THEN i.number END
                   AS number,
               i.secret, coalesce(i.held_until, CASE WHEN r.known > 0 THEN r.known_until END)
                   AS held_until,
               i.name, i.price_cents, i.picture_seed, i.held_by,
               CASE
               WHEN v_sale.sale_id IS NULL THEN 'sale_closed'
               WHEN r.sale_id NOT IN (0, v_sale.sale_id) THEN
                   CASE WHEN EXISTS (SELECT FROM sale s WHERE s.sale_id = r.sale_id)
                   THEN 'sale_closed' ELSE 'unknown_item' END::outcome
               WHEN r.number NOT BETWEEN 0 AND v_sale.items_total THEN 'unknown_item'
               WHEN r.known > 0 THEN v_known[r.known]
               WHEN NOT p_full_too AND
                    (SELECT cardinality(b.numbers) >= b.purchase_limit FROM buyer b
                     WHERE b.sale_id = v_sale.sale_id AND b.user_id = r.user_id)
               THEN 'user_limit'
               WHEN i.held_by = r.user_id AND i.purchased_at IS NULL THEN 'repeated'
               WHEN i.number IS NOT NULL AND i.purchased_at IS NULL THEN 'held'
               WHEN (SELECT sum(s.purchases_accepted) FROM sale_stripe s
                     WHERE s.sale_id = v_sale.sale_id) >= v_sale.items_total
               THEN 'sold_out'
               WHEN i.number IS NOT NULL THEN 'sold'
               ELSE 'held' END::outcome AS outcome
        FROM unnest(p_users, p_sales, p_numbers, p_secrets, p_known, p_known_until)
             WITH ORDINALITY r (user_id, sale_id, number, secret, known, known_until, ordinal)
        LEFT JOIN LATERAL (
            SELECT i.* FROM item i
            WHERE i.sale_id = v_sale.sale_id
              AND i.number = CASE WHEN r.number = 0 THEN v_any[r.ordinal] ELSE r.number END
              AND r.sale_id IN (0, v_sale.sale_id)
              AND r.known = 0
        ) i ON true
        WHERE i.secret IS DISTINCT FROM r.secret
    ), logged AS (
        INSERT INTO attempt (sale_id, number, outcome, secret, user_id)
        SELECT r.sale_id, r.number, r.outcome, CASE WHEN r.outcome = 'repeated' THEN r.secret END,
               r.user_id
        FROM refused r
    ), counted AS (
        UPDATE sale_stripe s
        SET checkouts_repeated = s.checkouts_repeated + c.repeated,
            checkouts_refused = s.checkouts_refused + c.refused
        FROM (
            SELECT count(*) FILTER (WHERE r.outcome = 'repeated') AS repeated,
                   count(*) FILTER (WHERE r.outcome <> 'repeated'
                                      AND r.sale_id = v_sale.sale_id) AS refused
            FROM refused r
        ) c
        WHERE s.sale_id = v_sale.sale_id AND s.stripe = v_stripe.stripe
    )
    SELECT r.ordinal::integer, r.outcome, r.sale_id, r.number,
           CASE WHEN r.outcome = 'repeated' THEN r.secret END,
           CASE WHEN r.outcome IN ('repeated', 'held') THEN r.held_until END,
           v_sale.generated_at, v_sale.ends_at, now(),
           CASE WHEN r.outcome = 'repeated' THEN r.name END,
           CASE WHEN r.outcome = 'repeated' THEN r.price_cents END,
           CASE WHEN r.outcome = 'repeated' THEN r.picture_seed END,
           CASE WHEN r.outcome IN ('repeated', 'held') THEN r.held_by END, v_sale.purchase_limit
    FROM refused r;
END
$$;
COMMENT ON FUNCTION checkout_batch(
    text[], integer[], integer[], uuid[], smallint[], timestamptz[], timestamptz[], boolean, boolean,
    text[], integer) IS
'decides and logs a batch of checkouts; arrays have an element a request.
p_sales: 0 is the newest open sale. p_numbers: 0 is any item, below 0 none that could be.
p_secrets: 16 random bytes for the code, should the request be accepted.
p_known: what refuses the request: 0 nothing, 1 sold, 2 held, 3 user_limit, 4 sold_out; it
counts until p_known_until. p_known_sales: the generated_at of the sale that it is about,
which tells it from every other sale, also of another database that had the same id.
p_ids: the texts of ids without a number, where these mean any, else empty; the same text means the
same item for as long as the same user holds it. Null: there are none.
p_full_too: who has bought as many as one may can still check out.
p_only_sale: of the open sales the one that all requests are decided by; null: each by its own.
One row a request, in no order. expires_at and held_by: when the hold ends, the user''s or the
other one''s, and whose it is.';

GRANT EXECUTE ON FUNCTION checkout_batch(
    text[], integer[], integer[], uuid[], smallint[], timestamptz[], timestamptz[], boolean, boolean,
    text[], integer)
    TO flashsale_worker;

COMMIT;
