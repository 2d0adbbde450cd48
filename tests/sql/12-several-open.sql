-- Several sales are open at once: a request says which it means, and what says nothing means the newest.

BEGIN;
\ir helper/sale.psql
SELECT plan(46);

-- Three of them: two that stay open beyond their end, and one that lies beside the third's window.
SELECT add_sale(4, p_purchase_limit => 2, p_starts_at => now() - interval '3 hours',
                p_ends_at => now() - interval '2 hours', p_stays_open => true) AS oldest \gset
SELECT add_sale(3, p_starts_at => now() - interval '2 hours', p_ends_at => now() - interval '1 hour')
    AS closed \gset
SELECT add_sale(5, p_purchase_limit => 3) AS newest \gset
SELECT add_sale(3, p_starts_at => now() - interval '90 min', p_ends_at => now() + interval '10 min',
                p_hold_s => 60, p_beside_others => true) AS beside \gset
SELECT add_sale(3, p_starts_at => now() + interval '1 hour', p_ends_at => now() + interval '2 hours')
    AS future \gset

SELECT is(ARRAY(SELECT o.sale_id FROM unnest(open_sales()) o), ARRAY[:newest, :beside, :oldest],
          'three are open, the newest first, by when they began');
SELECT is((SELECT count(DISTINCT generated_at) FROM sale), 5::bigint,
          'each has a time of its own, though all were made in one moment');
SELECT throws_ok($$ SELECT add_sale(1, p_starts_at => now() - interval '10 min',
                                       p_ends_at => now() + interval '5 min') $$,
                 '23P01', NULL, 'a sale overlaps others only if it is said to');

-- A batch of all kinds, in no order.
CREATE TEMPORARY TABLE mixed AS
SELECT row_number() OVER () AS ordinal, c.*
FROM checkout(
    ARRAY['amy', 'bob', 'amy', 'cat', 'dan', 'eve', 'fay', 'amy', 'gus', 'amy', 'hal'],
    ARRAY[1, 1, 0, 2, 2, 1, 1, 1, 9, 1, 0],
    ARRAY[0, :oldest, 0, :beside, :newest, :closed, :future, :oldest, :oldest, 999, :beside]) c;
SELECT results_eq(
    'SELECT outcome, sale_id, number FROM mixed ORDER BY ordinal',
    format($$ VALUES ('accepted', %1$s, 1), ('accepted', %2$s, 1),
                     ('accepted', %1$s, (SELECT number FROM mixed WHERE ordinal = 3)),
                     ('accepted', %3$s, 2), ('accepted', %1$s, 2), ('sale_closed', %4$s, 1),
                     ('sale_closed', %5$s, 1), ('held', %2$s, 1), ('unknown_item', %2$s, 9),
                     ('unknown_item', 999, 1),
                     ('accepted', %3$s, (SELECT number FROM mixed WHERE ordinal = 11)) $$,
           :newest, :oldest, :beside, :closed, :future),
    'each is decided by the sale that it means, and answered in its place');
SELECT is((SELECT count(*) FROM mixed WHERE number IN (1, 2) AND ordinal = 3), 0::bigint,
          'any of the newest: one that no other was given');
SELECT is((SELECT count(*) FROM mixed WHERE number = 2 AND ordinal = 11), 0::bigint,
          'any of another: so too');
SELECT results_eq(
    'SELECT DISTINCT sale_id, expires_at - now() FROM mixed WHERE outcome = ''accepted'' ORDER BY 1',
    format($$ VALUES (%s, interval '30 s'), (%s, interval '30 s'), (%s, interval '60 s') $$,
           :oldest, :newest, :beside), 'for as long as each sale''s terms say');
SELECT is((SELECT count(*) FROM log), 11::bigint, 'all are in the log');
SELECT results_eq(
    $$ SELECT sale_id, sum(checkouts_accepted)::integer, sum(checkouts_refused)::integer
       FROM sale_stripe GROUP BY 1 ORDER BY 1 $$,
    format($$ VALUES (%s, 1, 2), (%s, 0, 0), (%s, 3, 0), (%s, 2, 0), (%s, 0, 0) $$,
           :oldest, :closed, :newest, :beside, :future), 'and counted by their sales');

