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

CREATE FUNCTION audit_terms(
    p_sale_id integer, OUT log_from timestamptz, OUT log_until timestamptz,
    OUT holds_until timestamptz, OUT hold interval)
LANGUAGE sql STABLE
SET search_path = flashsale, pg_temp
AS $$
    SELECT s.starts_at - interval '1 day',
           CASE WHEN s.stays_open THEN 'infinity' ELSE s.ends_at + interval '1 day' END,
           CASE WHEN s.stays_open THEN 'infinity' ELSE s.ends_at END,
           make_interval(secs => s.hold_s)
    FROM sale s WHERE s.sale_id = p_sale_id AND sale_log_is_kept(p_sale_id)
$$;
COMMENT ON FUNCTION audit_terms(integer) IS
    'when the log may have attempts of the sale, and how long what they were given was held; nulls '
    'where it has not all of them';

-- What follows reads a sale of a million items in a few seconds, and PostgreSQL's estimates, of a log
-- without an index and of tables that nothing analysed yet, are guesses. So the plans are pinned: a
-- sale's rows are found by its number, and what is held against each other is sorted or hashed once.

CREATE FUNCTION audit_pass(
    p_sale_id integer, OUT items bigint, OUT sold bigint, OUT bought bigint, OUT accepted bigint,
    OUT accepted_first timestamptz, OUT accepted_last timestamptz, OUT unsound_holds integer[],
    OUT unsound_purchases integer[])
LANGUAGE sql STABLE
SET search_path = flashsale, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_nestloop = off
SET enable_hashjoin = off
SET enable_mergejoin = on
SET max_parallel_workers_per_gather = 0
SET jit = off
SET work_mem = '128MB'
AS $$
    WITH terms AS MATERIALIZED (
        SELECT * FROM audit_terms(p_sale_id)
    ), holds AS (
        -- Each item beside each time it was accepted: where all is well it is as the last of them left
        -- it, and each ended before the next.
        SELECT count(*) FILTER (WHERE i.number IS NOT NULL AND a.next_at IS NULL) AS items,
               count(*) FILTER (WHERE i.purchased_at IS NOT NULL AND a.next_at IS NULL) AS sold,
               count(a.number) AS accepted,
               min(a.attempted_at) AS accepted_first,
               max(a.attempted_at) AS accepted_last,
               array_agg(coalesce(i.number, a.number)) FILTER (
                   WHERE a.next_at < a.held_until
                      OR a.attempted_at >= i.purchased_at
                      OR a.next_at IS NULL AND (i.held_by IS NOT NULL OR i.purchased_at IS NOT NULL)
                         AND (SELECT t.log_from FROM terms t) IS NOT NULL
                         AND (a.secret = i.secret AND a.user_id = i.held_by
                              AND a.held_until = i.held_until
                              AND (i.purchased_at IS NULL
                                   OR i.purchased_at >= a.attempted_at
                                      AND i.purchased_at < a.held_until)) IS NOT TRUE) AS unsound
        FROM (
            SELECT i.number, i.held_by, i.secret, i.held_until, i.purchased_at
            FROM item i WHERE i.sale_id = p_sale_id ORDER BY i.number OFFSET 0
        ) i
        FULL JOIN (
            SELECT a.*, lead(a.attempted_at) OVER (PARTITION BY a.number ORDER BY a.attempted_at) AS next_at
            FROM (
                SELECT coalesce(a.number, 0) AS number, a.user_id, a.secret, a.attempted_at,
                       least(a.attempted_at + (SELECT t.hold FROM terms t),
                             (SELECT t.holds_until FROM terms t)) AS held_until
                FROM attempt a
                WHERE a.sale_id = p_sale_id AND a.outcome = 'accepted'
                  AND a.attempted_at >= (SELECT t.log_from FROM terms t)
                  AND a.attempted_at < (SELECT t.log_until FROM terms t)
            ) a
        ) a ON a.number = i.number
    ), purchases AS (
        -- Each item that was sold beside its buyers.
        SELECT count(b.number) AS bought,
               array_agg(coalesce(i.number, b.number)) FILTER (
                   WHERE (b.user_id = i.held_by) IS NOT TRUE) AS unsound
        FROM (
            SELECT i.number, i.held_by
            FROM item i WHERE i.sale_id = p_sale_id AND i.purchased_at IS NOT NULL
            ORDER BY i.number OFFSET 0
        ) i
        FULL JOIN (
            SELECT b.user_id, coalesce(b.number, 0) AS number
            FROM (SELECT b.user_id, unnest(b.numbers) AS number FROM buyer b WHERE b.sale_id = p_sale_id) b
        ) b ON b.number = i.number
    )
    SELECT h.items, h.sold, p.bought, h.accepted, h.accepted_first, h.accepted_last,
           h.unsound, p.unsound
    FROM holds h CROSS JOIN purchases p
