-- Purchases: once for a code, never beyond the limit, and again the same answer.

BEGIN;
\ir helper/sale.psql
SELECT plan(32);

SELECT is_empty(
    $$ SELECT * FROM purchase_batch(ARRAY[1], ARRAY[1], ARRAY[gen_random_uuid()]) $$,
    'no sale: no code is known');

SELECT add_sale(60, p_purchase_limit => 3) AS sale \gset
CREATE TEMPORARY TABLE held AS SELECT * FROM checkout(times('amy', 5), numbers(1, 5));

-- Bought, and again.
CREATE TEMPORARY TABLE first AS SELECT * FROM purchase(:sale, ARRAY[1]);
SELECT results_eq(
    'SELECT * FROM first',
    $$ VALUES ('purchased', 1, 'amy', now(), 1, 'Item 1', 100) $$,
    'a code buys its item');
SELECT results_eq(
    'SELECT held_by, purchased_at FROM taken WHERE number = 1',
    $$ VALUES ('amy', now()) $$, 'the row says so');
SELECT results_eq('SELECT user_id COLLATE "default", numbers, purchase_limit FROM buyer',
                  $$ VALUES ('amy', ARRAY[1], 3) $$, 'and so does the buyer''s');
SELECT is(purchase_outcomes(:sale, times(1, 3)), times('repeated', 3), 'again: repeated');
CREATE TEMPORARY TABLE again AS SELECT * FROM purchase(:sale, ARRAY[1]);
SELECT results_eq(
    'SELECT number, user_id, purchased_at, buyer_purchases, name, price_cents FROM again',
    $$ SELECT number, held_by, purchased_at, 1, 'Item 1', 100
       FROM taken WHERE number = 1 $$, 'with all that the first answer said');
SELECT time_passes('10 min');
CREATE TEMPORARY TABLE late AS SELECT * FROM purchase(:sale, ARRAY[1]);
SELECT results_eq(
    'SELECT outcome, number, user_id, purchased_at, buyer_purchases FROM late',
    $$ SELECT 'repeated', 1, 'amy', purchased_at, 1 FROM taken WHERE number = 1 $$,
    'also when its hold would have ended long ago');
SELECT is((SELECT sum(purchases_accepted)::integer FROM sale_stripe), 1, 'counted once');

-- Codes that buy nothing.
SELECT is(purchase_outcomes(:sale, ARRAY[2]), ARRAY['unknown_code'], 'a hold that ran out');
SELECT is(purchase_outcomes(:sale, ARRAY[2], times(gen_random_uuid(), 1)),
          ARRAY['unknown_code'], 'a code nobody was given');
SELECT is(purchase_outcomes(:sale, ARRAY[3, 0, 61, -1],
                            times((SELECT secret FROM held WHERE number = 2), 4)),
          times('unknown_code', 4), 'a code with another number');
SELECT is(purchase_outcomes(:sale + 1, ARRAY[2], ARRAY[secret_of(:sale, 2)]),
          ARRAY['unknown_code'], 'a code with another sale');
SELECT is(purchase_outcomes(:sale, ARRAY[30], ARRAY[NULL::uuid]), ARRAY['unknown_code'],
          'a free item has no code');
SELECT is(checkout_outcomes(ARRAY['bob'], ARRAY[2]), ARRAY['accepted'],
          'another user holds it now');
SELECT is(purchase_outcomes(:sale, ARRAY[2, 2], ARRAY[(SELECT secret FROM held WHERE number = 2),
                                                      secret_of(:sale, 2)]),
          ARRAY['unknown_code', 'purchased'], 'the old code is dead, the new one buys');
SELECT is((SELECT held_by FROM taken WHERE number = 2), 'bob', 'for the other user');

-- One code several times in a batch.
SELECT is(checkout_outcomes(ARRAY['cat', 'dan'], ARRAY[10, 11]), times('accepted', 2), 'two holds');
CREATE TEMPORARY TABLE twice AS
SELECT row_number() OVER () AS ordinal, p.* FROM purchase(:sale, ARRAY[10, 11, 10, 10]) p;
SELECT is((SELECT array_agg(outcome ORDER BY ordinal) FROM twice),
          ARRAY['purchased', 'purchased', 'repeated', 'repeated'],
          'one code three times in a batch: bought once');
SELECT is((SELECT array_agg(format('%s %s', user_id, buyer_purchases) ORDER BY ordinal) FROM twice),
          ARRAY['cat 1', 'dan 1', 'cat 1', 'cat 1'], 'and the answers are alike');
SELECT is((SELECT count(DISTINCT purchased_at)::integer FROM twice WHERE number = 10), 1,
          'to the time');

-- The limit.
SELECT is(checkout_outcomes(times('eve', 8), numbers(20, 27)), times('accepted', 8), 'eight holds');
CREATE TEMPORARY TABLE limited AS
SELECT row_number() OVER () AS ordinal, p.* FROM purchase(:sale, ARRAY[27, 20, 21, 20, 22]) p;
SELECT is((SELECT array_agg(outcome ORDER BY ordinal) FROM limited),
          ARRAY['purchased', 'purchased', 'purchased', 'repeated', 'user_limit'],
          'in a batch: the first three that are asked for are bought');
SELECT is((SELECT array_agg(buyer_purchases ORDER BY ordinal) FROM limited),
          ARRAY[1, 2, 3, 2, NULL], 'numbered in that order');
SELECT is(purchase_outcomes(:sale, ARRAY[23, 24, 20]), ARRAY['user_limit', 'user_limit', 'repeated'],
          'in a later batch: no more');
SELECT is((SELECT numbers FROM buyer WHERE user_id = 'eve'), ARRAY[27, 20, 21], 'three it is');
SELECT checkout_outcomes(ARRAY['fay', 'fay', 'fay', 'fay'], numbers(30, 33)) AS ignored \gset
SELECT purchase_outcomes(:sale, ARRAY[30, 31]) AS ignored \gset
SELECT is(purchase_outcomes(:sale, ARRAY[33, 32]), ARRAY['purchased', 'user_limit'],
          'two, then two more: one is left of the limit');
SELECT throws_ok(
    format($$ UPDATE buyer SET numbers = numbers || 34
              WHERE sale_id = %s AND user_id = 'fay' $$, :sale),
    '23514', NULL, 'past the functions a constraint holds the limit');
SELECT is_empty(format('SELECT * FROM sale_audit(%s)', :sale), 'the audit finds nothing');
SELECT is((SELECT sum(purchases_accepted)::integer FROM sale_stripe),
          (SELECT count(*)::integer FROM taken WHERE purchased_at IS NOT NULL),
          'what was sold is counted');

-- The sale is over.
SELECT checkout_outcomes(ARRAY['gus'], ARRAY[40]) AS ignored \gset
SELECT time_passes('2 hours');
SELECT add_sale(5) AS next_sale \gset
SELECT is(purchase_outcomes(:sale, ARRAY[40]), ARRAY['unknown_code'],
          'sale over: its holds buy nothing');
SELECT is(purchase_outcomes(:sale, ARRAY[10]), ARRAY['repeated'],
          'but what was bought still is');
SELECT is_empty(format('SELECT * FROM sale_audit(%s) UNION ALL SELECT * FROM sale_audit(%s)',
                       :sale, :next_sale), 'the audit finds nothing');

SELECT * FROM finish();
ROLLBACK;
