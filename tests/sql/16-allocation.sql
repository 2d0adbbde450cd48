-- Which item is found for those who ask for any: the stripes' offers, the queues of holds, and what is passed.

BEGIN;
\ir helper/sale.psql
SELECT plan(23);

-- Two numbers a stripe: stripe 3 has 7 and 8.
SELECT add_sale(32) AS sale \gset

CREATE FUNCTION stripe(p_stripe integer) RETURNS sale_stripe
LANGUAGE sql AS $$ SELECT s FROM sale_stripe s WHERE s.sale_id = (SELECT max(sale_id) FROM sale) AND s.stripe = p_stripe $$;
-- What a batch would be given whose own stripe this is; and that is kept, as checkout_batch does it.
CREATE FUNCTION allocated(p_requests integer[], p_stripe integer) RETURNS integer[]
LANGUAGE plpgsql AS $$
DECLARE
    v_claim record := allocate_items(p_requests, stripe(p_stripe));
BEGIN
    UPDATE sale_stripe s
    SET unoffered_next = (v_claim.io_stripe).unoffered_next, queue_next = (v_claim.io_stripe).queue_next,
        queue_offset = (v_claim.io_stripe).queue_offset
    WHERE s.sale_id = (v_claim.io_stripe).sale_id AND s.stripe = p_stripe;
    RETURN v_claim.o_numbers;
END
$$;

-- Numbers that were never offered.
SELECT is(allocated(ARRAY[2], 3), ARRAY[NULL, 7], 'the first of the own stripe, by the request');
SELECT is((stripe(3)).unoffered_next, 8, 'which is offered no more');
SELECT is((allocate_items(ARRAY[1], stripe(3))).o_numbers, ARRAY[8], 'then the next');
SELECT is((stripe(3)).unoffered_next, 8, 'the own stripe is left to the caller to write');
SELECT is((SELECT count(*) FROM sale_stripe WHERE unoffered_next > stripe * 2 + 1), 1::bigint,
          'the others are not touched for it');
CREATE TEMPORARY TABLE claim AS SELECT allocated(ARRAY[1, 4, 5], 3) AS numbers;
SELECT is((SELECT numbers[1] FROM claim), 8, 'the last of the own stripe');
SELECT is((SELECT ARRAY[numbers[4], numbers[5]] FROM claim),
          (SELECT ARRAY[stripe * 2 + 1, stripe * 2 + 2] FROM sale_stripe
           WHERE stripe <> 3 AND unoffered_next > stripe * 2 + 1), 'and those of another, whose offers are kept');

-- What is held or sold is passed, whoever holds it.
SELECT checkout_outcomes(ARRAY['amy', 'bob'], ARRAY[25, 27]) AS ignored \gset
SELECT is(purchase_outcomes(:sale, ARRAY[27]), ARRAY['purchased'], 'one item is held, one sold');
SELECT is(allocated(ARRAY[1], 12), ARRAY[26], 'what is held is passed');
SELECT is(allocated(ARRAY[1], 13), ARRAY[28], 'and what is sold');
SELECT is((allocate_items(ARRAY[1], stripe(12))).o_contested, NULL::integer[], 'neither is contested');
SELECT is(contested_items(:sale, ARRAY[25, 26, 27, 28], ARRAY[28]), ARRAY[26],
          'contested: passed, free, and not this batch''s');

-- The items of stripes that other batches have.
SELECT is((SELECT array_agg(n ORDER BY n) FROM unnest(claim_offers_of_others(
               :sale, 99, ARRAY[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], ARRAY[30])) n),
          ARRAY[29, 31, 32], 'of stripes not visited, and without what is claimed already');
SELECT is(cardinality(claim_offers_of_others(:sale, 2, ARRAY[]::integer[], ARRAY[]::integer[])), 2,
          'no more than are needed');

-- To the last.
SELECT is((SELECT count(n) FROM unnest((allocate_items(numbers(1, 64), stripe(5))).o_numbers) n),
          (SELECT sum(unoffered_last - unoffered_next + 1) FROM sale_stripe), 'all that is left, once');
SELECT is((SELECT count(DISTINCT n) FROM unnest((allocate_items(numbers(1, 64), stripe(5))).o_numbers) n), 2::bigint,
          'then only what the own stripe, which was not written, still has');
UPDATE sale_stripe SET unoffered_next = unoffered_last + 1;
SELECT is((allocate_items(ARRAY[1], stripe(5))).o_numbers, ARRAY[NULL::integer], 'nothing is left: none');

-- Holds that ran out, the oldest first.
DELETE FROM hold_queue;
UPDATE sale_stripe SET queue_length = CASE stripe WHEN 5 THEN 2 ELSE 0 END;
INSERT INTO hold_queue (sale_id, stripe, position, available_at, numbers)
VALUES (:sale, 5, 0, now(), ARRAY[3, 27, 1, 2]), (:sale, 5, 1, now() + interval '1 s', ARRAY[9]);
SELECT is(allocated(ARRAY[1], 5), ARRAY[3], 'the first of the oldest');
SELECT is((stripe(5)).queue_offset, 1, 'where the next batch goes on');
SELECT is(allocated(ARRAY[1, 2], 5), ARRAY[1, 2], 'what was sold meanwhile is passed');
SELECT is(ARRAY[(stripe(5)).queue_next, (stripe(5)).queue_offset], ARRAY[1::bigint, 0], 'a row is used up');
SELECT is(allocated(ARRAY[1], 5), ARRAY[NULL::integer], 'before their time they are not offered');
SELECT time_passes('1 s');
SELECT is(allocated(ARRAY[1], 6), ARRAY[9], 'at their time they are, to batches of other stripes too');

SELECT * FROM finish();
ROLLBACK;
