-- Checkouts of items by their number.

BEGIN;
\ir helper/sale.psql
SELECT plan(36);

SELECT is(checkout_outcomes(ARRAY['amy', 'bob'], ARRAY[1, 0]), ARRAY['sale_closed', 'sale_closed'],
          'no sale: sale_closed');
SELECT results_eq(
    $$ SELECT user_id, sale_id, number, outcome, secret FROM log ORDER BY user_id $$,
    $$ VALUES ('amy', NULL::integer, 1, 'sale_closed', NULL::uuid),
              ('bob', NULL, NULL, 'sale_closed', NULL) $$,
    'no sale: logged all the same');
TRUNCATE attempt;

SELECT add_sale(20, p_starts_at => now() - interval '9 hours', p_ends_at => now() - interval '8 hours')
    AS old_sale \gset
SELECT is(checkout_outcomes(ARRAY['amy'], ARRAY[1]), ARRAY['sale_closed'], 'the last sale is over');
SELECT add_sale(20, p_starts_at => now() + interval '8 hours', p_ends_at => now() + interval '9 hours')
    AS next_sale \gset
SELECT is(checkout_outcomes(ARRAY['amy'], ARRAY[1]), ARRAY['sale_closed'],
          'between two sales: sale_closed');
SELECT add_sale(20) AS sale \gset
TRUNCATE attempt;

-- Accepted.
CREATE TEMPORARY TABLE first AS SELECT * FROM checkout(ARRAY['amy'], ARRAY[7]);
SELECT results_eq(
    'SELECT outcome, sale_id, number, expires_at, name, price_cents, picture_seed FROM first',
    format($$ VALUES ('accepted', %s, 7, now() + interval '30 s', 'Item 7', 700, 49::bigint) $$,
           :sale),
    'a free item: accepted, with the item and when the hold ends');
SELECT results_eq(
    $$ SELECT held_by, held_until, secret, purchased_at FROM taken $$,
    $$ SELECT 'amy', now() + interval '30 s', secret, NULL::timestamptz FROM first $$,
    'the item is held, and no other');
SELECT results_eq(
    'SELECT attempted_at, sale_id, number, outcome, secret, user_id FROM log',
    $$ SELECT now(), sale_id, 7, 'accepted', secret, 'amy' FROM first $$,
    'logged with its secret');

-- Repeated and held.
SELECT results_eq(
    $$ SELECT outcome, number, secret, expires_at, name FROM checkout(ARRAY['amy'], ARRAY[7]) $$,
    $$ SELECT 'repeated', 7, secret, expires_at, name FROM first $$,
    'the holder again: the same code, the same expiry');
SELECT results_eq(
    $$ SELECT outcome, number, secret, expires_at, name FROM checkout(ARRAY['bob'], ARRAY[7]) $$,
    $$ SELECT 'held', 7, NULL::uuid, expires_at, NULL FROM first $$,
    'another user: held, until when, and no code');
SELECT time_passes('29 s');
SELECT is(checkout_outcomes(ARRAY['bob'], ARRAY[7]), ARRAY['held'], 'held until the last second');
SELECT time_passes('1 s');
SELECT is(checkout_outcomes(ARRAY['bob'], ARRAY[7]), ARRAY['accepted'],
          'a hold that ran out: the item is free');
SELECT isnt(secret_of(:sale, 7), (SELECT secret FROM first), 'and its code another one');
SELECT is(checkout_outcomes(ARRAY['amy'], ARRAY[7]), ARRAY['held'], 'now the first user is refused');

-- Sold.
SELECT is(purchase_outcomes(:sale, ARRAY[7]), ARRAY['purchased'], 'the item is bought');
SELECT is(checkout_outcomes(ARRAY['amy', 'bob'], ARRAY[7, 7]), ARRAY['sold', 'sold'],
          'a sold item: sold, also to its buyer');
SELECT time_passes('1 min');
SELECT is(checkout_outcomes(ARRAY['amy'], ARRAY[7]), ARRAY['sold'], 'and it stays sold');

-- Unknown items and sales.
SELECT is(checkout_outcomes(times('amy', 5), ARRAY[21, -1, 2147483647, -2147483648, 20]),
          ARRAY['unknown_item', 'unknown_item', 'unknown_item', 'unknown_item', 'accepted'],
          'numbers the sale does not have: unknown_item');
