-- Holds the rows of a sale against each other.

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE FUNCTION sale_log_is_kept(p_sale_id integer) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = flashsale, pg_temp
SET timezone = 'UTC'
AS $$
    SELECT greatest(s.starts_at, s.generated_at)
           >= coalesce((SELECT min(d.day) FROM attempt_days() d), '-infinity')
    FROM sale s WHERE s.sale_id = p_sale_id
$$;
COMMENT ON FUNCTION sale_log_is_kept(integer) IS
    'whether the log still has all attempts of the sale; null where there is no such sale';

CREATE FUNCTION sale_audit(p_sale_id integer)
RETURNS TABLE (violation text, number integer, user_id text, detail text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = flashsale, pg_temp
AS $$
    WITH the_sale AS MATERIALIZED (
        SELECT * FROM sale WHERE sale_id = p_sale_id
    ), items AS MATERIALIZED (
        SELECT i.* FROM item i WHERE i.sale_id = p_sale_id
    ), logged_sale AS MATERIALIZED (
        SELECT s.*, starts_at - interval '1 day' AS log_from,
               CASE WHEN s.stays_open THEN 'infinity' ELSE s.ends_at + interval '1 day' END AS log_until
        FROM the_sale s WHERE sale_log_is_kept(p_sale_id)
    ), log AS MATERIALIZED (
        -- By subqueries, so that partitions of other days are not read. What they had of the sale
        -- would be missing from the counts.
        SELECT a.*,
               least(a.attempted_at + make_interval(secs => s.hold_s),
                     CASE WHEN s.stays_open THEN 'infinity' ELSE s.ends_at END) AS held_until
        FROM logged_sale s
        JOIN attempt a ON a.sale_id = s.sale_id
        WHERE a.attempted_at >= (SELECT log_from FROM logged_sale)
          AND a.attempted_at < (SELECT log_until FROM logged_sale)
    ), accepted AS MATERIALIZED (
        SELECT l.*,
               lag(l.user_id) OVER w AS before_user,
               lag(l.held_until) OVER w AS before_until
        FROM log l
        WHERE l.outcome = 'accepted'
        WINDOW w AS (PARTITION BY l.number ORDER BY l.attempted_at)
    ), bought AS MATERIALIZED (
        SELECT b.user_id, n.number
        FROM buyer b CROSS JOIN LATERAL unnest(b.numbers) n (number)
        WHERE b.sale_id = p_sale_id
    ), totals AS (
        SELECT coalesce(sum(checkouts_accepted), 0) AS checkouts_accepted,
               coalesce(sum(checkouts_repeated), 0) AS checkouts_repeated,
               coalesce(sum(checkouts_refused), 0) AS checkouts_refused,
               coalesce(sum(purchases_accepted), 0) AS purchases_accepted
        FROM sale_slot WHERE sale_id = p_sale_id
    )
    SELECT 'no_such_sale', NULL::integer, NULL::text, format('sale %s', p_sale_id)
    WHERE NOT EXISTS (SELECT FROM the_sale)
    UNION ALL
    SELECT 'wrong_stock', NULL, NULL, format('%s items of %s', c.items, s.items_total)
    FROM the_sale s, (SELECT count(*) AS items FROM items) c
    WHERE c.items <> s.items_total
    UNION ALL
    SELECT 'oversold', NULL, NULL, format('%s sold of %s', c.sold, s.items_total)
    FROM the_sale s,
         (SELECT greatest((SELECT count(*) FROM items WHERE purchased_at IS NOT NULL),
                          (SELECT count(*) FROM bought)) AS sold) c
    WHERE c.sold > s.items_total
    UNION ALL
    SELECT 'over_limit', NULL, b.user_id, format('%s bought of %s', count(*), s.purchase_limit)
    FROM the_sale s, bought b
    GROUP BY b.user_id, s.purchase_limit
    HAVING count(*) > s.purchase_limit
    UNION ALL
    SELECT 'over_limit', NULL, i.held_by, format('%s sold of %s', count(*), s.purchase_limit)
    FROM the_sale s, items i
    WHERE i.purchased_at IS NOT NULL
    GROUP BY i.held_by, s.purchase_limit
    HAVING count(*) > s.purchase_limit
    UNION ALL
    SELECT 'sold_twice', b.number, min(b.user_id), format('bought %s times', count(*))
    FROM bought b
    GROUP BY b.number
    HAVING count(*) > 1
    UNION ALL
    SELECT 'buyer_differs', coalesce(i.number, b.number), coalesce(b.user_id, i.held_by),
           format('item: %s, buyer: %s', i.held_by, b.user_id)
    FROM (SELECT * FROM items WHERE purchased_at IS NOT NULL) i
    FULL JOIN bought b ON b.number = i.number AND b.user_id = i.held_by
    WHERE i.number IS NULL OR b.number IS NULL
    UNION ALL
    SELECT 'sold_without_code', i.number, i.held_by, format('purchased at %s', i.purchased_at)
    FROM logged_sale, items i
    WHERE i.purchased_at IS NOT NULL
      AND NOT EXISTS (
          SELECT FROM accepted a
          WHERE a.number = i.number AND a.user_id = i.held_by AND a.secret = i.secret
            AND i.purchased_at >= a.attempted_at AND i.purchased_at < a.held_until)
    UNION ALL
    SELECT 'hold_not_logged', i.number, i.held_by, format('held until %s', i.held_until)
    FROM logged_sale, items i
    WHERE i.held_by IS NOT NULL
      AND NOT EXISTS (
          SELECT FROM accepted a
          WHERE a.number = i.number AND a.user_id = i.held_by AND a.secret = i.secret
            AND a.held_until = i.held_until)
    UNION ALL
    SELECT 'holds_overlap', a.number, a.user_id,
           format('accepted at %s; %s held it until %s', a.attempted_at, a.before_user, a.before_until)
    FROM accepted a
    WHERE a.attempted_at < a.before_until
    UNION ALL
    SELECT 'accepted_after_sale', a.number, a.user_id,
           format('accepted at %s, purchased at %s', a.attempted_at, i.purchased_at)
    FROM accepted a JOIN items i ON i.number = a.number
    WHERE i.purchased_at IS NOT NULL AND a.attempted_at >= i.purchased_at
    UNION ALL
    SELECT 'outside_window', a.number, a.user_id, format('%s at %s', a.outcome, a.attempted_at)
    FROM log a, the_sale s
    WHERE a.outcome IN ('accepted', 'repeated')
      AND (a.attempted_at < s.starts_at OR a.attempted_at >= s.ends_at AND NOT s.stays_open)
    UNION ALL
    SELECT 'counter_differs', NULL, NULL, format('%s: counted %s, rows %s', c.what, c.counted, c.rows)
    FROM totals t
    CROSS JOIN (
        SELECT count(*) FILTER (WHERE l.outcome = 'accepted') AS accepted,
               count(*) FILTER (WHERE l.outcome = 'repeated') AS repeated,
               count(*) FILTER (WHERE l.outcome NOT IN ('accepted', 'repeated', 'sale_closed'))
                   AS refused
        FROM log l
    ) l
    CROSS JOIN LATERAL (VALUES
        ('checkouts_accepted', t.checkouts_accepted, l.accepted, true),
        ('checkouts_repeated', t.checkouts_repeated, l.repeated, true),
        ('checkouts_refused', t.checkouts_refused, l.refused, true),
        ('purchases_accepted', t.purchases_accepted,
         (SELECT count(*) FROM items WHERE purchased_at IS NOT NULL), false)
    ) c (what, counted, rows, is_by_log)
    WHERE c.counted <> c.rows AND (NOT c.is_by_log OR EXISTS (SELECT FROM logged_sale));
$$;
COMMENT ON FUNCTION sale_audit(integer) IS
    'a row for each thing about the sale that must not be; none when it is sound. Reads one '
    'snapshot, so it may run while the sale goes on. Of a sale whose log is past retention '
    '(sale_log_is_kept) it holds the items, the buyers and the purchases against each other alone';

GRANT EXECUTE ON FUNCTION sale_audit(integer), sale_log_is_kept(integer) TO flashsale_generator;

COMMIT;
