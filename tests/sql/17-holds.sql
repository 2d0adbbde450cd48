-- The bound on holds: nobody is given more items at once than sale.holds_max, and nobody with room is refused.

BEGIN;
\ir helper/sale.psql
SELECT plan(38);

CREATE FUNCTION held_by(p_user text) RETURNS bigint
LANGUAGE sql AS $$
    SELECT count(*) FROM item i WHERE i.held_by = p_user AND item_is_held(i)
$$;

-- Any item is one of the first of some hundred, so that the numbers here are free.
SELECT add_sale(1600, p_purchase_limit => 4, p_hold_s => 30, p_holds_max => 3) AS sale \gset

-- ---- one at a time ----
SELECT is(checkout_outcomes('{amy}', '{0}'), '{accepted}', 'a first hold');
SELECT is(checkout_outcomes('{amy}', '{50}'), '{accepted}', 'a second one, by number');
SELECT is(checkout_outcomes('{amy}', '{0}'), '{accepted}', 'a third one');
SELECT is(checkout_outcomes('{amy}', '{0}'), '{hold_limit}', 'the fourth is refused');
SELECT is(checkout_outcomes('{amy}', '{51}'), '{hold_limit}', 'so it is by number');
SELECT is(checkout_outcomes('{amy}', '{50}'), '{repeated}', 'an item that the user holds is answered as before');
SELECT is(checkout_outcomes('{bob,amy}', '{51,51}'), '{accepted,held}', 'an item that another one holds is held');
SELECT is(held_by('amy'), 3::bigint, 'the bound is met');
SELECT is((SELECT expires_at FROM checkout('{amy}', '{0}')), now() + interval '30 s',
          'the refusal says when the first hold ends');
SELECT is((SELECT array_agg(DISTINCT outcome::text) FROM attempt WHERE user_id = 'amy' AND number IS NULL),
          '{hold_limit}', 'refusals are logged, without an item');
SELECT is((SELECT sum(checkouts_refused) FROM sale_stripe), 4::numeric, 'and counted');

-- ---- who bought, gave back or let lapse may check out again ----
SELECT is(purchase_outcomes(:sale, '{50}'), '{purchased}', 'a purchase');
SELECT is((SELECT cardinality(holds) = 2 AND 50 <> ALL (holds) FROM buyer WHERE user_id = 'amy'), true,
          'is no longer among what is held');
SELECT is(checkout_outcomes('{amy,amy}', '{0,0}'), '{accepted,hold_limit}', 'makes room for one more');
SELECT time_passes('31 s');
SELECT is(checkout_outcomes(times('amy', 5), times(0, 5)), '{accepted,accepted,accepted,hold_limit,hold_limit}',
          'holds that ended make room');
SELECT is((SELECT cardinality(holds) FROM buyer WHERE user_id = 'amy'), 3, 'the row keeps what may be held alone');

-- ---- many in a batch ----
SELECT is(checkout_outcomes(times('cat', 6), '{60,60,61,62,63,0}'),
          '{accepted,repeated,accepted,accepted,hold_limit,hold_limit}', 'of a batch the first requests have the room');
SELECT is(checkout_outcomes(times('dan', 6), '{60,61,62,70,71,72}'),
          '{held,held,held,accepted,accepted,accepted}', 'requests for what others hold take no room');
SELECT is(checkout_outcomes('{eve,fay,eve,fay,eve,fay,eve,fay}', '{80,80,81,81,82,82,83,83}'),
          '{accepted,held,accepted,held,accepted,held,held,accepted}',
          'of two who want the same the first gets it, and the second one''s room remains');
SELECT is(held_by('fay'), 1::bigint, 'fay holds one');
SELECT is(checkout_outcomes(times('fay', 4), '{0,0,84,0}'), '{accepted,hold_limit,accepted,hold_limit}',
          'by number first, then any');
