-- The plans of the statements that decide batches, as they run in their functions: with a sale of 100 items, and of
-- a million, each analysed; and of 100,000, by plans that were made when there was one of one item. auto_explain
-- tells them, in a session that this one starts.

-- Before this one's transaction, which has what they make, too.
\set few `psql --no-psqlrc --host=:'HOST' --port=:PORT --username=:USER --dbname=:DBNAME --set=items=100 --file=tests/sql/helper/plans.psql 2>&1`
\set many `psql --no-psqlrc --host=:'HOST' --port=:PORT --username=:USER --dbname=:DBNAME --set=items=1000000 --file=tests/sql/helper/plans.psql 2>&1`
\set grown `psql --no-psqlrc --host=:'HOST' --port=:PORT --username=:USER --dbname=:DBNAME --set=items=100000 --set=first_items=1 --file=tests/sql/helper/plans.psql 2>&1`

BEGIN;
\ir helper/sale.psql
SELECT plan(33);

CREATE TEMPORARY TABLE run (items integer, output text);
INSERT INTO run VALUES (100, :'few'), (100000, :'grown'), (1000000, :'many');
CREATE TEMPORARY TABLE plan AS
SELECT r.items, split_part(s.message, E'\n', 1) AS query, s.message AS text
FROM run r
CROSS JOIN LATERAL regexp_split_to_table(r.output, E'(^|\n)[^\n]*LOG:  duration: [^\n]*plan:\n') WITH ORDINALITY s (message, n)
-- The first piece is what came before; the calls themselves and the helper's own statements are not the functions'.
WHERE s.n > 1 AND s.message ~ '(UPDATE item i|FOR NO KEY UPDATE|INSERT INTO|ARRAY\(|array_agg)'
  AND s.message !~ '(checkout_batch|purchase_batch|secret_of|generate_series\(1, 17\)|array_fill|time_passes)';

CREATE FUNCTION plans_with(p_items integer, p_pattern text) RETURNS SETOF text
LANGUAGE sql AS $$ SELECT text FROM plan WHERE items = p_items AND text ~ p_pattern $$;
CREATE FUNCTION look(p_items integer) RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEXT cmp_ok((SELECT count(*)::integer FROM plan WHERE items = p_items), '>', 20,
                       format('%s items: the statements of all batches are there', p_items));
    RETURN NEXT is_empty(format($q$ SELECT plans_with(%s, 'ERROR:|FATAL:') $q$, p_items), 'none of which failed');
    RETURN NEXT is_empty(
        format($q$ SELECT plans_with(%s, 'Seq Scan on|Bitmap|Hash Join|Merge Join') $q$, p_items),
        'rows are looked up, not scanned');
    RETURN NEXT is_empty(
        format($q$ SELECT plans_with(%s, 'using (item|buyer)_pkey [^\n]*\n\s+(Filter|Index Cond: \(sale_id = )') $q$,
               p_items),
        'by their whole key');
    RETURN NEXT is_empty(
        format($q$ SELECT p.text FROM plan p
                   CROSS JOIN LATERAL regexp_matches(p.text, 'actual rows=(\d+)\S* loops=(\d+)', 'g') m
                   WHERE p.items = %s AND m[1]::numeric * m[2]::numeric > 200 $q$, p_items),
        'no more of them than some for each request');
    RETURN NEXT is_empty(
        format($q$ SELECT p.text FROM plan p
                   WHERE p.items = %s
                     AND substr(p.text, strpos(p.text, '(cost=')) ~
                         'item_is_|eligible_requests|wanted_codes' $q$, p_items),
        'what is written once as a function is a part of the statements that call it');
    RETURN NEXT cmp_ok(
        (SELECT count(*)::integer FROM plans_with(p_items,
             'Filter: \(\(purchased_at IS NULL\) AND \(held_until <= now\(\)\)\)')), '>=', 4,
        'such as what is free');
    RETURN NEXT is(
        (SELECT count(*)::integer FROM plan p WHERE p.items = p_items AND p.text ~ 'Update on item i'),
        (SELECT count(*)::integer FROM plans_with(p_items, concat(
             -- What is returned (purchase.sql) was looked for in buyers, too.
             'Update on item i [^\n]*\n\s+->  Nested Loop [^\n]*\n(\s+->  Nested Loop [^\n]*\n)?',
             '\s+->  Subquery Scan on r[^\n]*\n(\s+Filter: [^\n]*\n(\s+Rows Removed by Filter[^\n]*\n)?)?',
             '\s+->  Sort [^\n]*\n\s+Sort Key: r_\d.number, r_\d.ordinal\n'))),
        'items are locked in the order of the numbers');
    RETURN NEXT cmp_ok(
        (SELECT count(*)::integer FROM plans_with(p_items, 'Update on item i')), '>=', 6, 'all of them');
