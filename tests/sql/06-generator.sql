-- Making sales, and the partitions of the log.

BEGIN;
\ir helper/sale.psql
SET timezone = 'UTC';
SELECT plan(38);

-- A sale and its stripes.
SELECT sale_add(now(), now() + interval '1 hour', 1000, 7, 45) AS sale \gset
SELECT results_eq(
    'SELECT sale_id, starts_at, ends_at, items_total, purchase_limit, hold_s FROM sale',
    format($$ VALUES (%s, now(), now() + interval '1 hour', 1000, 7, 45) $$, :sale),
    'sale_add makes the sale as told');
SELECT is((SELECT array_agg(n ORDER BY n) FROM sale_stripe,
                  generate_series(unoffered_next, unoffered_last) n WHERE sale_id = :sale),
          numbers(1, 1000), 'its stripes share all numbers out, each once');
SELECT is((SELECT max(unoffered_last - unoffered_next) - min(unoffered_last - unoffered_next) FROM sale_stripe
           WHERE sale_id = :sale), 1, 'evenly');

-- Complete or not at all.
SELECT throws_ok('SET CONSTRAINTS ALL IMMEDIATE', '23000',
                 format('sale %s has 0 items of 1000', :sale), 'a sale without items is refused');
SELECT add_items(:sale, 999);
SELECT throws_ok('SET CONSTRAINTS ALL IMMEDIATE', '23000',
                 format('sale %s has 999 items of 1000', :sale), 'one item short: refused');
SAVEPOINT short;
INSERT INTO item (sale_id, number, picture_seed, price_cents, name)
VALUES (:sale, 1001, 1, 1, 'instead of 1000');
SELECT throws_ok('SET CONSTRAINTS ALL IMMEDIATE', '23000', NULL,
                 'the right count with a wrong number: refused');
INSERT INTO item (sale_id, number, picture_seed, price_cents, name)
VALUES (:sale, 1000, 1, 1, 'the last');
SELECT throws_ok('SET CONSTRAINTS ALL IMMEDIATE', '23000', NULL, 'one too many: refused');
ROLLBACK TO short;
INSERT INTO item (sale_id, number, picture_seed, price_cents, name)
VALUES (:sale, 1000, 1, 1, 'the last');
SELECT lives_ok('SET CONSTRAINTS ALL IMMEDIATE', 'exactly its items: accepted');
SELECT throws_ok(format('SELECT add_items(%s, 1)', :sale), '23505', NULL,
                 'an item is there once');
SELECT throws_ok($$ INSERT INTO item (sale_id, number, picture_seed, price_cents, name)
                    VALUES (999999, 1, 1, 1, 'of no sale') $$, '23503', NULL,
                 'an item belongs to a sale');
SET CONSTRAINTS ALL DEFERRED;

-- Its number is its own.
SAVEPOINT left_over;
INSERT INTO buyer (sale_id, user_id, numbers, granted, purchase_limit)
VALUES (:sale + 1, 'amy', ARRAY[1], 1, 10);
SELECT add_sale(1, p_starts_at => now() + '1 hour', p_ends_at => now() + '2 hours') AS next \gset
SELECT throws_ok('SET CONSTRAINTS ALL IMMEDIATE', '23000',
                 format('sale %s is new and has buyers or holds', :next),
                 'a buyer of an earlier sale of the same number: refused');
ROLLBACK TO left_over;
INSERT INTO sale_stripe (sale_id, stripe, unoffered_next, unoffered_last) VALUES (:sale + 1, 3, 1, 1);
SELECT throws_ok($$ SELECT add_sale(1, p_starts_at => now() + '1 hour',
                                       p_ends_at => now() + '2 hours') $$,
                 '23505', 'duplicate key value violates unique constraint "sale_stripe_pkey"',
                 'a stripe of such a sale: refused');
ROLLBACK TO left_over;

-- Windows are apart.
SELECT throws_ok($$ SELECT add_sale(1, p_starts_at => now(), p_ends_at => now() + '1 hour') $$,
                 '23P01', NULL, 'the same sale a second time: refused');
SELECT throws_ok($$ SELECT add_sale(1, p_starts_at => now() + interval '30 min',
                                       p_ends_at => now() + interval '90 min') $$,
                 '23P01', NULL, 'a sale that overlaps another: refused');
SELECT throws_ok($$ SELECT add_sale(1, p_starts_at => now() - interval '1 hour',
                                       p_ends_at => now() + interval '1 us') $$,
                 '23P01', NULL, 'also by a microsecond');
SELECT throws_ok($$ SELECT add_sale(1, p_starts_at => now() - interval '1 hour',
                                       p_ends_at => now() + interval '2 hours') $$,
                 '23P01', NULL, 'also from both sides');
SELECT is(add_sale(1, p_starts_at => now() + interval '1 hour',
                      p_ends_at => now() + interval '2 hours'), :sale + 1,
          'the next one begins as this one ends, and has the next id');
SELECT throws_ok($$ SELECT add_sale(1, p_starts_at => now() + interval '4 hours',
                                       p_ends_at => now() + interval '4 hours') $$,
                 '23514', NULL, 'a sale of no length: refused');
SELECT throws_ok($$ SELECT add_sale(0, p_starts_at => now() + interval '4 hours',
                                       p_ends_at => now() + interval '5 hours') $$,
                 '23514', NULL, 'a sale of nothing: refused');
CREATE TEMPORARY TABLE sized AS
SELECT items, add_sale(items, p_starts_at => now() + make_interval(hours => 10 + items),
                       p_ends_at => now() + make_interval(hours => 11 + items)) AS sale_id
