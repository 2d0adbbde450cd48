-- Ids that name no item, where they mean any: the same user and id mean the same item while it is held.

BEGIN;
\ir helper/sale.psql
SELECT plan(24);

SELECT add_sale(12, p_purchase_limit => 3) AS sale \gset

-- Checkouts of ids without a number, or with one that is no item's.
CREATE FUNCTION free(
    p_users text[], p_ids text[], p_numbers integer[] DEFAULT NULL, p_sales integer[] DEFAULT NULL)
RETURNS TABLE (ordinal integer, outcome text, number integer, secret uuid, expires_at timestamptz)
LANGUAGE sql AS $$
    SELECT b.ordinal, b.outcome::text, b.number, b.secret, b.expires_at
    FROM checkout_batch(
        p_users, coalesce(p_sales, array_fill(0, ARRAY[cardinality(p_users)])),
        coalesce(p_numbers, array_fill(-1, ARRAY[cardinality(p_users)])),
        ARRAY(SELECT gen_random_uuid() FROM unnest(p_users)),
        array_fill(0::smallint, ARRAY[cardinality(p_users)]),
        array_fill(NULL::timestamptz, ARRAY[cardinality(p_users)]),
        array_fill(now(), ARRAY[cardinality(p_users)]), true, false, p_ids) b
    ORDER BY b.ordinal;
$$;

CREATE TEMPORARY TABLE first AS SELECT * FROM free(times('amy', 2), ARRAY['item-abc', 'item-def']);
SELECT is((SELECT array_agg(outcome) FROM first), times('accepted', 2), 'two ids: two items');
SELECT is((SELECT count(DISTINCT number) FROM first), 2::bigint, 'which are different');
CREATE TEMPORARY TABLE again AS SELECT * FROM free(times('amy', 2), ARRAY['item-def', 'item-abc']);
SELECT is((SELECT array_agg(outcome) FROM again), times('repeated', 2), 'again: repeated');
SELECT results_eq('SELECT number, secret, expires_at FROM again ORDER BY ordinal',
                  'SELECT number, secret, expires_at FROM first ORDER BY ordinal DESC',
                  'with the same codes, which end at the same time');
SELECT is((SELECT outcome || number FROM free(ARRAY['bob'], ARRAY['item-abc'])) IN
          (SELECT 'accepted' || number FROM first), false, 'another user''s id is another');
SELECT is((SELECT array_agg(outcome) FROM free(ARRAY['amy', 'amy'], NULL, ARRAY[0, 0])),
          times('accepted', 2), 'any is always another');

-- The same in one batch.
CREATE TEMPORARY TABLE twice AS
SELECT * FROM free(ARRAY['cat', 'cat', 'dan', 'cat'], ARRAY['x', 'x', 'x', 'x']);
SELECT is((SELECT array_agg(outcome ORDER BY outcome) FROM twice),
          ARRAY['accepted', 'accepted', 'repeated', 'repeated'], 'one item for all who ask at once');
SELECT is((SELECT count(DISTINCT (number, secret)) FROM twice WHERE ordinal <> 3), 1::bigint,
          'with one code');
SELECT is((SELECT count(*) FROM item WHERE held_by = 'cat'), 1::bigint, 'and nothing is held beside it');
SELECT is((SELECT count(*) FROM hold_queue q, unnest(q.numbers) n (number), twice t
           WHERE t.number = n.number AND t.outcome = 'accepted'), 2::bigint, 'each hold is queued once');

-- Numbers that no item has.
SELECT results_eq($$ SELECT outcome FROM free(ARRAY['eve', 'eve'], NULL, ARRAY[900, 900]) $$,
                  $$ VALUES ('accepted'), ('repeated') $$, 'a number that no item has is such an id');
SELECT is((SELECT outcome FROM free(ARRAY['eve'], NULL, ARRAY[900])), 'repeated', 'so too again');

-- While it lives.
SELECT number AS abc FROM first WHERE ordinal = 1 \gset
SELECT is(purchase_outcomes(:sale, ARRAY[:abc]), ARRAY['purchased'], 'it is bought');
CREATE TEMPORARY TABLE after AS SELECT * FROM free(ARRAY['amy'], ARRAY['item-abc']);
SELECT is((SELECT outcome FROM after), 'accepted', 'then the id means another item');
SELECT isnt((SELECT number FROM after), :abc, 'not that one');
SELECT is((SELECT number FROM free(ARRAY['amy'], ARRAY['item-abc'])), (SELECT number FROM after),
          'and stays with it');
SELECT time_passes('31 s');
SELECT is((SELECT outcome FROM free(ARRAY['amy'], ARRAY['item-abc'])), 'accepted',
          'a hold that ran out is none');
-- The item of one that ran out, held by the user again for another reason, is not the id's.
SELECT number AS def FROM first WHERE ordinal = 2 \gset
UPDATE item SET held_until = '-infinity', held_by = NULL, secret = NULL WHERE purchased_at IS NULL;
DELETE FROM hold_queue;
UPDATE sale_stripe SET queue_length = 0, queue_next = 0, queue_offset = 0;
SELECT is(checkout_outcomes(ARRAY['amy'], ARRAY[:def]), ARRAY['accepted'], 'an item is checked out by its number');
SELECT isnt((SELECT number FROM free(ARRAY['amy'], ARRAY['item-def'])), :def,
            'which its id of before does not mean');

SELECT is((SELECT count(*) FROM wildcard_id), 6::bigint, 'a row for each user and id');
SELECT is((SELECT outcome FROM free(ARRAY['amy'], ARRAY['item-abc'], p_sales => ARRAY[:sale])) IS NOT NULL,
          true, 'a sale may be named');
SELECT results_eq($$ SELECT outcome FROM free(ARRAY['amy'], ARRAY['item-abc'], p_sales => ARRAY[999]) $$,
                  $$ VALUES ('unknown_item') $$, 'but must be there');
UPDATE sale SET ends_at = now();
SELECT results_eq($$ SELECT outcome FROM free(ARRAY['amy'], ARRAY['item-abc']) $$,
                  $$ VALUES ('sale_closed') $$, 'and open');
SELECT is((SELECT count(*) FROM wildcard_id), 6::bigint, 'refusals leave no row');

SELECT * FROM finish();
ROLLBACK;
