-- The audit sees each thing that must not be. What no statement can do with the constraints and the
-- functions in place is done here by hand, one thing at a time, and undone.

BEGIN;
\ir helper/sale.psql
SELECT plan(35);

-- A sale soundly run, with something of everything.
SELECT add_sale(30, p_purchase_limit => 3) AS sale \gset
SELECT checkout_outcomes(ARRAY['amy', 'amy', 'amy', 'bob', 'bob', 'bob', 'eve'],
                         ARRAY[1, 2, 3, 4, 4, 1, 20]) AS ignored \gset
SELECT checkout_outcomes(ARRAY['amy', 'cat', 'dan'], ARRAY[0, 0, 31]) AS ignored \gset
SELECT purchase_outcomes(:sale, ARRAY[1, 2, 3, 4, 4]) AS ignored \gset
SELECT checkout_outcomes(ARRAY['amy', 'bob'], ARRAY[9, 1]) AS ignored \gset
SELECT time_passes('30 s');
SELECT checkout_outcomes(ARRAY['fay'], ARRAY[20]) AS ignored \gset
SELECT checkout_outcomes(ARRAY['gus', 'gus'], ARRAY[0, 0]) AS ignored \gset
SELECT purchase_outcomes(:sale, ARRAY[20]) AS ignored \gset
SELECT number AS held FROM taken WHERE held_by = 'gus' LIMIT 1 \gset
SELECT is_empty(format('SELECT * FROM sale_audit(%s)', :sale), 'a sale soundly run: nothing');
SELECT results_eq('SELECT violation, detail FROM sale_audit(999)',
                  $$ VALUES ('no_such_sale', 'sale 999') $$, 'no such sale');

-- The constraints that forbid it all, and that each forbid what they should.
SELECT throws_ok(format($$ UPDATE item SET purchased_at = held_until
                           WHERE sale_id = %s AND number = 20 $$, :sale), '23514', NULL,
                 'nothing is sold when its hold is over');
SELECT throws_ok(format($$ UPDATE item SET held_by = NULL
                           WHERE sale_id = %s AND number = %s $$, :sale, :held), '23514', NULL,
                 'nothing is held by nobody');
SELECT throws_ok(format($$ UPDATE item SET secret = NULL
                           WHERE sale_id = %s AND number = %s $$, :sale, :held), '23514', NULL,
                 'nothing is held without a code');
ALTER TABLE item DROP CONSTRAINT item_held_by_code, DROP CONSTRAINT item_sold_while_held;
ALTER TABLE buyer DROP CONSTRAINT buyer_within_limit;

-- Tampers, says which violations there are, and takes it back.
CREATE FUNCTION seen_after(p_sale_id integer, VARIADIC p_statements text[]) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    v_statement text;
    v_seen      text[];
BEGIN
    BEGIN
        FOREACH v_statement IN ARRAY p_statements LOOP
            EXECUTE replace(v_statement, ':sale', p_sale_id::text);
        END LOOP;
        v_seen := ARRAY(SELECT DISTINCT concat_ws(' ', violation, number, user_id)
                        FROM sale_audit(p_sale_id) ORDER BY 1);
        RAISE EXCEPTION USING ERRCODE = 'T0001';
    EXCEPTION WHEN SQLSTATE 'T0001' THEN
        RETURN v_seen;
    END;
END
$$;

SELECT is(seen_after(:sale, 'DELETE FROM item WHERE sale_id = :sale AND number = 30'),
          ARRAY['wrong_stock'], 'an item that is missing');