SELECT is((SELECT count(*) FROM (SELECT held_by FROM item i WHERE item_is_held(i)
                                 GROUP BY held_by HAVING count(*) > 3) h), 0::bigint, 'nobody holds more than three');
SELECT is((SELECT array_agg(DISTINCT violation) FROM sale_audit(:sale)), NULL, 'the sale is sound');

-- ---- with other refusals ----
SELECT is(checkout_outcomes(users(1, 1600), times(0, 1600)) @> '{accepted}', true, 'others take the rest');
SELECT is(checkout_outcomes('{gil,gil,gil,gil}', '{0,0,0,0}'), '{held,held,held,held}',
          'who has room is told that all is held');
SELECT is(checkout_outcomes('{eve}', '{0}'), '{hold_limit}', 'who has none, that');
SELECT is(checkout_outcomes('{eve,eve}', '{50,1601}'), '{sold,unknown_item}', 'sold and unknown items are told as such');
SELECT purchase_outcomes(:sale, '{80,81,82}');
SELECT is((SELECT holds FROM buyer WHERE user_id = 'eve'), '{}', 'nor are several that are bought at once');
SELECT time_passes('31 s');
SELECT is(checkout_outcomes('{eve}', '{0}'), '{accepted}', 'a fourth item');
SELECT is(purchase_outcomes(:sale, ARRAY[(SELECT max(number) FROM item i WHERE held_by = 'eve' AND item_is_held(i))]),
          '{purchased}', 'bought');
SELECT is(checkout_outcomes(times('eve', 5), '{0,0,0,0,90}'), times('user_limit', 5), 'the limit goes first');

-- ---- ids that mean any item ----
SELECT is((SELECT array_agg(outcome::text ORDER BY ordinal)
           FROM checkout_batch(times('hal', 6), times(0, 6), times(-1, 6), ARRAY(SELECT gen_random_uuid() FROM generate_series(1, 6)),
                               array_fill(0, '{6}')::smallint[], array_fill(now(), '{6}'), array_fill(now(), '{6}'), true, false,
                               '{a,a,b,c,d,d}')),
          '{accepted,repeated,accepted,accepted,hold_limit,hold_limit}', 'an id that means any counts once');
SELECT is((SELECT array_agg(outcome::text ORDER BY ordinal)
           FROM checkout_batch(times('hal', 2), times(0, 2), times(-1, 2), ARRAY(SELECT gen_random_uuid() FROM generate_series(1, 2)),
                               array_fill(0, '{2}')::smallint[], array_fill(now(), '{2}'), array_fill(now(), '{2}'), true, false,
                               '{b,e}')),
          '{repeated,hold_limit}', 'and is answered as before at the bound');

-- ---- the audit ----
SELECT is((SELECT array_agg(DISTINCT violation) FROM sale_audit(:sale)), NULL, 'the sale is sound');
UPDATE buyer SET holds = '{1}' WHERE user_id = 'hal';
SELECT is((SELECT array_agg(DISTINCT violation) FROM sale_audit(:sale)), '{hold_not_counted}',
          'it notices a hold that does not count');
SELECT checkout_outcomes('{ian}', '{0}');
UPDATE item i SET held_by = 'hal' WHERE item_is_held(i) AND held_by = 'ian';
SELECT is((SELECT array_agg(DISTINCT violation) FROM sale_audit(:sale) WHERE violation = 'over_holds'), '{over_holds}',
          'and a user who holds too many');

-- ---- no bound, and the default ----
SELECT time_passes('2 h');
SELECT add_sale(40, p_purchase_limit => 2) AS sale \gset
SELECT is(checkout_outcomes(times('amy', 20), times(0, 20)), times('accepted', 20), 'without a bound one name may hold all');
SELECT sale_add(now() + interval '3 h', now() + interval '4 h', 1, 7, 30) AS sale \gset
SELECT is((SELECT holds_max FROM sale WHERE sale_id = :sale), 7, 'the default is the purchase limit');
SELECT * FROM finish();
ROLLBACK;
