-- What reports read: a row for each item sold, each attempt and each sale, and neither codes nor anything to write.

BEGIN;
\ir helper/sale.psql
SELECT plan(45);

-- ---- rows ----

SELECT is((SELECT count(*) FROM purchases), 0::bigint, 'nothing is sold');
SELECT is_empty('SELECT * FROM checkout_attempts', 'nothing was tried');
SELECT is_empty('SELECT * FROM sales', 'and there is no sale');

SELECT add_sale(5, p_purchase_limit => 2) AS sale \gset
SELECT add_sale(7, p_starts_at => now() - interval '5 hours', p_ends_at => now() - interval '4 hours') AS old \gset
SELECT add_sale(9, p_starts_at => now() + interval '2 hours', p_ends_at => now() + interval '3 hours') AS next \gset

SELECT is(checkout_outcomes(ARRAY['amy', 'amy', 'bob', 'bob', 'amy', 'cora'], ARRAY[1, 2, 3, 1, 1, 99]),
          ARRAY['accepted', 'accepted', 'accepted', 'held', 'repeated', 'unknown_item'], 'six attempts');
SELECT is(purchase_outcomes(:sale, ARRAY[1, 2, 2]), ARRAY['purchased', 'purchased', 'repeated'],
          'two purchases, one of them twice');
SELECT is(checkout_outcomes(ARRAY['amy', 'bob', 'bob'], ARRAY[4, 1, 4], ARRAY[0, 0, :next]),
          ARRAY['user_limit', 'sold', 'sale_closed'], 'three attempts more');

SELECT results_eq(
    $$ SELECT purchase_id, sale_id, item_id, number, name, user_id COLLATE "default", price, purchased_at
       FROM purchases ORDER BY purchase_id $$,
    format($$ SELECT %1$s * 10000000::bigint + i.number, %1$s, format('%%s-%%s', %1$s, i.number), i.number, i.name,
                     'amy', i.number::numeric(12, 2), i.purchased_at
              FROM item i WHERE i.number IN (1, 2) AND i.sale_id = %1$s ORDER BY i.number $$, :sale),
    'each item sold is a purchase, and no hold is');
UPDATE item SET price_cents = 4449 WHERE sale_id = :sale AND number = 2;
SELECT is((SELECT sum(price)::text FROM purchases), '45.49', 'prices are exact');
SELECT results_eq(
    $$ SELECT user_id COLLATE "default", item_id, number, outcome FROM checkout_attempts ORDER BY 1, 3, 4 $$,
    format($$ VALUES ('amy', '%1$s-1', 1, 'accepted'), ('amy', '%1$s-1', 1, 'repeated'), ('amy', '%1$s-2', 2, 'accepted'),
                     ('amy', '%1$s-4', 4, 'user_limit'), ('bob', '%1$s-1', 1, 'held'), ('bob', '%1$s-1', 1, 'sold'),
                     ('bob', '%1$s-3', 3, 'accepted'), ('bob', '%2$s-4', 4, 'sale_closed'),
                     ('cora', '%1$s-99', 99, 'unknown_item') $$, :sale, :next),
    'each attempt is a row');
SELECT results_eq('SELECT sale_id, items_total, items_sold, items_unsold, status, active FROM sales ORDER BY starts_at',
                  format($$ VALUES (%s, 7, 0::bigint, 7::bigint, 'closed', false), (%s, 5, 2, 3, 'active', true),
                                   (%s, 9, 0, 9, 'scheduled', false) $$, :old, :sale, :next), 'each sale is a row');
SELECT results_eq('SELECT sale_id FROM sales WHERE active = true', ARRAY[:sale], 'one is active');
SELECT results_eq('SELECT sale_id, count(*) FROM purchases GROUP BY sale_id',
                  'SELECT sale_id, items_sold FROM sales WHERE items_sold > 0', 'both count the same');

-- ---- to the last item, and beyond the end ----

SELECT is(checkout_outcomes(ARRAY['dora', 'dora', 'emil'], ARRAY[4, 5, 0]), ARRAY['accepted', 'accepted', 'held'],
          'the rest');
SELECT is(purchase_outcomes(:sale, ARRAY[3, 4, 5]), ARRAY['purchased', 'purchased', 'purchased'], 'is sold');
SELECT is((SELECT count(*) FROM purchases WHERE sale_id = :sale), 5::bigint, 'exactly the stock');
SELECT results_eq('SELECT status, active, items_unsold FROM sales WHERE sale_id = ' || :sale,
                  $$ VALUES ('sold_out', false, 0::bigint) $$, 'it is sold out');
SELECT time_passes('2 hours');
SELECT results_eq('SELECT status, active FROM sales WHERE sale_id = ' || :sale, $$ VALUES ('closed', false) $$,
                  'and closed in the end');
