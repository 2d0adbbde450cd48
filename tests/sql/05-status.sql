-- What the status page is told.

BEGIN;
\ir helper/sale.psql
SELECT plan(12);

SELECT results_eq(
    'SELECT sale_id, sale_status, starts_at, items_total, checkouts_accepted, server_time
     FROM sale_status()',
    $$ VALUES (NULL::integer, 'none', NULL::timestamptz, 0, 0::bigint, now()) $$,
    'no sale: one row, none');
SELECT results_eq('SELECT purchase_limit, hold_s, stays_open, next_starts_at FROM sale_status()',
                  $$ VALUES (NULL::integer, NULL::integer, false, NULL::timestamptz) $$,
                  'without terms, and none is planned');
SELECT add_sale(5, p_starts_at => now() + interval '3 hours', p_ends_at => now() + interval '4 hours')
    AS next_sale \gset
SELECT is((SELECT sale_status FROM sale_status()), 'none', 'a sale to come is not one yet');

SELECT add_sale(20) AS sale \gset
SELECT results_eq(
    'SELECT * FROM sale_status()',
    format($$ SELECT %s, 'active', now() - interval '1 hour', now() + interval '1 hour', now(),
                     20, 10, 30, false, 0, 0, now() + interval '3 hours', 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint $$, :sale),
    'the open sale: active, nothing counted');

SELECT checkout_outcomes(ARRAY['amy', 'amy', 'bob'], ARRAY[1, 1, 1]) AS ignored \gset
SELECT checkout_outcomes(times('amy', 3), ARRAY[0, 0, 21]) AS ignored \gset
SELECT checkout_outcomes(ARRAY['amy'], ARRAY[1], ARRAY[:next_sale]) AS ignored \gset
SELECT purchase_outcomes(:sale, ARRAY[1, 1, 2],
                         ARRAY[secret_of(:sale, 1), secret_of(:sale, 1), gen_random_uuid()])
    AS ignored \gset
CREATE TEMPORARY TABLE said AS SELECT * FROM sale_status();
SELECT results_eq(
    'SELECT sale_status, items_held, checkouts_accepted, checkouts_repeated, checkouts_refused,
            purchases_accepted, purchases_refused FROM said',
    $$ VALUES ('active', 2::bigint, 3::bigint, 1::bigint, 2::bigint, 1::bigint, 1::bigint) $$,
    'requests are counted by what came of them');
SELECT is((SELECT checkouts_accepted + checkouts_repeated + checkouts_refused FROM said),
          (SELECT count(*) FROM attempt WHERE sale_id = :sale), 'as the log has them');

SELECT time_passes('30 s');
SELECT is((SELECT items_held::integer FROM sale_status()), 0, 'holds that ran out are none');
SELECT checkout_outcomes(ARRAY['amy'], ARRAY[2]) AS ignored \gset
SELECT checkout_outcomes(ARRAY['bob'], ARRAY[0]) AS ignored \gset
SELECT is((SELECT items_held::integer FROM sale_status()), 2, 'and count once when given again');
SELECT checkout_outcomes(users(2, 20), times(0, 19)) AS ignored \gset
SELECT purchase_outcomes(:sale, (SELECT array_agg(number) FROM taken WHERE purchased_at IS NULL))
    AS ignored \gset
SELECT results_eq('SELECT sale_status, purchases_accepted FROM sale_status()',
                  $$ VALUES ('sold_out', 20::bigint) $$, 'all are sold: sold_out');
-- The next one is the next to begin, of many, whatever their numbers.
SELECT count(add_sale(5, p_starts_at => now() + make_interval(hours => h),
                      p_ends_at => now() + make_interval(hours => h, mins => 30))) AS ignored
FROM (SELECT h FROM generate_series(5, 24) h UNION ALL SELECT 2) h (h) \gset
SELECT is((SELECT next_starts_at FROM sale_status()), now() + interval '2 hours',
          'the next sale is the first to begin of all that are ahead');
DELETE FROM sale_stripe WHERE sale_id > :sale;
DELETE FROM item WHERE sale_id > :sale;
DELETE FROM sale WHERE sale_id > :sale;
SELECT time_passes('1 hour');
SELECT results_eq('SELECT sale_id, sale_status, purchases_accepted FROM sale_status()',
                  format($$ VALUES (%s, 'closed', 20::bigint) $$, :sale),
                  'its time is over: closed, with its counts');
SELECT time_passes('2 hours');
SELECT results_eq('SELECT sale_id, sale_status, purchases_accepted FROM sale_status()',
                  format($$ VALUES (%s, 'active', 0::bigint) $$, :next_sale),
                  'until the next one begins');

SELECT * FROM finish();
ROLLBACK;