SELECT results_eq(
    format($$ SELECT outcome, sale_id, number FROM checkout(
                  ARRAY['amy', 'bob', 'cat'], ARRAY[1, 1, 2], ARRAY[0, %s, %s]) $$, :oldest, :beside),
    format($$ VALUES ('repeated', %s, 1), ('repeated', %s, 1), ('repeated', %s, 2) $$,
           :newest, :oldest, :beside), 'again: the same answers');
SELECT is(checkout_outcomes(times('ida', 2), ARRAY[2, 3], times(:oldest, 2)), times('accepted', 2),
          'a batch of an older one alone');
SELECT is(checkout_outcomes(times('ida', 2), ARRAY[0, 0]), times('accepted', 2),
          'a batch that names none');
SELECT is((SELECT array_agg(DISTINCT sale_id) FROM taken
           WHERE held_by = 'ida' AND sale_id <> :oldest), ARRAY[:newest], 'is the newest''s');

-- What is known is of one sale, whichever that is.
SELECT is(checkout_outcomes(
              ARRAY['jon', 'jon'], ARRAY[1, 4], ARRAY[0, :oldest], p_known => ARRAY[1, 1],
              p_known_until => 'infinity',
              p_known_sale => (SELECT generated_at FROM sale WHERE sale_id = :newest)),
          ARRAY['sold', 'accepted'], 'what is known of the newest refuses nothing of another');
SELECT is((SELECT array_agg(b.outcome::text ORDER BY b.ordinal)
           FROM checkout_batch(
               times('lou', 3), ARRAY[0, :oldest, :beside], ARRAY[1, 3, 3],
               ARRAY(SELECT gen_random_uuid() FROM generate_series(1, 3)), ARRAY[1, 3, 2]::smallint[],
               array_fill('infinity'::timestamptz, ARRAY[3]),
               ARRAY(SELECT s.generated_at
                     FROM unnest(ARRAY[:newest, :oldest, :beside]) WITH ORDINALITY o (sale_id, ordinal)
                     JOIN sale s USING (sale_id) ORDER BY o.ordinal), false) b),
          ARRAY['sold', 'user_limit', 'held'], 'each request is refused for what is known of its own sale');
SELECT time_passes('30 s');
SELECT is(checkout_outcomes(
              ARRAY['jon', 'amy', 'bob'], ARRAY[1, 1, 1], ARRAY[0, 0, :oldest]),
          ARRAY['accepted', 'held', 'accepted'], 'holds that ran out are free in each');
SELECT checkout_outcomes(times('ida', 4), ARRAY[2, 3, 2, 3], ARRAY[:oldest, :oldest, 0, 0])
    AS ignored \gset

-- Purchases: a code names its sale.
CREATE FUNCTION buys(p_sales integer[], p_numbers integer[])
RETURNS TABLE (outcome text, sale_id integer, number integer, user_id text, buyer_purchases integer)
LANGUAGE sql AS $$
    SELECT time_passes('1 ms');
    SELECT coalesce(b.outcome::text, 'unknown_code'), r.sale_id, r.number,
           b.user_id COLLATE "default", b.buyer_purchases
    FROM unnest(p_sales, p_numbers) WITH ORDINALITY r (sale_id, number, ordinal)
    LEFT JOIN purchase_batch(p_sales, p_numbers,
        ARRAY(SELECT coalesce(secret_of(n.sale_id, n.number), gen_random_uuid())
              FROM unnest(p_sales, p_numbers) WITH ORDINALITY n (sale_id, number, ordinal)
              ORDER BY n.ordinal)) b ON b.ordinal = r.ordinal
    ORDER BY r.ordinal;
$$;
SELECT results_eq(
    format('SELECT * FROM buys(ARRAY[%1$s, %2$s, %3$s, %4$s, %2$s, 77], ARRAY[1, 1, 2, 1, 1, 1])',
           :newest, :oldest, :beside, :closed),
    format($$ VALUES ('purchased', %1$s, 1, 'jon', 1), ('purchased', %2$s, 1, 'bob', 1),
                     ('purchased', %3$s, 2, 'cat', 1), ('unknown_code', %4$s, 1, NULL, NULL),
                     ('repeated', %2$s, 1, 'bob', 1), ('unknown_code', 77, 1, NULL, NULL) $$,
           :newest, :oldest, :beside, :closed), 'codes of several sales in one batch');
