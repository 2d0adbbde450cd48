-- Which sales are missing: windows, and the gaps that other sales leave in them.

BEGIN;
\ir helper/sale.psql
SET timezone = 'UTC';
SELECT plan(27);

-- Windows. A week holds now() for long enough, whenever this runs.
SELECT is_empty('SELECT 1 FROM sale', 'there is no sale at first');
SELECT results_eq(
    'SELECT * FROM sale_windows(3600, 2)',
    $$ SELECT date_trunc('hour', now()) + make_interval(hours => n),
              date_trunc('hour', now()) + make_interval(hours => n + 1)
       FROM generate_series(0, 2) n $$, 'the hour that is, and two more');
SELECT is((SELECT array_agg(DISTINCT extract(epoch FROM starts_at) % 604800) FROM sale_windows(604800, 3)),
          ARRAY[0::numeric], 'windows begin at multiples of their duration since 1970');
SELECT is((SELECT array_agg(DISTINCT extract(epoch FROM starts_at) % 7) FROM sale_windows(7, 3)),
          ARRAY[0::numeric], 'of whatever duration');
SELECT is((SELECT tstzrange(starts_at, ends_at) @> now() FROM sale_windows(7, 0)), true,
          'now() lies in the first');
SELECT is((SELECT count(*)::integer FROM sale_windows(1, 1000)), 1001, 'as many as told');
SELECT throws_ok('SELECT * FROM sale_windows(0, 1)', '22012', NULL, 'of no duration: refused');

-- All are missing where there is none.
SELECT results_eq('SELECT * FROM sale_plan(3600, 3, 30)', 'SELECT * FROM sale_windows(3600, 3)',
                  'without a sale each window is missing');
SELECT results_eq('SELECT * FROM sale_plan(604800, 0, 604800)', 'SELECT * FROM sale_windows(604800, 0)',
                  'also where an item is reserved for all of it');
SELECT is_empty('SELECT * FROM sale_plan(604800, 2, 604801)', 'none that is shorter than a reservation');
SELECT is_empty('SELECT 1 FROM sale', 'and none is made by asking');

-- What is there is not missing. The window after the next: it is ahead whatever the hour.
SELECT starts_at AS s, ends_at AS e FROM sale_windows(604800, 2) OFFSET 2 \gset
CREATE FUNCTION gaps(p_hold_s integer) RETURNS TABLE (starts_at timestamptz, ends_at timestamptz)
LANGUAGE sql AS $$ SELECT * FROM sale_plan(604800, 2, p_hold_s) OFFSET 2 $$;
SAVEPOINT sales;
SELECT add_sale(1, p_starts_at => :'s', p_ends_at => :'e') AS sale \gset
SELECT results_eq('SELECT * FROM sale_plan(604800, 2, 30)', 'SELECT * FROM sale_windows(604800, 1)',
                  'a window that a sale fills is left out, the others are not');
SELECT is_empty('SELECT * FROM gaps(1)', 'nor is it cut');
ROLLBACK TO sales;

SELECT add_sale(1, p_starts_at => :'s'::timestamptz + '1 hour', p_ends_at => :'s'::timestamptz + '2 hours')
    AS sale \gset
SELECT results_eq(
    'SELECT * FROM gaps(30)',
    format($$ VALUES (%1$L::timestamptz, %1$L::timestamptz + '1 hour'),
                     (%1$L::timestamptz + '2 hours', %2$L::timestamptz) $$, :'s', :'e'),
    'a shorter sale leaves two gaps, before it and after it');
SELECT results_eq(
    'SELECT * FROM gaps(3600)',
    format($$ VALUES (%1$L::timestamptz, %1$L::timestamptz + '1 hour'),
                     (%1$L::timestamptz + '2 hours', %2$L::timestamptz) $$, :'s', :'e'),
    'a gap as long as a reservation is a sale');
SELECT results_eq(
    'SELECT * FROM gaps(3601)',
    format($$ VALUES (%1$L::timestamptz + '2 hours', %2$L::timestamptz) $$, :'s', :'e'),
    'one that is shorter is none');
SELECT add_sale(1, p_starts_at => :'s'::timestamptz + '3 hours 0.5 s', p_ends_at => :'e'::timestamptz + '1 hour')
    AS sale \gset
SELECT results_eq(
    'SELECT * FROM gaps(1)',
    format($$ VALUES (%1$L::timestamptz, %1$L::timestamptz + '1 hour'),
                     (%1$L::timestamptz + '2 hours', %1$L::timestamptz + '3 hours 0.5 s') $$, :'s'),
    'two sales, one beyond the window''s end: what is between them, to the part of a second');
ROLLBACK TO sales;

SELECT add_sale(1, p_starts_at => now() - interval '1 day', p_ends_at => 'infinity') AS sale \gset
SELECT is_empty('SELECT * FROM sale_plan(604800, 2, 30) WHERE ends_at > now()',
                'a sale without an end leaves nothing');
ROLLBACK TO sales;

SELECT add_sale(1, p_starts_at => :'s', p_ends_at => :'e', p_beside_others => true) AS sale \gset
SELECT results_eq('SELECT * FROM sale_plan(604800, 2, 30)', 'SELECT * FROM sale_windows(604800, 2)',
                  'one beside others leaves all of it');
ROLLBACK TO sales;

-- The window that is: what has passed of it is gone.
SELECT starts_at AS s, ends_at AS e FROM sale_windows(604800, 0) \gset
SELECT add_sale(1, p_starts_at => now(), p_ends_at => :'e') AS sale \gset
SELECT is_empty('SELECT * FROM sale_plan(604800, 0, 1)', 'a gap that ends now has passed');
ROLLBACK TO sales;
SELECT add_sale(1, p_starts_at => now() + '1 us', p_ends_at => :'e') AS sale \gset
SELECT results_eq('SELECT * FROM sale_plan(604800, 0, 1)',
                  format($$ VALUES (%L::timestamptz, now() + '1 us') $$, :'s'),
                  'one that has begun and not ended is a sale from its beginning');
ROLLBACK TO sales;
SELECT add_sale(1, p_starts_at => :'s', p_ends_at => now()) AS sale \gset
SELECT results_eq('SELECT * FROM sale_plan(604800, 0, 1)',
                  format($$ VALUES (now(), %L::timestamptz) $$, :'e'),
                  'where a sale ended early the rest of its window is one');
ROLLBACK TO sales;

-- Made as planned, nothing is missing.
SELECT count(add_sale(1, p_starts_at => starts_at, p_ends_at => ends_at)) AS made
FROM sale_plan(600, 5, 30) \gset
SELECT is(:made, 6, 'six are made');
SELECT is_empty('SELECT * FROM sale_plan(600, 5, 30)', 'then none is missing');

-- The log.
SELECT is(attempt_partitions_until(3600, 5), date_trunc('hour', now()) + interval '6 hours',
          'the log is wanted until the last window ends');
SELECT is(attempt_partitions_until(604800, 1000), now() + interval '31 days', 'for a month at most');
SELECT is(attempt_partitions_until(3600, 0), date_trunc('hour', now()) + interval '1 hour',
          'for the window that is at least');

SELECT * FROM finish();
ROLLBACK;
