-- What viewers read: pages of sales and items, an item, and what a user has.

BEGIN;
\ir helper/sale.psql
SELECT plan(30);

SELECT results_eq('SELECT sale_id, total FROM read_sales(0, 10)',
                  $$ VALUES (NULL::integer, 0::bigint) $$, 'no sale: an empty page');
SELECT is_empty('SELECT * FROM read_items(0, NULL, 0, 10)', 'no sale: no items');
SELECT is_empty('SELECT * FROM read_item(0, 1)', 'nor one');
SELECT is_empty($$ SELECT * FROM read_user('amy', 0, 100) $$, 'nor a user who has some');

SELECT add_sale(5, p_starts_at => now() - interval '2 hours',
                p_ends_at => now() - interval '1 hour') AS past \gset
SELECT add_sale(20, p_purchase_limit => 3) AS sale \gset
SELECT add_sale(7, p_starts_at => now() + interval '1 hour',
                p_ends_at => now() + interval '2 hours') AS next \gset

SELECT results_eq(
    'SELECT sale_id, sale_status, items_total, purchase_limit, total FROM read_sales(0, 10)',
    format($$ VALUES (%s, 'scheduled', 7, 10, 3::bigint), (%s, 'active', 20, 3, 3),
                     (%s, 'closed', 5, 10, 3) $$, :next, :sale, :past),
    'sales, newest first');
SELECT results_eq('SELECT sale_id FROM read_sales(1, 1)', ARRAY[:sale], 'a page of one');
SELECT results_eq('SELECT sale_id, total FROM read_sales(3, 10)',
                  $$ VALUES (NULL::integer, 3::bigint) $$, 'behind the last: an empty page');

CREATE TEMPORARY TABLE held AS SELECT * FROM checkout(times('amy', 3), numbers(2, 4));
SELECT is(purchase_outcomes(:sale, ARRAY[4, 2]), times('purchased', 2), 'two sold, one held');

SELECT results_eq(
    'SELECT sale_id, number, name, price_cents, state, total FROM read_items(0, NULL, 0, 4)',
    format($$ VALUES (%1$s, 1, 'Item 1', 100, 'free', 20::bigint),
                     (%1$s, 2, 'Item 2', 200, 'sold', 20),
                     (%1$s, 3, 'Item 3', 300, 'held', 20),
                     (%1$s, 4, 'Item 4', 400, 'sold', 20) $$, :sale),
    'the current sale''s items, with their states');
SELECT is((SELECT held_until FROM read_items(0, 'held', 0, 9)),
          (SELECT held_until FROM item WHERE sale_id = :sale AND number = 3),
          'a hold says until when');
SELECT results_eq('SELECT number FROM read_items(0, NULL, 18, 4)', ARRAY[19, 20], 'the last page');
SELECT results_eq('SELECT number, total FROM read_items(0, NULL, 20, 4)',
                  $$ VALUES (0, 20::bigint) $$, 'behind the last: an empty page');
SELECT results_eq($$ SELECT number, total FROM read_items(0, 'sold', 1, 4) $$,
                  $$ VALUES (4, 2::bigint) $$, 'those in one state, paged and counted');
SELECT results_eq($$ SELECT number, total FROM read_items(0, 'free', 0, 2) $$,
                  $$ VALUES (1, 17::bigint), (5, 17) $$, 'free ones');
SELECT results_eq(format('SELECT number FROM read_items(%s, NULL, 0, 9)', :past),
                  ARRAY[1, 2, 3, 4, 5], 'a past sale''s');
SELECT is_empty(format('SELECT * FROM read_items(%s, NULL, 0, 9)', :next),
                'but not those of one that has not begun');

SELECT results_eq('SELECT sale_id, number, state FROM read_item(0, 3)',
                  format($$ VALUES (%s, 3, 'held') $$, :sale), 'one item');
SELECT is_empty(format('SELECT * FROM read_item(%s, 1)', :next),
                'none of a sale that has not begun');

SELECT results_eq(
    $$ SELECT number, state, buyer_purchases, purchase_limit, current_sale_id, read_at
       FROM read_user('amy', 0, 100) $$,
    format($$ VALUES (4, 'sold', 1, 3, %1$s, now()), (2, 'sold', 2, 3, %1$s, now()),
                     (3, 'held', NULL, 3, %1$s, now()) $$, :sale),
    'what a user bought, in order, and holds');
SELECT results_eq($$ SELECT number, purchase_limit FROM read_user('bob', 0, 100) $$,
                  $$ VALUES (NULL::integer, 3) $$, 'who has nothing');

SELECT results_eq(
    $$ SELECT number, purchases_total, holds_total FROM read_user('amy', 0, 2) $$,
    $$ VALUES (4, 2::bigint, 1::bigint), (2, 2, 1) $$, 'a page of it');
SELECT results_eq(
    $$ SELECT number, purchases_total, holds_total FROM read_user('amy', 2, 2) $$,
    $$ VALUES (3, 2::bigint, 1::bigint) $$, 'the next page');
SELECT results_eq(
    $$ SELECT number, purchase_limit, purchases_total, holds_total FROM read_user('amy', 4, 2) $$,
    $$ VALUES (NULL::integer, 3, 2::bigint, 1::bigint) $$, 'behind the last: the totals');

SELECT results_eq(
    $$ SELECT number, current_sale_id, purchases_total, holds_total FROM read_user('amy', 0, 0) $$,
    format($$ VALUES (NULL::integer, %s, 2::bigint, 1::bigint) $$, :sale), 'the totals alone');

-- What sells and what comes next are on the first page, however many are scheduled.
SELECT add_sale(1, p_starts_at => now() + n * interval '1 day',
                p_ends_at => now() + n * interval '1 day' + interval '1 hour')
FROM generate_series(1, 30) n \g /dev/null
SELECT results_eq('SELECT sale_id, sale_status FROM read_sales(0, 2)',
                  format($$ VALUES (%s, 'scheduled'), (%s, 'active') $$, :next, :sale),
                  'the next sale and the current one come first');
SELECT results_eq('SELECT sale_id, starts_at FROM read_sales(0, 100)',
                  format($$ SELECT sale_id, starts_at FROM (
                                SELECT *, starts_at > now() + interval '1 hour' AS is_far FROM sale) s
                            ORDER BY is_far, CASE WHEN is_far THEN NULL ELSE starts_at END DESC,
                                     starts_at $$),
                  'then the past, newest first, then what is further ahead, soonest first');
SELECT results_eq('SELECT sale_id FROM read_sales(20, 13)',
                  'SELECT sale_id FROM read_sales(0, 100) OFFSET 20', 'and so do pages');

SELECT throws_ok(format($$ UPDATE item SET name = repeat('ä', 48)
                           WHERE sale_id = %s AND number = 1 $$, :next),
                 '23514', NULL, 'a name has at most 95 bytes');

-- A user's holds are found without a look at those of all others.
SELECT add_sale(200, p_beside_others => true, p_starts_at => now() - interval '1 min') AS crowd \gset
SELECT checkout_outcomes(users(1, 200), numbers(1, 200)) AS ignored \gset
SELECT idx_tup_fetch AS before FROM pg_stat_xact_all_tables WHERE relid = 'flashsale.item'::regclass \gset
SELECT results_eq($$ SELECT number FROM read_user('user7', 0, 9) $$, ARRAY[7], 'one''s hold of many');
SELECT cmp_ok((SELECT idx_tup_fetch - :before FROM pg_stat_xact_all_tables
               WHERE relid = 'flashsale.item'::regclass), '<', 10::bigint, 'by a look at few items');

SELECT * FROM finish();
ROLLBACK;
