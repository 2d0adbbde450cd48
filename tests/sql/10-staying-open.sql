-- A sale that stays open goes on beyond its end until it is sold out; the next one waits for that.

BEGIN;
\ir helper/sale.psql
SELECT plan(26);

SELECT add_sale(3) AS first \gset
UPDATE sale SET stays_open = true WHERE sale_id = :first;
SELECT add_sale(3, p_starts_at => now() + interval '1 hour',
                p_ends_at => now() + interval '2 hours') AS second \gset

SELECT is((open_sale()).sale_id, :first, 'within its window it is the open one');
SELECT time_passes('1 hour');
SELECT is((open_sale()).sale_id, :first, 'and beyond it, though the next has begun');
SELECT is((current_sale()).sale_id, :first, 'which viewers see too');
SELECT results_eq('SELECT sale_id, sale_status FROM sale_status()',
                  format($$ VALUES (%s, 'active') $$, :first), 'as active');
SELECT results_eq('SELECT sale_id, sale_status FROM read_sales(0, 9)',
                  format($$ VALUES (%s, 'scheduled'), (%s, 'active') $$, :second, :first),
                  'the next is not open yet: it waits');
SAVEPOINT waiting;
SELECT time_passes('2 hours');
SELECT results_eq('SELECT sale_id, sale_status FROM read_sales(0, 9)',
                  format($$ VALUES (%s, 'closed'), (%s, 'active') $$, :second, :first),
                  'one whose time ended while it waited will never be open');
UPDATE sale SET stays_open = true WHERE sale_id = :second;
SELECT add_sale(3, p_starts_at => now() + interval '1 hour',
                p_ends_at => now() + interval '2 hours') AS third \gset
SELECT results_eq('SELECT sale_id, sale_status FROM read_sales(0, 9)',
                  format($$ VALUES (%s, 'scheduled'), (%s, 'active'), (%s, 'scheduled') $$,
                         :second, :first, :third),
                  'but for one that stays open too, which is the next');
SELECT checkout_outcomes(times('amy', 3), ARRAY[1, 2, 3]) AS ignored \gset
SELECT purchase_outcomes(:first, ARRAY[1, 2, 3]) AS ignored \gset
SELECT is((open_sale()).sale_id, :second, 'and opens when the first is sold out');
SELECT results_eq('SELECT sale_id, sale_status FROM read_sales(0, 9)',
                  format($$ VALUES (%s, 'scheduled'), (%s, 'active'), (%s, 'closed') $$,
                         :third, :second, :first), 'which viewers see');
ROLLBACK TO waiting;

SELECT is(checkout_outcomes(ARRAY['amy', 'bob'], ARRAY[1, 2]), times('accepted', 2),
          'its items are still held');
SELECT is((SELECT held_until FROM item WHERE sale_id = :first AND number = 1),
          now() + interval '30 s', 'for the whole time, not cut by the end');
SELECT is(checkout_outcomes(ARRAY['cat'], ARRAY[1], p_sales => ARRAY[:second]),
          ARRAY['sale_closed'], 'the next sale''s are not');
SELECT is(purchase_outcomes(:first, ARRAY[1, 2]), times('purchased', 2), 'and sold');
SELECT is((open_sale()).sale_id, :first, 'one item is left, so it stays open');
SELECT is(checkout_outcomes(ARRAY['cat'], ARRAY[0]), ARRAY['accepted'], 'any item: the last');
SELECT lives_ok('SELECT note_sold_out()', 'nothing to note yet');
SELECT is((SELECT sold_out_at FROM sale WHERE sale_id = :first), NULL, 'so nothing is noted');
SELECT is(purchase_outcomes(:first, ARRAY[3]), ARRAY['purchased'], 'the last is sold');

SELECT is((open_sale()).sale_id, :second, 'now the next one is open');
SELECT is(checkout_outcomes(ARRAY['dan'], ARRAY[1]), ARRAY['accepted'], 'and its items are held');
SELECT is(purchase_outcomes(:first, ARRAY[3]), ARRAY['repeated'], 'old codes answer as they did');
SELECT results_eq('SELECT sale_id, sale_status FROM read_sales(0, 9)',
                  format($$ VALUES (%s, 'active'), (%s, 'closed') $$, :second, :first),
                  'viewers see so');

SELECT lives_ok('SELECT note_sold_out()', 'the generator notes it');
SELECT is((SELECT sold_out_at FROM sale WHERE sale_id = :first), now(), 'on the sale');
SELECT is((open_sale()).sale_id, :second, 'which changes nothing but the cost of looking');
SELECT is_empty(format('SELECT * FROM sale_audit(%s)', :first), 'all is sound');

SELECT * FROM finish();
ROLLBACK;
