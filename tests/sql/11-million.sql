-- A sale of a million items, all sold, is audited in seconds, whatever PostgreSQL knows of the tables:
-- nothing at all, all of it, a table alone, or what was so when they were nearly empty. TEST_SLOWNESS
-- stretches the bounds: 1 is a machine that does nothing else, and 4, unless told otherwise, one that runs
-- other tests beside this. A wrong plan takes a minute.

BEGIN;
\ir helper/sale.psql
\set slowness 4
\getenv slowness TEST_SLOWNESS
SELECT plan(24);
SELECT set_config('statement_timeout', (60000 * :slowness)::text, true) AS ignored \gset

CREATE FUNCTION analyzed(p_tables text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_table text;
BEGIN
    DELETE FROM pg_statistic WHERE starelid IN (
        SELECT oid FROM pg_class WHERE relnamespace = 'flashsale'::regnamespace);
    FOREACH v_table IN ARRAY string_to_array(p_tables, ' ') LOOP
        EXECUTE format('ANALYZE flashsale.%I', v_table);
    END LOOP;
END
$$;

-- Statistics of a few rows of another sale: that all are of that one.
SELECT add_sale(20, p_starts_at => now() - interval '5 hours', p_ends_at => now() - interval '4 hours')
    AS small \gset
INSERT INTO buyer SELECT :small, 'user' || n, ARRAY[n], 1, 10 FROM generate_series(1, 20) n;
INSERT INTO attempt (attempted_at, sale_id, number, outcome, user_id)
SELECT now() - interval '5 hours', :small, n, 'held', 'user' || n FROM generate_series(1, 20) n;
SELECT analyzed('sale item buyer attempt sale_stripe') AS ignored \gset

SELECT sale_add(now() - interval '1 hour', now() + interval '1 hour', 1000000, 10, 600) AS sale \gset
INSERT INTO item (sale_id, number, picture_seed, price_cents, name, held_until, purchased_at, secret,
                  held_by)
SELECT :sale, n, n * 7, 100, 'Item ' || n, at + interval '600 s', at + interval '5 s', md5(n::text)::uuid,
       'user' || (n - 1) / 10
FROM generate_series(1, 1000000) n
CROSS JOIN LATERAL (SELECT now() - interval '50 min' + n * interval '1 ms' AS at) h;
INSERT INTO attempt (attempted_at, sale_id, number, outcome, secret, user_id)
SELECT now() - interval '50 min' + n * interval '1 ms', :sale, n, 'accepted', md5(n::text)::uuid,
       'user' || (n - 1) / 10
FROM generate_series(1, 1000000) n;
INSERT INTO attempt (attempted_at, sale_id, number, outcome, user_id)
SELECT now() - interval '30 min', :sale, n, 'held', 'other' FROM generate_series(1, 200000) n;
INSERT INTO buyer
SELECT :sale, 'user' || n, ARRAY(SELECT generate_series(n * 10 + 1, n * 10 + 10)), 1, 10
FROM generate_series(0, 99999) n;
UPDATE sale_stripe SET checkouts_accepted = 1000000, checkouts_refused = 200000, purchases_accepted = 1000000
WHERE sale_id = :sale AND stripe = 0;

SELECT format('SELECT * FROM sale_audit(%s)', :sale) AS audit, (3000 * :slowness)::integer AS limit_ms \gset
SELECT performs_ok(:'audit', :limit_ms, 'with statistics of nearly empty tables');
SELECT is_empty(:'audit', 'it is sound');
-- Batches look all up by primary key: these are refused, for all is sold.
SELECT format($$ SELECT * FROM checkout_batch(users(1, 128), array_fill(0, ARRAY[128]), numbers(5001, 5128),
    ARRAY(SELECT gen_random_uuid() FROM generate_series(1, 128)), array_fill(0, ARRAY[128])::smallint[],
    array_fill(NULL::timestamptz, ARRAY[128]), array_fill(now(), ARRAY[128]), false) $$) AS batch \gset
SELECT performs_ok(:'batch', 100 * :slowness, 'a batch of checkouts');
SELECT analyzed('') AS ignored \gset
SELECT performs_ok(:'audit', :limit_ms, 'without statistics');
SELECT analyzed('sale') AS ignored \gset
SELECT performs_ok(:'audit', :limit_ms, 'with those of sales');
SELECT analyzed('item') AS ignored \gset
SELECT performs_ok(:'audit', :limit_ms, 'with those of items');
SELECT analyzed('buyer') AS ignored \gset
SELECT performs_ok(:'audit', :limit_ms, 'with those of buyers');
SELECT analyzed('attempt') AS ignored \gset
SELECT performs_ok(:'audit', :limit_ms, 'with those of the log');
SELECT analyzed('item buyer sale') AS ignored \gset
SELECT performs_ok(:'audit', :limit_ms, 'with all but those of the log');
SELECT analyzed('attempt sale') AS ignored \gset
SELECT performs_ok(:'audit', :limit_ms, 'with those of sales and the log');
SELECT analyzed('sale item buyer attempt sale_stripe') AS ignored \gset
SELECT performs_ok(:'audit', :limit_ms, 'with all statistics');
SELECT performs_ok(:'batch', 100 * :slowness, 'a batch of checkouts');

-- What is wrong is found among the million, and does not cost much more.
UPDATE item SET secret = gen_random_uuid() WHERE sale_id = :sale AND number = 777777;
UPDATE buyer SET user_id = 'thief' WHERE sale_id = :sale AND user_id = 'user0';
SELECT performs_ok(:'audit', :limit_ms * 2, 'one code and one buyer that are not as they should be');
SELECT is((SELECT array_agg(concat_ws(' ', violation, count) ORDER BY violation)
           FROM (SELECT violation, count(*) FROM sale_audit(:sale) GROUP BY violation) v),
          ARRAY['buyer_differs 20', 'hold_not_logged 1', 'sold_without_code 1'], 'and are found');

-- What is read while it is sold.
SELECT performs_ok(format('SELECT * FROM read_items(%s, ''sold'', 999900, 100)', :sale), :limit_ms,
                   'the last page of the items sold');
SELECT performs_ok(format('SELECT * FROM read_items(%s, NULL, 999900, 100)', :sale), 100 * :slowness,
                   'the last page of all items');
SELECT performs_ok('SELECT * FROM sale_status()', :limit_ms, 'the status');
SELECT performs_ok('SELECT * FROM read_user(''user7'', 0, 100)', :limit_ms, 'what a user has');

-- What reports read: one sale is found by its key, and sales are counted by their stripes.
SELECT is((SELECT count(*) FROM purchases), 1000000::bigint, 'exactly the million');
SELECT performs_ok('SELECT count(*) FROM purchases', :limit_ms, 'is counted');
SELECT performs_ok('SELECT count(*) FROM checkout_attempts', :limit_ms, 'as is the log');
SELECT performs_ok(format('SELECT count(*) FROM purchases WHERE sale_id = %s', :small), 25 * :slowness,
                   'a small sale''s purchases beside it');
SELECT performs_ok('SELECT * FROM sales WHERE active', 25 * :slowness, 'the sales that are active');
SELECT is((SELECT items_sold FROM sales WHERE sale_id = :sale), 1000000::bigint, 'with the same count');

SELECT * FROM finish();
ROLLBACK;
-- The space that the million took.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
TRUNCATE flashsale.sale, flashsale.item, flashsale.buyer, flashsale.attempt, flashsale.sale_stripe,
    flashsale.draw_secret, flashsale.hold_queue;