FROM generate_series(2, 100, 7) items;
SELECT is((SELECT count(*)::integer FROM sized
           WHERE (SELECT array_agg(n ORDER BY n) FROM sale_stripe s,
                         generate_series(s.unoffered_next, s.unoffered_last) n
                  WHERE s.sale_id = sized.sale_id) = numbers(1, items)), 15,
          'the stripes share out sales of any size');

-- Partitions.
CREATE FUNCTION partitions() RETURNS SETOF text
LANGUAGE sql AS $$
    SELECT c.relname::text FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
    WHERE h.inhparent = 'flashsale.attempt'::regclass ORDER BY 1
$$;
CREATE FUNCTION partition_of(p_day date) RETURNS text
LANGUAGE sql AS $$ SELECT to_char(p_day, '"attempt_"YYYY_MM_DD') $$;
SELECT set_eq('SELECT partitions()', ARRAY['attempt_default'], 'none but the default at first');

INSERT INTO attempt (attempted_at, outcome, user_id)
SELECT at, 'sale_closed', format('user%s', n)
FROM (VALUES (1, now()), (2, current_date + interval '1 day'),
             (3, current_date + interval '2 days' - interval '1 us'),
             (4, current_date + interval '3 days'), (5, current_date - interval '1 us')) v (n, at);
CREATE TEMPORARY TABLE before AS SELECT * FROM log;

SELECT results_eq(
    $$ SELECT * FROM attempt_partitions_due(now() + interval '2 days', 30) $$,
    $$ SELECT 'make', partition_of(current_date + n), current_date + n
       FROM generate_series(0, 2) n $$, 'three are due: today and two days');
SELECT set_eq('SELECT partitions()', ARRAY['attempt_default'], 'and none is made by asking');
SELECT results_eq(
    $$ SELECT * FROM attempt_partitions(now() + interval '2 days', 30) $$,
    'VALUES (3, 0)', 'they are made');
SELECT set_eq(
    'SELECT partitions()',
    $$ SELECT 'attempt_default' UNION ALL
       SELECT partition_of(current_date + n) FROM generate_series(0, 2) n $$,
    'one a day');
SELECT set_eq('SELECT * FROM log', 'SELECT * FROM before', 'no row is lost');
SELECT results_eq(
    $$ SELECT tableoid::regclass::text, user_id COLLATE "default" FROM attempt ORDER BY 2 $$,
    $$ VALUES (partition_of(current_date), 'user1'), (partition_of(current_date + 1), 'user2'),
              (partition_of(current_date + 1), 'user3'), ('attempt_default', 'user4'),
              ('attempt_default', 'user5') $$,
    'rows of those days moved out of the default partition, the others stayed');
SELECT results_eq(
    $$ SELECT * FROM attempt_partitions(now() + interval '2 days', 30) $$,
    'VALUES (0, 0)', 'again: nothing to do');
INSERT INTO attempt (outcome, user_id) VALUES ('sale_closed', 'user6');
SELECT is((SELECT tableoid::regclass::text FROM attempt WHERE user_id = 'user6'),
          partition_of(current_date), 'new rows go to their day''s');

SELECT format('CREATE TABLE flashsale.%1$I PARTITION OF flashsale.attempt
               FOR VALUES FROM (%2$L) TO (%3$L)',
              partition_of(current_date - n), current_date - n, current_date - n + 1)
FROM generate_series(9, 12) n \gexec
SELECT format('ALTER TABLE flashsale.%I OWNER TO flashsale_owner', partition_of(current_date - n))
FROM generate_series(9, 12) n \gexec
INSERT INTO attempt (attempted_at, outcome, user_id)
SELECT current_date - n + interval '1 h', 'sale_closed', format('old%s', n)
FROM generate_series(9, 12) n;
SELECT results_eq(
    $$ SELECT * FROM attempt_partitions_due(now() + interval '3 days', 10) $$,
    $$ SELECT action, partition_of(current_date + n), current_date + n
       FROM (VALUES ('drop', -12), ('drop', -11), ('make', 3)) v (action, n) $$,
    'past retention: due to be dropped');
SELECT results_eq('SELECT * FROM attempt_partitions(now(), 10)', 'VALUES (0, 2)',
                  'and dropped');
SELECT is_empty('SELECT * FROM attempt_partitions_due(now(), 10)', 'then nothing is due');
SELECT set_eq($$ SELECT user_id COLLATE "default" FROM attempt WHERE user_id LIKE 'old%' $$,
              ARRAY['old9', 'old10'], 'with their rows, the others stay');
SELECT results_eq('SELECT * FROM attempt_partitions(now(), 10)', 'VALUES (0, 0)',
                  'again: nothing to do');
SELECT results_eq($$ SELECT * FROM attempt_partitions(now() + interval '9 days', 10) $$,
                  'VALUES (7, 0)', 'further ahead: only what is missing');
SELECT is((SELECT tableoid::regclass::text FROM attempt WHERE user_id = 'user4'),
          partition_of(current_date + 3), 'and the row that waited moved there');
SET LOCAL ROLE flashsale_generator;
SELECT lives_ok($$ SELECT * FROM flashsale.attempt_partitions(now() + interval '10 days', 10) $$,
                'the generator may do that');
RESET ROLE;
SELECT set_eq('SELECT * FROM log WHERE user_id IN (SELECT user_id FROM before)',
              'SELECT * FROM before', 'no row was lost');

SELECT * FROM finish();
ROLLBACK;
