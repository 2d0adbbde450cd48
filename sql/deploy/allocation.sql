-- Checkouts of any item: which one each is given.
--
-- A stripe offers the numbers that were never offered, then those whose hold ran out, in the order in which
-- they were held (hold_queue), so each is looked at once and the last free item is found as soon as the first.
-- Nothing here waits for another batch: what that has locked is passed.

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE FUNCTION store_offers(p_stripe sale_stripe) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE sale_stripe s
    SET unoffered_next = p_stripe.unoffered_next,
        queue_next = p_stripe.queue_next,
        queue_offset = p_stripe.queue_offset
    WHERE s.sale_id = p_stripe.sale_id AND s.stripe = p_stripe.stripe;
END
$$;
COMMENT ON FUNCTION store_offers(sale_stripe) IS 'keeps how far the stripe''s numbers were offered';

CREATE FUNCTION stripe(p_sale_id integer, p_stripe integer) RETURNS sale_stripe
LANGUAGE plpgsql
AS $$
DECLARE
    v_stripe sale_stripe;
BEGIN
    SELECT * INTO v_stripe FROM sale_stripe WHERE sale_id = p_sale_id AND stripe = p_stripe;
    RETURN v_stripe;
END
$$;
COMMENT ON FUNCTION stripe(integer, integer) IS
    'a stripe as it is now; the caller has locked it, so it is what the last batch left';

CREATE FUNCTION next_stripe(p_stripe sale_stripe, p_visited integer[]) RETURNS sale_stripe
LANGUAGE plpgsql
AS $$
DECLARE
    v_stripe sale_stripe;
    v_number integer;
BEGIN
    -- The batch's own, the first, is written with its counters.
    IF cardinality(p_visited) > 1 THEN
        PERFORM store_offers(p_stripe);
    END IF;
    FOR v_number IN
        SELECT s.stripe
        FROM sale_stripe s
        WHERE s.sale_id = p_stripe.sale_id
          AND s.stripe <> ALL (p_visited)
          AND (s.unoffered_next <= s.unoffered_last
               OR (SELECT q.available_at <= now() FROM hold_queue q
                   WHERE q.sale_id = s.sale_id AND q.stripe = s.stripe AND q.position = s.queue_next))
    LOOP
        IF pg_try_advisory_xact_lock(stripe_key(p_stripe.sale_id, v_number)) THEN
            v_stripe := stripe(p_stripe.sale_id, v_number);
            EXIT;
        END IF;
    END LOOP;
    RETURN v_stripe;
END
$$;
COMMENT ON FUNCTION next_stripe(sale_stripe, integer[]) IS
    'keeps what was offered of a stripe that has no more, and locks another one that has; none where there is none';

CREATE FUNCTION contested_items(p_sale_id integer, p_passed integer[], p_claimed integer[])
RETURNS integer[]
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN ARRAY(
        SELECT c.number
        FROM unnest(p_passed) c (number)
        CROSS JOIN LATERAL (
            SELECT FROM item i
            WHERE i.sale_id = p_sale_id AND i.number = c.number AND item_is_free(i)
            OFFSET 0
        ) i
        WHERE c.number <> ALL (p_claimed));
END
$$;
COMMENT ON FUNCTION contested_items(integer, integer[], integer[]) IS
    'of the numbers that were passed and not claimed, those free and being decided about by another batch; the '
    'rest is sold, or held, and then its hold is queued';

CREATE FUNCTION claim_offers_of_others(
    p_sale_id integer, p_need integer, p_visited integer[], p_claimed integer[])
RETURNS integer[]
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN ARRAY(
        SELECT c.number
        FROM (
            SELECT DISTINCT n.number
            FROM sale_stripe s
            CROSS JOIN LATERAL (
                SELECT generate_series(s.unoffered_next, least(s.unoffered_last, s.unoffered_next + 999))
                UNION ALL
                SELECT unnest(q.numbers)
                FROM hold_queue q
                WHERE q.sale_id = p_sale_id AND q.stripe = s.stripe
                  AND q.position BETWEEN s.queue_next AND s.queue_next + 9
                  AND q.available_at <= now()
            ) n (number)
            WHERE s.sale_id = p_sale_id AND s.stripe <> ALL (p_visited)
              AND n.number <> ALL (p_claimed)
        ) c
        CROSS JOIN LATERAL (
            SELECT FROM item i
            WHERE i.sale_id = p_sale_id AND i.number = c.number AND item_is_free(i)
            FOR NO KEY UPDATE SKIP LOCKED
        ) i
        LIMIT p_need);
