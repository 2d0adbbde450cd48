-- Checkouts, a batch in one transaction: decide all, log all.
--
-- The order of locks is: one slot, other slots (never waited for), items (never waited for).

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE FUNCTION claim_any(
    p_sale_id       integer,
    p_slot          integer,
    p_need          integer,
    OUT o_claimed   integer[],
    OUT o_contested integer[])
LANGUAGE plpgsql
AS $$
DECLARE
    -- A bound on one batch's work. Each number is passed once and each hold once, so only a
    -- sale that was sold by number for long can have so many behind each other.
    v_looks      integer := 20000;
    v_slot       sale_slot;
    v_visited    integer[] := ARRAY[]::integer[];
    v_candidates integer[];
    v_free       integer[];
    v_got        integer[];
    v_passed     integer;
    v_chunk      integer := greatest(p_need, 64);
    v_from_queue boolean;
BEGIN
    o_claimed := ARRAY[]::integer[];
    o_contested := ARRAY[]::integer[];
    LOOP
        -- The batch's own slot first, then whichever has something to offer.
        SELECT s.* INTO v_slot
        FROM sale_slot s
        WHERE s.sale_id = p_sale_id
          AND s.slot <> ALL (v_visited)
          AND (s.fresh_next <= s.fresh_last
               OR EXISTS (SELECT FROM hold_queue q
                          WHERE q.sale_id = p_sale_id AND q.slot = s.slot
                            AND q.place = s.queue_next AND q.available_at <= now()))
        ORDER BY s.slot <> p_slot, s.slot
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED;
        EXIT WHEN NOT FOUND;
        v_visited := v_visited || v_slot.slot;

        WHILE cardinality(o_claimed) < p_need AND v_looks > 0 LOOP
            -- Candidates: numbers never offered before; then the oldest hold that ran out.
            v_from_queue := v_slot.fresh_next > v_slot.fresh_last;
            IF v_from_queue THEN
                SELECT q.numbers[v_slot.queue_offset + 1 :] INTO v_candidates
                FROM hold_queue q
                WHERE q.sale_id = p_sale_id AND q.slot = v_slot.slot
                  AND q.place = v_slot.queue_next AND q.available_at <= now();
                EXIT WHEN NOT FOUND;
            ELSE
                v_candidates := ARRAY(SELECT generate_series(v_slot.fresh_next,
                    least(v_slot.fresh_last, v_slot.fresh_next + v_chunk - 1)));
                v_chunk := v_chunk * 2;
            END IF;

            -- Those that are free, no more than needed, and how far that reaches.
            SELECT array_agg(f.number), max(f.place) INTO v_free, v_passed
            FROM (
                SELECT c.number, c.place
                FROM unnest(v_candidates) WITH ORDINALITY c (number, place)
                CROSS JOIN LATERAL (
                    SELECT FROM item i
                    WHERE i.sale_id = p_sale_id AND i.number = c.number
                      AND i.purchased_at IS NULL AND i.held_until <= now()
                ) i
                LIMIT p_need - cardinality(o_claimed)
            ) f;
            IF coalesce(cardinality(v_free), 0) < p_need - cardinality(o_claimed) THEN
                v_passed := cardinality(v_candidates);
            END IF;

            IF v_free IS NOT NULL THEN
                v_got := ARRAY(
                    SELECT i.number
                    FROM unnest(v_free) f (number)
                    CROSS JOIN LATERAL (
                        SELECT i.number FROM item i
                        WHERE i.sale_id = p_sale_id AND i.number = f.number
                          AND i.purchased_at IS NULL AND i.held_until <= now()
                        FOR NO KEY UPDATE SKIP LOCKED
                    ) i);
                o_claimed := o_claimed || v_got;
                -- Another transaction is deciding about these; should it fail, they are free.
                o_contested := o_contested
                    || ARRAY(SELECT unnest(v_free) EXCEPT SELECT unnest(v_got));
            END IF;

            v_looks := v_looks - v_passed;
            IF NOT v_from_queue THEN
                v_slot.fresh_next := v_slot.fresh_next + v_passed;
            ELSIF v_passed < cardinality(v_candidates) THEN
                v_slot.queue_offset := v_slot.queue_offset + v_passed;
            ELSE
                v_slot.queue_next := v_slot.queue_next + 1;
                v_slot.queue_offset := 0;
            END IF;
        END LOOP;

        UPDATE sale_slot s
        SET fresh_next = v_slot.fresh_next,
            queue_next = v_slot.queue_next,
            queue_offset = v_slot.queue_offset
        WHERE s.sale_id = p_sale_id AND s.slot = v_slot.slot;
        EXIT WHEN cardinality(o_claimed) >= p_need OR v_looks <= 0;
    END LOOP;