SELECT results_eq(format('SELECT outcome, buyer_purchases FROM buys(ARRAY[%1$s, %1$s], ARRAY[2, 3])', :oldest),
                  $$ VALUES ('purchased', 1), ('purchased', 2) $$, 'of an older one alone');
SELECT is(checkout_outcomes(times('ida', 2), ARRAY[0, 3], ARRAY[:oldest, :newest]),
          ARRAY['user_limit', 'repeated'], 'the limit is each sale''s own');
SELECT results_eq(
    $$ SELECT sale_id, sum(purchases_accepted)::integer, sum(purchases_refused)::integer
       FROM sale_stripe GROUP BY 1 ORDER BY 1 $$,
    format($$ VALUES (%s, 3, 0), (%s, 0, 0), (%s, 1, 2), (%s, 1, 0), (%s, 0, 0) $$,
           :oldest, :closed, :newest, :beside, :future),
    'they are counted by their sales; those of none that is open by the newest');

-- What viewers see.
SELECT results_eq('SELECT sale_id, sale_status FROM read_sales(0, 9)',
                  format($$ VALUES (%s, 'scheduled'), (%s, 'active'), (%s, 'active'), (%s, 'closed'),
                                   (%s, 'active') $$, :future, :newest, :beside, :closed, :oldest),
                  'several sales are active');
SELECT is((SELECT sale_id FROM read_items(0, NULL, 0, 1)), :newest, 'items without a sale: the newest''s');
SELECT is((SELECT sale_id FROM read_items(:oldest, NULL, 0, 1)), :oldest, 'those of another by its number');
SELECT results_eq(
    $$ SELECT sale_id, number, state FROM read_user('cat', 0, 9) $$,
    format($$ VALUES (%s, 2, 'sold') $$, :beside), 'a user''s purchases are found in each open sale');
SELECT results_eq(
    $$ SELECT current_sale_id, bought, held, purchases_total, holds_total, purchase_limit
       FROM read_user('ida', 0, 1) $$,
    format($$ VALUES (%s, 0::bigint, 2::bigint, 2::bigint, 2::bigint, 3) $$, :newest),
    'how many of them are the current sale''s is told beside');
SELECT results_eq(
    $$ SELECT sale_id, state, count(*) FROM read_user('ida', 0, 9) GROUP BY 1, 2 ORDER BY 2, 1 $$,
    format($$ VALUES (%s, 'held', 2::bigint), (%s, 'sold', 2) $$, :newest, :oldest),
    'holds too');
SELECT results_eq(
    format($$ SELECT sale_id, buyer_purchases FROM read_user('ida', 0, 9) $$),
    format($$ VALUES (%1$s, 1), (%1$s, 2), (%2$s, NULL), (%2$s, NULL) $$, :oldest, :newest),
    'first what was bought, then what is held');

-- Unknown ids that mean any mean any of the sale that they name.
SELECT is((SELECT array_agg(sale_id ORDER BY sale_id) FROM checkout(
              times('kim', 2), ARRAY[99, -1], ARRAY[:beside, 0], p_unknown_is_any => true)
           WHERE outcome IN ('accepted', 'held')), ARRAY[:newest, :beside],
          'any item of the sale that is named');

-- Sold out, each ends by itself.
SELECT checkout_outcomes(ARRAY['lea'], ARRAY[0], ARRAY[:oldest]) AS ignored \gset
SELECT count(*) AS ignored FROM buys(ARRAY[:oldest], ARRAY[4]) \gset
SELECT is(ARRAY(SELECT o.sale_id FROM unnest(open_sales()) o), ARRAY[:newest, :beside],
          'sold out, the oldest is open no more; the others are');
SELECT is(checkout_outcomes(ARRAY['mia', 'mia'], ARRAY[0, 0], ARRAY[:oldest, :beside]),
          (SELECT ARRAY['sale_closed', 'held']), 'a request of it is refused, the others are not');