END
$$;
COMMENT ON FUNCTION claim_offers_of_others(integer, integer, integer[], integer[]) IS
    'other batches have the stripes that this one has not visited, but perhaps not all of their items: what they '
    'leave is locked past them. They will find it held, and pass it';

CREATE FUNCTION allocate_items(
    p_requests integer[], INOUT io_stripe sale_stripe, OUT o_numbers integer[], OUT o_contested integer[])
LANGUAGE plpgsql
AS $$
DECLARE
    -- A bound on one batch's work. Each number is passed once and each hold once, so only a
    -- sale that was sold by number for long can have so many behind each other.
    v_looks   integer := 20000;
    v_need    integer := cardinality(p_requests); -- how many are still to be found
    v_claimed integer[] := ARRAY[]::integer[];
    v_stripe  sale_stripe := io_stripe;
    v_visited integer[] := ARRAY[io_stripe.stripe];
    v_first   integer;
    v_last    integer;
    v_offers  integer[];
    v_got     integer[];
    v_passed  integer;
BEGIN
    o_numbers := ARRAY[NULL::integer];
    WHILE v_need > 0 AND v_looks > 0 LOOP
        v_first := v_stripe.unoffered_next;
        v_last := least(v_stripe.unoffered_last, v_first + v_need - 1);
        v_offers := NULL;
        IF v_first <= v_last THEN
            v_stripe.unoffered_next := v_last + 1;
        ELSE
            v_offers := (SELECT q.numbers[v_stripe.queue_offset + 1 :] FROM hold_queue q
                         WHERE q.sale_id = v_stripe.sale_id AND q.stripe = v_stripe.stripe
                           AND q.position = v_stripe.queue_next AND q.available_at <= now());
            IF v_offers IS NULL THEN -- nothing more here
                io_stripe := CASE WHEN cardinality(v_visited) = 1 THEN v_stripe ELSE io_stripe END;
                v_stripe := next_stripe(v_stripe, v_visited);
                EXIT WHEN v_stripe.stripe IS NULL;
                v_visited := v_visited || v_stripe.stripe;
                CONTINUE;
            END IF;
        END IF;
        -- Of these the ones that are free and not being decided about, no more than needed.
        SELECT coalesce(array_agg(c.number), ARRAY[]::integer[]), max(c.ordinal) INTO v_got, v_passed
        FROM (
            SELECT c.number, c.ordinal
            FROM (SELECT n, n - v_first + 1 FROM generate_series(v_first, v_last) n
                  UNION ALL
                  SELECT * FROM unnest(v_offers) WITH ORDINALITY) c (number, ordinal)
            CROSS JOIN LATERAL (
                SELECT FROM item i
                WHERE i.sale_id = io_stripe.sale_id AND i.number = c.number AND item_is_free(i)
                FOR NO KEY UPDATE SKIP LOCKED
            ) i
            WHERE c.number <> ALL (v_claimed)
            LIMIT v_need
        ) c;
        IF v_offers IS NULL THEN
            v_passed := v_last - v_first + 1;
        ELSIF cardinality(v_got) = v_need AND v_passed < cardinality(v_offers) THEN
            v_stripe.queue_offset := v_stripe.queue_offset + v_passed;
        ELSE
            v_passed := cardinality(v_offers);
            v_stripe.queue_next := v_stripe.queue_next + 1;
            v_stripe.queue_offset := 0;
        END IF;
        IF cardinality(v_got) < v_passed THEN
            v_offers := coalesce(v_offers[: v_passed], ARRAY(SELECT generate_series(v_first, v_last)));
            o_contested := o_contested || contested_items(io_stripe.sale_id, v_offers, v_claimed || v_got);
        END IF;
        v_claimed := v_claimed || v_got;
        v_need := cardinality(p_requests) - cardinality(v_claimed);
        v_looks := v_looks - v_passed;
    END LOOP;
    IF v_need > 0 THEN
        v_claimed := v_claimed || claim_offers_of_others(io_stripe.sale_id, v_need, v_visited, v_claimed);
    END IF;
    IF v_stripe.stripe = io_stripe.stripe THEN
        io_stripe := v_stripe;
    ELSIF v_stripe.stripe IS NOT NULL THEN
        PERFORM store_offers(v_stripe);
    END IF;
    -- Who wants one gets the next, as long as there are some.
    FOR v_index IN 1 .. cardinality(v_claimed) LOOP
        o_numbers[p_requests[v_index]] := v_claimed[v_index];
    END LOOP;
END
$$;
COMMENT ON FUNCTION allocate_items(integer[], sale_stripe) IS
    'locks a free item for each of the requests (p_requests: their ordinals), as far as there are some, and '
    'says which, by ordinal. The caller writes io_stripe and queues o_contested again';

COMMIT;