END
$$;
COMMENT ON FUNCTION claim_any(integer, integer, integer) IS
    'locks up to p_need free items, any; o_contested are to be queued again by the caller';

CREATE FUNCTION checkout_batch(
    p_users          text[],
    p_sales          integer[],
    p_numbers        integer[],
    p_secrets        uuid[],
    p_known          smallint[],
    p_known_until    timestamptz[],
    p_known_sale     timestamptz,
    p_unknown_is_any boolean)
RETURNS TABLE (
    ordinal      integer,
    outcome      outcome,
    sale_id      integer,
    number       integer,
    secret       uuid,
    expires_at   timestamptz,
    sale_made_at timestamptz,
    sale_ends_at timestamptz,
    decided_at   timestamptz,
    name         text,
    price_cents  integer,
    picture_seed bigint)
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
    v_facts     constant outcome[] := ARRAY['sold', 'held', 'user_limit', 'sold_out'];
    v_sale      sale;
    v_slot      integer;
    v_expires   timestamptz;
    v_wants_any boolean[];
    v_claim     record;
    v_contested integer[] := ARRAY[]::integer[];
    v_any       integer[] := ARRAY[]::integer[];
BEGIN
    v_sale := open_sale();
    IF v_sale.sale_id IS NOT NULL THEN
        v_slot := lock_slot(v_sale.sale_id);
        v_expires := least(now() + make_interval(secs => v_sale.hold_s), v_sale.ends_at);
    END IF;

    IF p_unknown_is_any THEN
        p_numbers := ARRAY(
            SELECT CASE WHEN n.number BETWEEN 1 AND v_sale.items_total THEN n.number ELSE 0 END
            FROM unnest(p_numbers) WITH ORDINALITY n (number, ordinal)
            ORDER BY n.ordinal);
    END IF;

    -- Any item: claim as many as are wanted, and say which request gets which.
    IF v_slot IS NOT NULL AND 0 = ANY (p_numbers) THEN
        v_wants_any := ARRAY(
            SELECT r.number = 0
               AND r.sale_id IN (0, v_sale.sale_id)
               AND (r.known = 0 OR p_known_sale <> v_sale.generated_at OR r.known_until <= now())
               AND NOT EXISTS (SELECT FROM buyer b
                               WHERE b.sale_id = v_sale.sale_id AND b.user_id = r.user_id
                                 AND cardinality(b.numbers) >= b.purchase_limit)
            FROM unnest(p_users, p_sales, p_numbers, p_known, p_known_until)
                 WITH ORDINALITY r (user_id, sale_id, number, known, known_until, ordinal)
            ORDER BY r.ordinal);
        SELECT * INTO v_claim FROM claim_any(
            v_sale.sale_id, v_slot, cardinality(array_positions(v_wants_any, true)));
        v_contested := v_claim.o_contested;
        v_any := ARRAY(
            SELECT CASE WHEN w.wanted
                   THEN v_claim.o_claimed[count(*) FILTER (WHERE w.wanted)
                                          OVER (ORDER BY w.ordinal)] END
            FROM unnest(v_wants_any) WITH ORDINALITY w (wanted, ordinal)
            ORDER BY w.ordinal);
    END IF;

    RETURN QUERY
    WITH looked_up AS MATERIALIZED (
        -- The outcome where the rows say it already; null where the item seems to be free.
        SELECT r.ordinal, r.user_id, r.secret, r.number = 0 AS is_any,
               CASE WHEN r.sale_id = 0 THEN v_sale.sale_id ELSE r.sale_id END AS sale_id,
               CASE WHEN r.number < 0 THEN NULL ELSE coalesce(i.number, nullif(r.number, 0)) END
                   AS number,
               i.held_until, i.secret AS item_secret, i.name, i.price_cents, i.picture_seed,
               r.known_until,
               CASE
               WHEN v_sale.sale_id IS NULL THEN 'sale_closed'
               WHEN r.sale_id NOT IN (0, v_sale.sale_id) THEN
                   CASE WHEN EXISTS (SELECT FROM sale s WHERE s.sale_id = r.sale_id)
                   THEN 'sale_closed' ELSE 'unknown_item' END::outcome
               WHEN r.number NOT BETWEEN 0 AND v_sale.items_total THEN 'unknown_item'
               WHEN r.is_known THEN v_facts[r.known]
               WHEN r.number = 0 AND NOT v_wants_any[r.ordinal] THEN 'user_limit'
               WHEN r.number > 0
                    AND (SELECT cardinality(b.numbers) >= b.purchase_limit FROM buyer b
                         WHERE b.sale_id = v_sale.sale_id AND b.user_id = r.user_id)
               THEN 'user_limit'
               WHEN i.number IS NULL OR i.purchased_at IS NOT NULL THEN
                   CASE WHEN (SELECT sum(s.purchases_accepted) FROM sale_slot s
                              WHERE s.sale_id = v_sale.sale_id) >= v_sale.items_total
                   THEN 'sold_out' WHEN i.number IS NULL THEN 'held' ELSE 'sold' END::outcome
               WHEN i.held_until > now() THEN
                   CASE WHEN i.held_by = r.user_id THEN 'repeated' ELSE 'held' END::outcome
               END AS outcome
        FROM (
            SELECT r.*,
                   -- A fact counts if it is about this sale and its time has not run out.
                   r.known > 0 AND p_known_sale = v_sale.generated_at AND r.known_until > now()
                       AS is_known
            FROM unnest(p_users, p_sales, p_numbers, p_secrets, p_known, p_known_until)
                 WITH ORDINALITY r (user_id, sale_id, number, secret, known, known_until, ordinal)
        ) r
        LEFT JOIN LATERAL (
            SELECT i.* FROM item i
            WHERE i.sale_id = v_sale.sale_id
              AND i.number = coalesce(v_any[r.ordinal], r.number)
              AND r.sale_id IN (0, v_sale.sale_id)
              AND NOT r.is_known
        ) i ON true
    ), ranked AS (
        -- Of several requests for one item the first contends for it; one that was given the
        -- item as any goes first, having it locked already.
        SELECT l.*, row_number() OVER w AS rank
        FROM looked_up l
        WINDOW w AS (PARTITION BY l.number
                     ORDER BY l.outcome IS NOT NULL, NOT l.is_any, l.ordinal)
    ), contended AS (
        SELECT r.*, c.is_claimed
        FROM ranked r
        LEFT JOIN LATERAL (
            SELECT true AS is_claimed FROM item i
            WHERE r.outcome IS NULL AND r.rank = 1
              AND i.sale_id = v_sale.sale_id AND i.number = r.number
              AND i.purchased_at IS NULL AND i.held_until <= now()
            FOR NO KEY UPDATE SKIP LOCKED
        ) c ON true
    ), decided AS MATERIALIZED (
        SELECT c.ordinal, c.user_id, c.sale_id, c.number, c.name, c.price_cents, c.picture_seed,
               CASE WHEN c.outcome IS NOT NULL THEN c.outcome
                    WHEN c.is_claimed THEN 'accepted'
                    WHEN first_value(c.is_claimed) OVER w AND first_value(c.user_id) OVER w = c.user_id
                    THEN 'repeated' ELSE 'held' END::outcome AS outcome,
               CASE WHEN c.outcome IS NULL THEN first_value(c.secret) OVER w
                    ELSE c.item_secret END AS secret,
               CASE WHEN c.outcome IS NOT NULL THEN coalesce(c.held_until, c.known_until)
                    WHEN first_value(c.is_claimed) OVER w THEN v_expires END AS expires_at
        FROM contended c
        WINDOW w AS (PARTITION BY c.number ORDER BY c.rank)
    ), held AS (
        UPDATE item i
        SET held_by = d.user_id, held_until = d.expires_at, secret = d.secret
        FROM decided d
        WHERE d.outcome = 'accepted' AND i.sale_id = v_sale.sale_id AND i.number = d.number
    ), logged AS (
        INSERT INTO attempt (sale_id, number, outcome, secret, user_id)
        SELECT d.sale_id, d.number, d.outcome,
               CASE WHEN d.outcome IN ('accepted', 'repeated') THEN d.secret END, d.user_id
        FROM decided d
    ), counts AS (
        SELECT count(*) FILTER (WHERE d.outcome = 'accepted') AS accepted,
               count(*) FILTER (WHERE d.outcome = 'repeated') AS repeated,
               count(*) FILTER (WHERE d.outcome NOT IN ('accepted', 'repeated')
                                  AND d.sale_id = v_sale.sale_id) AS refused,
               coalesce(array_agg(d.number) FILTER (WHERE d.outcome = 'accepted'),
                        ARRAY[]::integer[]) || v_contested AS queued
        FROM decided d
    ), counted AS (
        UPDATE sale_slot s
        SET checkouts_accepted = s.checkouts_accepted + c.accepted,
            checkouts_repeated = s.checkouts_repeated + c.repeated,
            checkouts_refused = s.checkouts_refused + c.refused,
            queue_length = s.queue_length + CASE WHEN c.queued = '{}' THEN 0 ELSE 1 END
        FROM counts c
        WHERE s.sale_id = v_sale.sale_id AND s.slot = v_slot
        RETURNING s.queue_length, c.queued
    ), queued AS (
        INSERT INTO hold_queue (sale_id, slot, place, available_at, numbers)
        SELECT v_sale.sale_id, v_slot, c.queue_length - 1, v_expires, c.queued
        FROM counted c
        WHERE c.queued <> '{}'
    )
    SELECT d.ordinal::integer, d.outcome, d.sale_id, d.number,
           CASE WHEN d.outcome IN ('accepted', 'repeated') THEN d.secret END,
           CASE WHEN d.outcome IN ('accepted', 'repeated', 'held') THEN d.expires_at END,
           v_sale.generated_at, v_sale.ends_at, now(),
           CASE WHEN d.outcome IN ('accepted', 'repeated') THEN d.name END,
           CASE WHEN d.outcome IN ('accepted', 'repeated') THEN d.price_cents END,
           CASE WHEN d.outcome IN ('accepted', 'repeated') THEN d.picture_seed END
    FROM decided d;
END
$$;
COMMENT ON FUNCTION checkout_batch(
    text[], integer[], integer[], uuid[], smallint[], timestamptz[], timestamptz, boolean) IS
'decides and logs a batch of checkouts; arrays have an element a request.
p_sales: 0 is the open sale. p_numbers: 0 is any item, below 0 none that could be.
p_secrets: 16 random bytes for the code, should the request be accepted.
p_known: a fact that refuses the request: 0 none, 1 sold, 2 held, 3 user_limit, 4 sold_out; it
counts until p_known_until. p_known_sale: the generated_at of the sale that the facts are about,
which tells it from every other sale, also of another database that had the same id.
One row a request, in no order. expires_at: when the hold ends, the user''s or the other one''s.';

GRANT EXECUTE ON FUNCTION checkout_batch(
    text[], integer[], integer[], uuid[], smallint[], timestamptz[], timestamptz, boolean)
    TO flashsale_worker;

COMMIT;