SELECT results_eq(format('SELECT outcome FROM buys(ARRAY[%s, %s], ARRAY[1, 2])', :oldest, :beside),
                  $$ VALUES ('repeated'), ('repeated') $$, 'used codes answer as before');
SELECT time_passes('10 min');
SELECT is(ARRAY(SELECT o.sale_id FROM unnest(open_sales()) o), ARRAY[:newest], 'its time is over');
SELECT results_eq(format('SELECT outcome FROM buys(ARRAY[%s, %s], ARRAY[1, 2])', :newest, :beside),
                  $$ VALUES ('repeated'), ('repeated') $$, 'of a closed sale too');
SELECT time_passes('1 hour');
SELECT is((current_sale()).sale_id, :future, 'then the next one begins');
SELECT time_passes('2 hours');
SELECT is((open_sale()).sale_id, NULL, 'and ends: none is open');
SELECT is((current_sale()).sale_id, :future, 'the last that began is current');
SELECT results_eq(
    $$ SELECT outcome, sale_id FROM checkout(ARRAY['amy', 'amy'], ARRAY[1, 0], ARRAY[1, 0]) $$,
    $$ VALUES ('sale_closed', 1), ('sale_closed', NULL) $$, 'all is refused');
SELECT is_empty(format('SELECT v.* FROM generate_series(%s, %s) s, sale_audit(s) v', :oldest, :future),
                'and all sales are sound');

-- Who may check out although they bought all that they may.
SELECT add_sale(4, p_purchase_limit => 1, p_starts_at => now() - interval '1 min') AS full \gset
SELECT checkout_outcomes(ARRAY['ned'], ARRAY[1]) AS ignored \gset
SELECT is(purchase_outcomes(:full, ARRAY[1]), ARRAY['purchased'], 'one buys all that one may');
CREATE FUNCTION full_checkout(p_numbers integer[], p_known smallint DEFAULT 0) RETURNS text[]
LANGUAGE sql AS $$
    SELECT array_agg(outcome::text ORDER BY ordinal) FROM checkout_batch(
        array_fill('ned'::text, ARRAY[cardinality(p_numbers)]), array_fill(0, ARRAY[cardinality(p_numbers)]),
        p_numbers, ARRAY(SELECT gen_random_uuid() FROM unnest(p_numbers)),
        array_fill(p_known, ARRAY[cardinality(p_numbers)]),
        array_fill('infinity'::timestamptz, ARRAY[cardinality(p_numbers)]),
        array_fill((SELECT max(generated_at) FROM sale), ARRAY[cardinality(p_numbers)]), false, true);
$$;
SELECT is(checkout_outcomes(times('ned', 2), ARRAY[0, 2]), times('user_limit', 2), 'and is refused then');
SELECT is(full_checkout(ARRAY[2, 0, 1]), ARRAY['accepted', 'accepted', 'sold'],
          'but for a service whose buyers may still check out, by number and any');
SELECT is((SELECT array_agg(o ORDER BY o) FROM unnest(full_checkout(ARRAY[2, 3, 4], 3::smallint)) o),
          ARRAY['accepted', 'repeated', 'repeated'],
          'whatever is known of the user');
SELECT is(purchase_outcomes(:full, ARRAY[2]), ARRAY['user_limit'], 'which buys nothing');
SELECT is_empty(format('SELECT * FROM sale_audit(%s)', :full), 'all is sound');
UPDATE sale SET ends_at = now() WHERE sale_id = :full;

-- Two that begin in the same moment: the one that was made last is the newer.
SELECT add_sale(2, p_beside_others => true) AS one \gset
SELECT add_sale(2, p_beside_others => true) AS other \gset
SELECT is((open_sale()).sale_id, :other, 'of two that began at once the last one made is the newest');
SELECT is((SELECT array_agg(sale_id) FROM checkout(ARRAY['amy', 'amy'], ARRAY[1, 1], ARRAY[0, :one])),
          ARRAY[:other, :one], 'and the other can be named');

SELECT * FROM finish();
ROLLBACK;