SELECT is((SELECT count(*)::integer FROM log
           WHERE outcome = 'unknown_item' AND number IS NULL AND user_id = 'amy'), 2,
          'a number that could be no item is logged as none');
SELECT is(checkout_outcomes(times('amy', 4), times(3, 4),
                            ARRAY[:old_sale, :next_sale, 999, :sale]::integer[]),
          ARRAY['sale_closed', 'sale_closed', 'unknown_item', 'accepted'],
          'ids of other sales: sale_closed; of no sale: unknown_item; of this one: accepted');
SELECT is(checkout_outcomes(times('amy', 2), ARRAY[0, 99], ARRAY[:old_sale, :old_sale]),
          ARRAY['sale_closed', 'sale_closed'], 'any item, or none, of a closed sale: sale_closed');
SELECT is((SELECT count(*)::integer FROM taken WHERE sale_id <> :sale), 0,
          'nothing of another sale is held');

-- Several requests for one item in one batch.
CREATE TEMPORARY TABLE batch AS
SELECT row_number() OVER () AS ordinal, c.*
FROM checkout(ARRAY['cat', 'dan', 'cat', 'eve', 'cat'], ARRAY[5, 5, 5, 6, 6]) c;
SELECT is((SELECT array_agg(outcome ORDER BY ordinal) FROM batch),
          ARRAY['accepted', 'held', 'repeated', 'accepted', 'held'],
          'in a batch: the first wins, the winner again is repeated, others are held');
SELECT ok((SELECT secret IS NOT NULL FROM batch WHERE ordinal = 1)
          AND (SELECT secret FROM batch WHERE ordinal = 1)
              = (SELECT secret FROM batch WHERE ordinal = 3),
          'the winner''s two replies have one code');
SELECT is((SELECT array_agg(expires_at) FROM batch), times(now() + interval '30 s', 5),
          'each reply says when the hold ends');
SELECT is((SELECT count(*)::integer FROM batch WHERE outcome = 'held' AND secret IS NOT NULL), 0,
          'no code for the refused');
SELECT is((SELECT array_agg(format('%s %s', user_id, outcome) ORDER BY user_id, outcome)
           FROM attempt WHERE number = 5),
          ARRAY['cat accepted', 'cat repeated', 'dan held'], 'a row of the log for each request');

-- The crowd: as many as a batch can have.
SELECT is((SELECT array_agg(DISTINCT outcome) FROM checkout(users(1, 256), times(11, 256))), ARRAY['accepted', 'held'], 'a crowd at one item');
SELECT is((SELECT array_agg(n ORDER BY outcome) FROM (
               SELECT count(*)::integer AS n, outcome FROM log
               WHERE number = 11 GROUP BY outcome) a), ARRAY[1, 255],
          'one accepted, the others held, all of them logged');
SELECT is((SELECT held_by FROM taken WHERE number = 11), 'user1',
          'the first in the batch has it');

-- The user's limit.
SELECT is(checkout_outcomes(times('fay', 12), times(0, 12)), times('accepted', 12),
          'a user may hold more than the limit');
SELECT is((SELECT count(*)::integer FROM purchase(:sale, ARRAY(
               SELECT number FROM item WHERE held_by = 'fay' ORDER BY number LIMIT 10)) p
           WHERE p.outcome = 'purchased'), 10, 'and buy as many as the limit');
SELECT is(checkout_outcomes(times('fay', 3), ARRAY[20, 0, 21]),
          ARRAY['user_limit', 'user_limit', 'unknown_item'],
          'from then on checkouts are refused: user_limit');
SELECT is((SELECT outcome FROM log WHERE user_id = 'fay' AND number = 20), 'user_limit',
          'which is logged too');

-- The end of the sale ends the hold.
SELECT time_passes((SELECT ends_at - now() - interval '10 s' FROM sale WHERE sale_id = :sale));
SELECT is((SELECT expires_at - now() FROM checkout(ARRAY['gus'], ARRAY[20])), interval '10 s',
          'a hold lasts no longer than the sale');
SELECT time_passes('10 s');
SELECT is(checkout_outcomes(ARRAY['amy'], ARRAY[2]), ARRAY['sale_closed'],
          'sale over: sale_closed');
SELECT is_empty(format('SELECT * FROM sale_audit(%s)', :sale), 'the audit finds nothing');

SELECT * FROM finish();
ROLLBACK;