END
$$;
SELECT look(100);
SELECT look(100000);
SELECT look(1000000);

-- The predicates by themselves, for a planner that may choose what it likes.
CREATE FUNCTION explained(p_query text) RETURNS SETOF text
LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || p_query; END $$;
SELECT add_sale(1000, p_holds_max => 10) AS sale \gset
ANALYZE item;
SELECT string_agg(e, E'\n') AS free FROM explained(format(
    'SELECT FROM item i WHERE i.sale_id = %s AND i.number = 7 AND item_is_free(i)', :sale)) e \gset
SELECT ok(:'free' LIKE '%item_pkey%'
          AND :'free' LIKE '%Filter: ((purchased_at IS NULL) AND (held_until <= now()))%',
          'free: a part of the plan, and the item is found by its key');
SELECT string_agg(e, E'\n') AS held FROM explained(format(
    'SELECT FROM item i WHERE i.sale_id = %s AND i.number = 7 AND item_is_held(i)', :sale)) e \gset
SELECT ok(:'held' LIKE '%item_pkey%'
          AND :'held' LIKE '%Filter: ((purchased_at IS NULL) AND (held_until > now()))%', 'held: so too');

-- The order in which a batch takes its items and its buyers, as a trigger sees it.
CREATE TABLE touched (n serial, relation text, key text);
CREATE FUNCTION touch() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = test, flashsale AS $$
BEGIN
    INSERT INTO touched (relation, key) VALUES (TG_TABLE_NAME, to_jsonb(NEW) ->> TG_ARGV[0]);
    RETURN NEW;
END
$$;
CREATE FUNCTION items_touched() RETURNS integer[]
LANGUAGE sql AS $$ SELECT array_agg(key::integer ORDER BY n) FROM touched WHERE relation = 'item' $$;
CREATE FUNCTION buyers_touched() RETURNS text[]
LANGUAGE sql AS $$ SELECT array_agg(key ORDER BY n) FROM touched WHERE relation = 'buyer' $$;
CREATE FUNCTION by_name(p_users text[]) RETURNS text[]
LANGUAGE sql AS $$ SELECT array_agg(u COLLATE "default" ORDER BY u COLLATE "C") FROM unnest(p_users) u $$;
GRANT USAGE ON SCHEMA test TO flashsale_owner;
CREATE TRIGGER touch BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION touch('number');
SELECT count(*) AS ignored FROM checkout(users(1, 200), ARRAY(SELECT 1 + n * 77 % 200 FROM generate_series(1, 200) n)) \gset
SELECT is(items_touched(), numbers(1, 200), 'checkouts: by the number');
ALTER TABLE item DISABLE TRIGGER touch;
UPDATE item SET held_until = held_until + interval '1 ms' WHERE held_by IS NOT NULL;
ALTER TABLE item ENABLE TRIGGER touch;
TRUNCATE touched;
CREATE TRIGGER touch BEFORE UPDATE ON buyer FOR EACH ROW EXECUTE FUNCTION touch('user_id');
SELECT count(*) AS ignored FROM purchase_batch(
    array_fill(:sale, ARRAY[200]), ARRAY(SELECT 1 + n * 77 % 200 FROM generate_series(1, 200) n),
    ARRAY(SELECT secret_of(:sale, 1 + n * 77 % 200) FROM generate_series(1, 200) n)) \gset
SELECT is(items_touched(), numbers(1, 200), 'purchases: so too');
SELECT is(buyers_touched(), by_name(users(1, 200)), 'and their buyers by name');
TRUNCATE touched;
SELECT count(*) AS ignored FROM checkout(users(1, 200), times(0, 200)) \gset
SELECT is(buyers_touched(), by_name(users(1, 200)), 'so do checkouts that write into their rows');

SELECT * FROM finish();
ROLLBACK;