SELECT is(seen_after(:sale, 'INSERT INTO item (sale_id, number, picture_seed, price_cents, name)
                             VALUES (:sale, 31, 1, 1, ''extra'')'),
          ARRAY['wrong_stock'], 'an item too many');
SELECT is(seen_after(:sale, 'UPDATE sale SET items_total = 4 WHERE sale_id = :sale'),
          ARRAY['oversold', 'wrong_stock'], 'more sold than the stock');
SELECT is(seen_after(:sale, 'UPDATE buyer SET numbers = numbers || 1
                             WHERE sale_id = :sale AND user_id = ''amy'''),
          ARRAY['over_limit amy', 'sold_twice 1 amy'],
          'a user over the limit, by the buyer''s row');
SELECT is(seen_after(:sale, 'UPDATE sale SET purchase_limit = 2 WHERE sale_id = :sale'),
          ARRAY['over_limit amy'], 'a user over the limit of the sale');
SELECT is(seen_after(:sale, 'UPDATE item SET held_by = ''amy'' WHERE sale_id = :sale AND number = 4'),
          ARRAY['buyer_differs 4 amy', 'buyer_differs 4 bob', 'hold_not_logged 4 amy',
                'over_limit amy', 'sold_without_code 4 amy'],
          'a user over the limit, by the items: one was given to a user without its code');
SELECT is(seen_after(:sale, 'UPDATE buyer SET numbers = numbers || 1
                             WHERE sale_id = :sale AND user_id = ''bob'''),
          ARRAY['buyer_differs 1 bob', 'sold_twice 1 amy'], 'an item that two users bought');
SELECT is(seen_after(:sale, 'DELETE FROM buyer WHERE sale_id = :sale AND user_id = ''bob'''),
          ARRAY['buyer_differs 4 bob'], 'an item sold that its buyer''s row does not know');
SELECT is(seen_after(:sale, 'UPDATE item SET purchased_at = NULL
                             WHERE sale_id = :sale AND number = 4'),
          ARRAY['buyer_differs 4 bob', 'counter_differs'], 'a sale that was lost');
SELECT is(seen_after(:sale, 'UPDATE item SET secret = gen_random_uuid()
                             WHERE sale_id = :sale AND number = 4'),
          ARRAY['hold_not_logged 4 bob', 'sold_without_code 4 bob'],
          'an item sold for a code nobody was given');
SELECT is(seen_after(:sale, 'UPDATE item SET purchased_at = held_until
                             WHERE sale_id = :sale AND number = 4'),
          ARRAY['sold_without_code 4 bob'], 'an item sold when its code had run out');
SELECT is(seen_after(:sale, 'UPDATE item SET purchased_at = purchased_at - interval ''10 s''
                             WHERE sale_id = :sale AND number = 4'),
          ARRAY['accepted_after_sale 4 bob', 'sold_without_code 4 bob'],
          'an item sold before its code was given');
SELECT is(seen_after(:sale, 'DELETE FROM attempt WHERE number = 4 AND outcome = ''accepted'''),
          ARRAY['counter_differs', 'hold_not_logged 4 bob', 'sold_without_code 4 bob'],
          'a checkout that is not in the log, of an item sold');
SELECT is(seen_after(:sale, 'DELETE FROM attempt WHERE number = 20 AND user_id = ''eve'''),
          ARRAY['counter_differs'], 'a checkout that is not in the log, of a hold long over');
SELECT is(seen_after(:sale, format('UPDATE item SET held_until = held_until + interval ''1 s''
                                    WHERE sale_id = :sale AND number = %s', :held)),
          ARRAY[format('hold_not_logged %s gus', :held)], 'a hold longer than was said');
SELECT is(seen_after(:sale, 'UPDATE attempt SET attempted_at = attempted_at - interval ''1 s''
                             WHERE number = 20 AND user_id = ''fay'''),
          ARRAY['hold_not_logged 20 fay', 'holds_overlap 20 fay'],
          'a checkout accepted while another user held the item');
SELECT is(seen_after(:sale,
              'INSERT INTO attempt (attempted_at, sale_id, number, outcome, secret, user_id)
               VALUES (now() + interval ''1 min'', :sale, 1, ''accepted'', gen_random_uuid(), ''eve'')',
              'UPDATE sale_stripe SET checkouts_accepted = checkouts_accepted + 1
               WHERE sale_id = :sale AND stripe = 0'),
          ARRAY['accepted_after_sale 1 eve'], 'a checkout accepted after the item was sold');
SELECT is(seen_after(:sale,
              'INSERT INTO attempt (attempted_at, sale_id, number, outcome, secret, user_id)
               SELECT ends_at, :sale, 25, ''accepted'', gen_random_uuid(), ''eve'' FROM sale
               WHERE sale_id = :sale',
              'UPDATE sale_stripe SET checkouts_accepted = checkouts_accepted + 1
               WHERE sale_id = :sale AND stripe = 0'),
          ARRAY['outside_window 25 eve'], 'a checkout accepted after the sale');
SELECT is(seen_after(:sale, 'UPDATE attempt SET attempted_at = attempted_at - interval ''9 hours''
                             WHERE outcome = ''repeated'''),
          ARRAY['outside_window 4 bob'], 'a checkout repeated before the sale');
SELECT is(seen_after(:sale, 'UPDATE sale_stripe SET checkouts_repeated = checkouts_repeated + 1,
                                 purchases_accepted = purchases_accepted + 1
                             WHERE sale_id = :sale AND stripe = 3'),
          ARRAY['counter_differs'], 'counters that differ from the rows');
SELECT is_empty(format('SELECT * FROM sale_audit(%s)', :sale), 'all undone: nothing');

-- Without its log a sale is held against itself alone.
SELECT is(sale_log_is_kept(999), NULL, 'no such sale: nothing is said of its log');
SELECT is(sale_log_is_kept(:sale), true, 'without partitions the log goes back for ever');
SELECT made FROM attempt_partitions(now() + interval '5 days', 10) \gset
SELECT is(sale_log_is_kept(:sale), true, 'the log goes back to the day on which the sale was made');
CREATE FUNCTION scans_of(p_day date) RETURNS bigint
LANGUAGE sql AS $$
    SELECT pg_stat_get_xact_numscans(to_char(p_day, '"flashsale.attempt_"YYYY_MM_DD')::regclass)
$$;
SELECT scans_of(current_date) AS scans, scans_of(current_date + 4) AS scans_apart \gset
SELECT is_empty(format('SELECT * FROM sale_audit(%s)', :sale), 'it is read');
SELECT cmp_ok(scans_of(current_date), '>', :scans::bigint, 'on the day of the sale');
SELECT is(scans_of(current_date + 4), :scans_apart::bigint, 'not on days that cannot have any of it');
UPDATE sale SET generated_at = generated_at - interval '1 day';
UPDATE sale SET starts_at = starts_at - interval '1 day';
SELECT is(sale_log_is_kept(:sale), false, 'a sale from before the log''s first partition');
DELETE FROM attempt;
SELECT is_empty(format('SELECT * FROM sale_audit(%s)', :sale), 'nothing is said for want of its log');
SELECT is(seen_after(:sale, 'UPDATE item SET purchased_at = NULL
                             WHERE sale_id = :sale AND number = 4'),
          ARRAY['buyer_differs 4 bob', 'counter_differs'], 'a sale that was lost is seen all the same');

SELECT * FROM finish();
ROLLBACK;
