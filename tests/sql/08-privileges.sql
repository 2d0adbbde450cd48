-- The workers may execute what they need, the generator may insert, and neither more.

BEGIN;
\ir helper/sale.psql
SELECT plan(33);

SELECT set_eq(
    $$ SELECT proname::text FROM pg_proc
       WHERE pronamespace = 'flashsale'::regnamespace
         AND has_function_privilege('flashsale_worker', oid, 'execute') $$,
    ARRAY['checkout_batch', 'purchase_batch', 'sale_status', 'read_sales', 'read_items', 'read_item',
          'read_user', 'read_turn'], 'the worker''s functions');
SELECT set_eq(
    $$ SELECT proname::text FROM pg_proc
       WHERE pronamespace = 'flashsale'::regnamespace
         AND has_function_privilege('flashsale_generator', oid, 'execute') $$,
    ARRAY['note_sold_out', 'sale_add', 'stripes', 'sale_windows', 'sale_plan', 'attempt_partitions_until',
          'attempt_partitions', 'attempt_partitions_due', 'read_sales', 'sale_audit', 'sale_log_is_kept'],
    'the generator''s functions');

CREATE FUNCTION granted(p_role text) RETURNS SETOF text
LANGUAGE sql AS $$
    SELECT format('%s %s', c.relname, lower(p.privilege))
    FROM pg_class c
    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES',
                            'TRIGGER']) p (privilege)
    WHERE c.relnamespace = 'flashsale'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
      AND (has_table_privilege(p_role, c.oid, p.privilege)
           OR p.privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
              AND has_any_column_privilege(p_role, c.oid, p.privilege))
$$;
SELECT is_empty($$ SELECT granted('flashsale_worker') $$, 'the worker has no table, nor a column');
SELECT set_eq($$ SELECT granted('flashsale_report') $$,
              ARRAY['purchases select', 'checkout_attempts select', 'sales select'], 'reports read the views');
SELECT is_empty(
    $$ SELECT proname FROM pg_proc
       WHERE pronamespace = 'flashsale'::regnamespace
         AND has_function_privilege('flashsale_report', oid, 'execute') $$, 'and execute nothing');
SELECT set_eq($$ SELECT granted('flashsale_generator') $$,
              ARRAY['sale select', 'sale insert', 'item insert', 'sale_stripe insert', 'draw_secret insert'],
              'the generator reads sales and inserts');

SELECT is_empty(
    $$ SELECT rolname FROM pg_roles
       WHERE rolname ~ '^flashsale_'
         AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls) $$,
    'none of the roles is more than a role');
SELECT is_empty(
    $$ SELECT * FROM pg_auth_members
       WHERE member IN ('flashsale_worker'::regrole, 'flashsale_generator'::regrole) $$,
    'nor a member of another');
SELECT is((SELECT rolcanlogin FROM pg_roles WHERE rolname = 'flashsale_owner'), false,
          'the owner cannot log in');
SELECT is(has_schema_privilege('flashsale_worker', 'flashsale', 'create')
          OR has_schema_privilege('flashsale_generator', 'flashsale', 'create'), false,
          'neither may make anything in the schema');
SELECT is_empty(
    $$ SELECT proname FROM pg_proc
       WHERE pronamespace = 'flashsale'::regnamespace AND prosecdef
         AND NOT coalesce(proconfig @> ARRAY['search_path=flashsale, pg_temp'], false) $$,
    'what runs as its owner finds its own names only');

-- By doing, not by the catalogue.
SELECT add_sale(20) AS sale \gset
GRANT USAGE ON SCHEMA test TO flashsale_worker, flashsale_generator;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA test TO flashsale_worker, flashsale_generator;

SET LOCAL ROLE flashsale_worker;
SELECT is(checkout_outcomes(ARRAY['amy'], ARRAY[1]), ARRAY['accepted'], 'the worker checks out');
SELECT is_empty('SELECT * FROM purchase_batch(ARRAY[1], ARRAY[1], ARRAY[gen_random_uuid()])',
                'purchases');
SELECT is((SELECT sale_status FROM sale_status()), 'active', 'and reads the status');
SELECT throws_ok('SELECT * FROM item', '42501', NULL, 'but no item');
SELECT throws_ok('SELECT * FROM attempt', '42501', NULL, 'no log');
SELECT throws_ok('DELETE FROM attempt', '42501', NULL, 'nor deletes from it');
SELECT throws_ok('UPDATE sale SET purchase_limit = 1000', '42501', NULL, 'nor changes a limit');
SELECT throws_ok('SELECT * FROM sale_audit(1)', '42501', NULL, 'nor audits');
SELECT throws_ok($$ SELECT sale_add(now() + '2 h', now() + '3 h', 1, 1, 1) $$, '42501', NULL,
                 'nor makes sales');
SELECT throws_ok('SELECT * FROM sale_plan(3600, 1, 30)', '42501', NULL, 'nor plans any');

SET LOCAL ROLE flashsale_generator;
SELECT lives_ok($$ SELECT add_sale(10, p_starts_at => now() + interval '2 hours',
                                       p_ends_at => now() + interval '3 hours') $$,
                'the generator makes sales');
SELECT isnt_empty('SELECT * FROM sale_plan(3600, 5, 30)', 'plans them');
SELECT isnt_empty('SELECT attempt_partitions_until(60, 1)', 'and the log that they need');
SELECT isnt_empty('SELECT * FROM read_sales(0, 10)', 'lists them');
SELECT is_empty(format('SELECT * FROM sale_audit(%s)', :sale), 'and audits them');
SELECT is(sale_log_is_kept(:sale), true, 'by the whole log');
SELECT throws_ok('UPDATE item SET price_cents = 1', '42501', NULL, 'but changes no item');
SELECT throws_ok('DELETE FROM sale', '42501', NULL, 'deletes no sale');
SELECT throws_ok('SELECT * FROM item', '42501', NULL, 'reads no item, nor a code');
SELECT throws_ok('SELECT * FROM buyer', '42501', NULL, 'no buyer');
SELECT throws_ok('SELECT * FROM attempt', '42501', NULL, 'no log');
SELECT throws_ok($$ SELECT checkout_outcomes(ARRAY['amy'], ARRAY[1]) $$, '42501', NULL,
                 'and checks nothing out');

RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
