-- A sale that stays open goes on beyond its end until it is sold out, beside the sales that begin meanwhile.

BEGIN;
\ir helper/sale.psql
SELECT plan(28);

SELECT add_sale(3, p_stays_open => true) AS first \gset
SELECT add_sale(3, p_starts_at => now() + interval '1 hour',
                p_ends_at => now() + interval '2 hours') AS second \gset

CREATE FUNCTION open_ids() RETURNS integer[]
LANGUAGE sql AS $$ SELECT array_agg(o.sale_id) FROM unnest(open_sales()) o $$;

SELECT is(open_ids(), ARRAY[:first], 'within its window it is the open one');
SELECT time_passes('1 hour');
SELECT is(open_ids(), ARRAY[:second, :first], 'beyond it it is open too, beside the next');
SELECT is((open_sale()).sale_id, :second, 'the newest is meant where none is named');
SELECT is((current_sale()).sale_id, :second, 'which viewers see too');
SELECT results_eq('SELECT sale_id, sale_status FROM sale_status()',
                  format($$ VALUES (%s, 'active') $$, :second), 'as active');
SELECT results_eq('SELECT sale_id, sale_status FROM read_sales(0, 9)',
                  format($$ VALUES (%s, 'active'), (%s, 'active') $$, :second, :first),
                  'in the list both are');
SAVEPOINT beside;
SELECT time_passes('2 hours');
SELECT is(open_ids(), ARRAY[:first], 'the next one ends, and the first goes on');
SELECT is((current_sale()).sale_id, :first, 'as the newest that is open');
SELECT results_eq('SELECT sale_id, sale_status FROM read_sales(0, 9)',
                  format($$ VALUES (%s, 'closed'), (%s, 'active') $$, :second, :first),
                  'which viewers see');
SELECT is(checkout_outcomes(ARRAY['amy'], ARRAY[1], p_sales => ARRAY[:second]), ARRAY['sale_closed'],
          'the one that ended is closed');
ROLLBACK TO beside;

SELECT is(checkout_outcomes(ARRAY['amy', 'bob'], ARRAY[1, 2], p_sales => times(:first, 2)),
          times('accepted', 2), 'items of the first are still held');
SELECT is((SELECT held_until FROM item WHERE sale_id = :first AND number = 1),
          now() + interval '30 s', 'for the whole time, not cut by the end');
SELECT is(checkout_outcomes(ARRAY['cat'], ARRAY[1], p_sales => ARRAY[:second]), ARRAY['accepted'],
          'so are the next sale''s');
SELECT is(purchase_outcomes(:first, ARRAY[1, 2]), times('purchased', 2), 'and sold');
SELECT is(open_ids(), ARRAY[:second, :first], 'one item is left, so it stays open');
SELECT is(checkout_outcomes(ARRAY['cat'], ARRAY[0], p_sales => ARRAY[:first]), ARRAY['accepted'],
          'any item of it: the last');
SELECT lives_ok('SELECT note_sold_out()', 'nothing to note yet');
SELECT is((SELECT sold_out_at FROM sale WHERE sale_id = :first), NULL, 'so nothing is noted');
SELECT is(purchase_outcomes(:first, ARRAY[3]), ARRAY['purchased'], 'the last is sold');

SELECT is(open_ids(), ARRAY[:second], 'now it is open no more');
SELECT is(checkout_outcomes(ARRAY['dan'], ARRAY[0], p_sales => ARRAY[:first]), ARRAY['sale_closed'],
          'and says so');
SELECT is(purchase_outcomes(:first, ARRAY[3]), ARRAY['repeated'], 'old codes answer as they did');
SELECT results_eq('SELECT sale_id, sale_status FROM read_sales(0, 9)',
                  format($$ VALUES (%s, 'active'), (%s, 'closed') $$, :second, :first),
                  'viewers see so');

SELECT lives_ok('SELECT note_sold_out()', 'the generator notes it');
SELECT is((SELECT sold_out_at FROM sale WHERE sale_id = :first), now(), 'on the sale');
SELECT is(open_ids(), ARRAY[:second], 'which changes nothing but the cost of looking');
SELECT is_empty(format('SELECT * FROM sale_audit(%s)', :first), 'all is sound');
SELECT is_empty(format('SELECT * FROM sale_audit(%s)', :second), 'of the other too');

SELECT * FROM finish();
ROLLBACK;
