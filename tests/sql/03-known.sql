-- Checkouts that are refused for what is known already: they are logged and touch no item.

BEGIN;
\ir helper/sale.psql
SELECT plan(18);

SELECT add_sale(20) AS sale \gset

SELECT results_eq(
    format($$ SELECT outcome, number, expires_at, secret FROM checkout(
                  ARRAY['amy', 'bob', 'cat', 'dan'], ARRAY[1, 2, 3, 4],
                  p_known => ARRAY[1, 2, 3, 4], p_known_until => now() + interval '20 s') $$),
    $$ VALUES ('sold', 1, NULL::timestamptz, NULL::uuid),
              ('held', 2, now() + interval '20 s', NULL),
              ('user_limit', 3, NULL, NULL),
              ('sold_out', 4, NULL, NULL) $$,
    'each refuses with its outcome; held says until when');
SELECT is((SELECT count(*)::integer FROM taken), 0, 'no item is touched');
SELECT results_eq(
    'SELECT user_id, sale_id, number, outcome FROM log ORDER BY number',
    format($$ VALUES ('amy', %1$s, 1, 'sold'), ('bob', %1$s, 2, 'held'),
                     ('cat', %1$s, 3, 'user_limit'), ('dan', %1$s, 4, 'sold_out') $$, :sale),
    'all are logged');
SELECT is((SELECT sum(checkouts_refused)::integer FROM sale_stripe), 4, 'and counted');

SELECT is(checkout_outcomes(ARRAY['amy', 'bob', 'cat', 'dan'], ARRAY[1, 1, 2, 2],
                            p_known => ARRAY[0, 2, 2, 0],
                            p_known_until => now() + interval '20 s'),
          ARRAY['accepted', 'held', 'held', 'accepted'],
          'known and unknown in one batch don''t hurt each other');

-- What is known counts for its own sale, until its time.
SELECT is(checkout_outcomes(users(1, 4), numbers(5, 8), p_known => ARRAY[1, 2, 3, 4],
                            p_known_until => now() + interval '20 s',
                            p_known_sale => now() - interval '1 s'),
          times('accepted', 4), 'what is known of a sale made at another time does not count');
SELECT is(checkout_outcomes(users(1, 4), numbers(9, 12), p_known => ARRAY[1, 2, 3, 4],
                            p_known_until => now()),
          times('accepted', 4), 'what ended does not count');

-- Held may be known where others know already that it is sold.
SELECT is(checkout_outcomes(ARRAY['ida', 'ida'], ARRAY[13, 14]), times('accepted', 2), 'two held');
SELECT is(purchase_outcomes(:sale, ARRAY[14]), ARRAY['purchased'], '... and one is bought');
SELECT is(checkout_outcomes(ARRAY['jim', 'kim'], ARRAY[14, 13], p_known => ARRAY[2, 2],
                            p_known_until => now() + interval '20 s'),
          ARRAY['sold', 'held'], '... which is sold, and the other held, though both were known to be held');

-- Any item.
SELECT is(checkout_outcomes(users(1, 3), times(0, 3), p_known => ARRAY[3, 4, 0],
                            p_known_until => now() + interval '20 s'),
          ARRAY['user_limit', 'sold_out', 'accepted'], 'any item: refused for what is known');
SELECT is(checkout_outcomes(users(1, 2), times(0, 2), p_known => ARRAY[3, 4],
                            p_known_until => now() + interval '20 s',
                            p_known_sale => now() - interval '1 s'),
          times('accepted', 2), 'any item: what is known of another sale does not count');
SELECT is(checkout_outcomes(users(1, 2), times(0, 2), p_known => ARRAY[3, 4],
                            p_known_until => now()),
          times('accepted', 2), 'any item: what ended does not count');

-- Nothing that is known lets anything through.
SELECT is(checkout_outcomes(times('amy', 2), ARRAY[21, -1], p_known => ARRAY[1, 1],
                            p_known_until => now() + interval '20 s'),
          times('unknown_item', 2), 'an item that is none stays unknown');
SELECT is(checkout_outcomes(ARRAY['amy'], ARRAY[3], ARRAY[999], ARRAY[1],
                            now() + interval '20 s'),
          ARRAY['unknown_item'], 'and so does a sale');
SELECT is(checkout_outcomes(ARRAY['eve'], ARRAY[1], p_known_until => now()), ARRAY['held'],
          'nothing is known: the rows decide');
SELECT time_passes('20 s');
SELECT is(checkout_outcomes(ARRAY['eve'], ARRAY[1]), ARRAY['held'], '... as they stand');
SELECT is_empty(format('SELECT * FROM sale_audit(%s)', :sale), 'the audit finds nothing');

SELECT * FROM finish();
ROLLBACK;