$$;
COMMENT ON FUNCTION audit_pass(integer) IS
    'how many items the sale has, how many are sold and how many its buyers have; how many checkouts '
    'were accepted, and when; and the numbers, in no order, at which holds and purchases may be '
    'unsound, or null';

CREATE FUNCTION sale_audit(p_sale_id integer)
RETURNS TABLE (violation text, number integer, user_id text, detail text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = flashsale, pg_temp
SET enable_seqscan = off
SET enable_nestloop = off
SET enable_mergejoin = off
SET max_parallel_workers_per_gather = 0
SET jit = off
SET work_mem = '128MB'
AS $$
    WITH the_sale AS MATERIALIZED (
        SELECT s.*, p.*, t.*, t.log_from IS NOT NULL AS is_logged,
               p.unsound_holds || p.unsound_purchases AS unsound,
               p.unsound_purchases IS NOT NULL OR p.sold <> p.bought AS differs
        FROM sale s, audit_pass(p_sale_id) p, audit_terms(p_sale_id) t
        WHERE s.sale_id = p_sale_id
    ), unsound AS MATERIALIZED (
        SELECT DISTINCT n.number FROM the_sale s CROSS JOIN LATERAL unnest(s.unsound) n (number)
    ), items AS MATERIALIZED (
        SELECT i.number, i.held_by, i.secret, i.held_until, i.purchased_at
        FROM item i
        WHERE i.sale_id = p_sale_id AND i.number = ANY ((SELECT s.unsound FROM the_sale s)::integer[])
    ), accepted AS MATERIALIZED (
        SELECT a.*,
               lag(a.user_id) OVER w AS before_user,
               lag(a.held_until) OVER w AS before_until
        FROM (
            SELECT coalesce(a.number, 0) AS number, a.user_id, a.secret, a.attempted_at,
                   least(a.attempted_at + (SELECT s.hold FROM the_sale s),
                         (SELECT s.holds_until FROM the_sale s)) AS held_until
            FROM attempt a JOIN unsound u ON u.number = coalesce(a.number, 0)
            WHERE a.sale_id = p_sale_id AND a.outcome = 'accepted'
              AND a.attempted_at >= (SELECT s.log_from FROM the_sale s)
              AND a.attempted_at < (SELECT s.log_until FROM the_sale s)
              AND (SELECT s.unsound IS NOT NULL FROM the_sale s)
        ) a
        WINDOW w AS (PARTITION BY a.number ORDER BY a.attempted_at)
    ), bought AS MATERIALIZED (
        SELECT b.user_id, coalesce(b.number, 0) AS number
        FROM (SELECT b.user_id, unnest(b.numbers) AS number FROM buyer b
              WHERE b.sale_id = p_sale_id AND (SELECT s.differs FROM the_sale s)) b
    ), over_limit AS MATERIALIZED (
        SELECT b.user_id, cardinality(b.numbers) AS bought FROM buyer b
        WHERE b.sale_id = p_sale_id
          AND cardinality(b.numbers) > (SELECT s.purchase_limit FROM the_sale s)
    ), others AS MATERIALIZED (
        -- By subqueries, so that partitions of other days are not read. What they had of the sale
        -- would be missing from the counts.
        SELECT count(*) FILTER (WHERE a.outcome = 'repeated') AS repeated,
               count(*) FILTER (WHERE a.outcome NOT IN ('repeated', 'sale_closed')) AS refused,
               min(a.attempted_at) FILTER (WHERE a.outcome = 'repeated') AS repeated_first,
               max(a.attempted_at) FILTER (WHERE a.outcome = 'repeated') AS repeated_last
        FROM attempt a
        WHERE a.sale_id = p_sale_id AND a.outcome <> 'accepted'
          AND a.attempted_at >= (SELECT s.log_from FROM the_sale s)
          AND a.attempted_at < (SELECT s.log_until FROM the_sale s)
    ), totals AS (
        SELECT coalesce(sum(checkouts_accepted), 0) AS checkouts_accepted,
               coalesce(sum(checkouts_repeated), 0) AS checkouts_repeated,
               coalesce(sum(checkouts_refused), 0) AS checkouts_refused,
               coalesce(sum(purchases_accepted), 0) AS purchases_accepted
        FROM sale_stripe WHERE sale_id = p_sale_id
    )
    SELECT 'no_such_sale', NULL::integer, NULL::text, format('sale %s', p_sale_id)
    WHERE NOT EXISTS (SELECT FROM the_sale)
    UNION ALL
    SELECT 'wrong_stock', NULL, NULL, format('%s items of %s', s.items, s.items_total)
    FROM the_sale s
    WHERE s.items <> s.items_total
    UNION ALL
    SELECT 'oversold', NULL, NULL, format('%s sold of %s', greatest(s.sold, s.bought), s.items_total)
    FROM the_sale s
    WHERE greatest(s.sold, s.bought) > s.items_total
    UNION ALL
    SELECT 'over_limit', NULL, b.user_id,
           format('%s bought of %s', b.bought, (SELECT s.purchase_limit FROM the_sale s))
    FROM over_limit b
    UNION ALL
    -- Where items and buyers agree about all numbers, they do about how many a user has.
    SELECT 'over_limit', NULL, i.held_by,
           format('%s sold of %s', count(*), (SELECT s.purchase_limit FROM the_sale s))
    FROM item i
    WHERE i.sale_id = p_sale_id AND i.purchased_at IS NOT NULL
      AND ((SELECT s.differs FROM the_sale s) OR EXISTS (SELECT FROM over_limit))
    GROUP BY i.held_by
    HAVING count(*) > (SELECT s.purchase_limit FROM the_sale s)
    UNION ALL
    SELECT 'sold_twice', b.number, min(b.user_id), format('bought %s times', count(*))
    FROM bought b
    GROUP BY b.number
    HAVING count(*) > 1
    UNION ALL
    SELECT 'buyer_differs', coalesce(i.number, b.number), coalesce(b.user_id, i.held_by),
           format('item: %s, buyer: %s', i.held_by, b.user_id)
    FROM (SELECT i.* FROM items i
          WHERE i.purchased_at IS NOT NULL AND (SELECT s.differs FROM the_sale s)) i
    FULL JOIN (SELECT b.* FROM bought b JOIN unsound u ON u.number = b.number) b
        ON b.number = i.number AND b.user_id = i.held_by
    WHERE i.number IS NULL OR b.number IS NULL
    UNION ALL
    SELECT 'sold_without_code', i.number, i.held_by, format('purchased at %s', i.purchased_at)
    FROM items i
    WHERE i.purchased_at IS NOT NULL AND (SELECT s.is_logged FROM the_sale s)
      AND NOT EXISTS (
          SELECT FROM accepted a
          WHERE a.number = i.number AND a.user_id = i.held_by AND a.secret = i.secret
            AND i.purchased_at >= a.attempted_at AND i.purchased_at < a.held_until)
    UNION ALL
    SELECT 'hold_not_logged', i.number, i.held_by, format('held until %s', i.held_until)
    FROM items i
    WHERE i.held_by IS NOT NULL AND (SELECT s.is_logged FROM the_sale s)
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
    FROM attempt a
    WHERE a.sale_id = p_sale_id AND a.outcome IN ('accepted', 'repeated')
      AND a.attempted_at >= (SELECT s.log_from FROM the_sale s)
      AND a.attempted_at < (SELECT s.log_until FROM the_sale s)
      AND (a.attempted_at < (SELECT s.starts_at FROM the_sale s)
           OR a.attempted_at >= (SELECT s.ends_at FROM the_sale s)
              AND NOT (SELECT s.stays_open FROM the_sale s))
      AND (SELECT least(s.accepted_first, o.repeated_first) < s.starts_at
                  OR greatest(s.accepted_last, o.repeated_last) >= s.ends_at
           FROM the_sale s, others o)
    UNION ALL
    SELECT 'counter_differs', NULL, NULL, format('%s: counted %s, rows %s', c.what, c.counted, c.rows)
    FROM totals t
    CROSS JOIN others o
    CROSS JOIN LATERAL (VALUES
        ('checkouts_accepted', t.checkouts_accepted,
         coalesce((SELECT s.accepted FROM the_sale s), 0), true),
        ('checkouts_repeated', t.checkouts_repeated, o.repeated, true),
        ('checkouts_refused', t.checkouts_refused, o.refused, true),
        ('purchases_accepted', t.purchases_accepted,
         coalesce((SELECT s.sold FROM the_sale s), 0), false)
    ) c (what, counted, rows, is_by_log)
    WHERE c.counted <> c.rows AND (NOT c.is_by_log OR (SELECT s.is_logged FROM the_sale s));
$$;
COMMENT ON FUNCTION sale_audit(integer) IS
    'a row for each thing about the sale that must not be; none when it is sound. Reads one '
    'snapshot, so it may run while the sale goes on. Of a sale whose log is past retention '
    '(sale_log_is_kept) it holds the items, the buyers and the purchases against each other alone';

GRANT EXECUTE ON FUNCTION sale_audit(integer), sale_log_is_kept(integer) TO flashsale_generator;

COMMIT;