SELECT results_eq('SELECT status, active FROM sales WHERE sale_id = ' || :next, $$ VALUES ('active', true) $$,
                  'the next is open');
UPDATE sale SET stays_open = true WHERE sale_id IN (:sale, :next);
SELECT time_passes('2 hours');
SELECT results_eq('SELECT status, active FROM sales WHERE sale_id = ' || :next, $$ VALUES ('active', true) $$,
                  'one that stays open is active beyond its end');
SELECT results_eq('SELECT status, active FROM sales WHERE sale_id = ' || :sale, $$ VALUES ('closed', false) $$,
                  'unless it is sold out');

-- ---- several at once ----

SAVEPOINT several;
SELECT add_sale(3, p_stays_open => true, p_beside_others => true) AS beside \gset
SELECT add_sale(2, p_beside_others => true) AS third \gset
SELECT checkout_outcomes(ARRAY['fay', 'fay'], ARRAY[1, 2], ARRAY[:third, :third]) AS ignored \gset
SELECT purchase_outcomes(:third, ARRAY[1, 2]) AS ignored \gset
SELECT set_eq('SELECT sale_id FROM sales WHERE active', ARRAY[:next, :beside], 'several are active');
SELECT set_eq('SELECT sale_id, status FROM sales', 'SELECT sale_id, sale_status FROM read_sales(0, 99)',
              'as viewers are told');
SELECT results_eq('SELECT sale_id, count(*) FROM purchases GROUP BY sale_id ORDER BY sale_id',
                  format('VALUES (%s, 5::bigint), (%s, 2)', :sale, :third), 'each counts its own');
SELECT time_passes('2 hours');
SELECT set_eq('SELECT sale_id, status FROM sales', 'SELECT sale_id, sale_status FROM read_sales(0, 99)',
              'also beyond their ends');
ROLLBACK TO several;

-- ---- who reads ----

SELECT is((SELECT rolconfig FROM pg_roles WHERE rolname = 'flashsale_report'), ARRAY['search_path=flashsale'],
          'who logs in needs no schema''s name');
SELECT set_eq(
    $$ SELECT table_name::text || '.' || column_name FROM information_schema.columns
       WHERE table_schema = 'flashsale' AND table_name IN ('purchases', 'checkout_attempts', 'sales')
         AND column_name IN ('secret', 'picture_seed', 'queue_next') $$,
    ARRAY[]::text[], 'no view has a code');
GRANT USAGE ON SCHEMA test TO flashsale_report;
SELECT is((SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls
           FROM pg_roles WHERE rolname = 'flashsale_report'), false, 'the role is no more than a role');
SELECT is_empty($$ SELECT * FROM pg_auth_members WHERE member = 'flashsale_report'::regrole $$,
                'nor a member of another');
SELECT is(has_schema_privilege('flashsale_report', 'flashsale', 'create'), false, 'it makes nothing in the schema');

SET LOCAL ROLE flashsale_report;
SELECT is((SELECT count(*) FROM purchases), 5::bigint, 'the role counts what was sold');
SELECT is((SELECT count(*) FROM checkout_attempts), 12::bigint, 'what was tried');
SELECT isnt_empty('SELECT * FROM sales WHERE active', 'and finds what is open');
SELECT throws_ok('SELECT * FROM item', '42501', NULL, 'it reads no item, nor a code');
SELECT throws_ok('SELECT secret FROM attempt', '42501', NULL, 'no log with codes');
SELECT throws_ok('SELECT * FROM sale', '42501', NULL, 'no sale but by the view');
SELECT throws_ok('SELECT * FROM buyer', '42501', NULL, 'no buyer');
SELECT throws_ok('SELECT * FROM hold_queue', '42501', NULL, 'no hold');
SELECT throws_ok($$ UPDATE purchases SET number = 1 $$, '42501', NULL, 'it changes no purchase');
SELECT throws_ok('DELETE FROM purchases', '42501', NULL, 'deletes none');
SELECT throws_ok($$ INSERT INTO checkout_attempts (attempted_at, user_id) VALUES (now(), 'x') $$, '42501', NULL,
                 'and logs nothing');
SELECT throws_ok('DELETE FROM sales', '55000', NULL, 'deletes no sale');
SELECT throws_ok('SELECT * FROM sale_audit(1)', '42501', NULL, 'does not audit');
SELECT throws_ok($$ SELECT * FROM read_user('amy', 0, 9) $$, '42501', NULL, 'asks for no user''s codes');
SELECT throws_ok('CREATE TABLE flashsale.mine ()', '42501', NULL, 'and makes no table');

RESET ROLE;
SELECT set_eq('SELECT sale_id, status FROM sales', 'SELECT sale_id, sale_status FROM read_sales(0, 99)',
              'viewers are told the same of each sale');
SELECT * FROM finish();
ROLLBACK;
