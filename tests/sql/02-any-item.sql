-- Checkouts of any item: to the last one, however the others went.

BEGIN;
\ir helper/sale.psql
SELECT plan(30);

CREATE FUNCTION any_outcomes(p_times integer) RETURNS text[]
LANGUAGE sql AS $$
    SELECT array_agg(format('%s %s', n, outcome) ORDER BY outcome COLLATE "C")
    FROM (SELECT count(*) AS n, c.outcome
          FROM checkout(users(1, p_times), times(0, p_times)) c GROUP BY c.outcome) o
$$;

SELECT add_sale(40) AS sale \gset

-- Some are held, some sold, by number.
SELECT is(checkout_outcomes(users(1, 10), numbers(1, 10)), times('accepted', 10), 'ten are held');
SELECT is(purchase_outcomes(:sale, numbers(1, 5)), times('purchased', 5), 'and five of them sold');

CREATE TEMPORARY TABLE given AS
SELECT row_number() OVER () AS ordinal, c.*
FROM checkout(times('amy', 3) || users(1, 5), times(0, 8)) c;
SELECT is((SELECT array_agg(outcome) FROM given), times('accepted', 8), 'any: accepted');
SELECT is((SELECT count(DISTINCT number)::integer FROM given), 8,
          'each request gets its own item, the same user''s too');
SELECT is((SELECT count(*)::integer FROM given WHERE number <= 10), 0, 'none that is held or sold');
SELECT is((SELECT count(DISTINCT secret)::integer FROM given), 8, 'each its own code');
SELECT is((SELECT array_agg(format('Item %s', number) = name) FROM given), times(true, 8),
          'and the name is that item''s');
SELECT results_eq(
    $$ SELECT t.number, t.held_by, t.secret FROM taken t WHERE number > 10 ORDER BY 1 $$,
    $$ SELECT g.number, (times('amy', 3) || users(1, 5))[g.ordinal], g.secret FROM given g
       ORDER BY 1 $$,
    'the rows say the same as the replies');
SELECT results_eq(
    $$ SELECT l.number, l.user_id, l.secret FROM log l WHERE number > 10 ORDER BY 1 $$,
    $$ SELECT t.number, t.held_by, t.secret FROM taken t WHERE number > 10 ORDER BY 1 $$,
    'and so does the log');

SELECT is(any_outcomes(30), ARRAY['22 accepted', '8 held'],
          'of forty items twenty-two were free: exactly so many are given');
SELECT is(any_outcomes(5), ARRAY['5 held'], 'then none: held, for some hold may run out');
SELECT results_eq(
    $$ SELECT outcome, number, secret, expires_at, name FROM checkout(ARRAY['zoe'], ARRAY[0]) $$,
    $$ VALUES ('held', NULL::integer, NULL::uuid, NULL::timestamptz, NULL) $$,
    'a refusal of any item names none');
SELECT is((SELECT count(*)::integer FROM log WHERE number IS NULL AND outcome = 'held'), 14,
          'and is logged without a number');
SELECT is_empty(format('SELECT * FROM sale_audit(%s)', :sale), 'the audit finds nothing');

-- Holds run out and come back.
SELECT is(purchase_outcomes(:sale, numbers(6, 12)), times('purchased', 7), 'some are bought');
SELECT time_passes('29 s');
SELECT is(any_outcomes(1), ARRAY['1 held'], 'before their time holds do not come back');
SELECT time_passes('1 s');
SELECT is(any_outcomes(64), ARRAY['28 accepted', '36 held'],
          'at their time all that are not sold come back, once');
SELECT time_passes('30 s');
SELECT is(checkout_outcomes(users(1, 14), numbers(13, 26)), times('accepted', 14),
          'half of what came back again is held by number');
SELECT is(any_outcomes(64), ARRAY['14 accepted', '50 held'], 'the other half as any');
SELECT time_passes('30 s');
SELECT is(any_outcomes(10), ARRAY['10 accepted'], 'in small batches too');
SELECT is(any_outcomes(10), ARRAY['10 accepted'], '...');
SELECT is(any_outcomes(10), ARRAY['8 accepted', '2 held'], '... to the last');
SELECT is_empty(format('SELECT * FROM sale_audit(%s)', :sale), 'the audit finds nothing');

-- All are sold.
SELECT is(purchase_outcomes(:sale, numbers(13, 40)), times('purchased', 28), 'all are bought');
SELECT is(checkout_outcomes(ARRAY['zoe', 'zoe', 'user1'], ARRAY[0, 3, 40]), times('sold_out', 3),
          'every item is sold: sold_out, for any and for each');
SELECT time_passes('1 min');
SELECT is(any_outcomes(2), ARRAY['2 sold_out'], 'and it stays so');
SELECT is_empty(format('SELECT * FROM sale_audit(%s)', :sale), 'the audit finds nothing');

-- Any and numbers in one batch, for a single item.
DELETE FROM hold_queue;
DELETE FROM sale_stripe;
DELETE FROM item;
DELETE FROM buyer;
DELETE FROM attempt;
DELETE FROM sale;
SELECT add_sale(1) AS sale \gset
SELECT is(checkout_outcomes(ARRAY['amy', 'bob', 'cat', 'bob'], ARRAY[1, 0, 0, 1]),
          ARRAY['accepted', 'held', 'held', 'held'],
          'any and a number want the last item: the one who named it gets it');

-- An id that names no item, where the settings say that it means any.
SELECT time_passes('30 s');
SELECT is(checkout_outcomes(times('amy', 3), ARRAY[-1, 999999, 1], p_unknown_is_any => true),
          ARRAY['held', 'held', 'accepted'], 'unknown_is_any: a number out of range means any');
SELECT is_empty(format('SELECT * FROM sale_audit(%s)', :sale), 'the audit finds nothing');

SELECT * FROM finish();
ROLLBACK;
