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

CREATE FUNCTION audit_purchases(
    p_sale_id integer, p_purchase_limit integer, p_unsound integer[], p_differs boolean)
RETURNS TABLE (violation text, number integer, user_id text, detail text)
LANGUAGE sql STABLE
SET search_path = flashsale, pg_temp
SET enable_seqscan = off
SET enable_nestloop = off
SET enable_mergejoin = off
SET max_parallel_workers_per_gather = 0
SET jit = off
SET work_mem = '128MB'
AS $$
    WITH bought AS MATERIALIZED (
        SELECT b.user_id, coalesce(b.number, 0) AS number
        FROM (SELECT b.user_id, unnest(b.numbers) AS number FROM buyer b
              WHERE b.sale_id = p_sale_id AND p_differs) b
    ), over_limit AS MATERIALIZED (
        SELECT b.user_id, cardinality(b.numbers) AS bought FROM buyer b
        WHERE b.sale_id = p_sale_id AND cardinality(b.numbers) > p_purchase_limit
    )
    SELECT 'over_limit', NULL::integer, b.user_id, format('%s bought of %s', b.bought, p_purchase_limit)
    FROM over_limit b
    UNION ALL
    -- Where items and buyers agree about all numbers, they do about how many a user has.
    SELECT 'over_limit', NULL, i.held_by, format('%s sold of %s', count(*), p_purchase_limit)
    FROM item i
    WHERE i.sale_id = p_sale_id AND i.purchased_at IS NOT NULL
      AND (p_differs OR EXISTS (SELECT FROM over_limit))
    GROUP BY i.held_by
    HAVING count(*) > p_purchase_limit
    UNION ALL
    SELECT 'sold_twice', b.number, min(b.user_id), format('bought %s times', count(*))
    FROM bought b
    GROUP BY b.number
    HAVING count(*) > 1
    UNION ALL
    SELECT 'buyer_differs', coalesce(i.number, b.number), coalesce(b.user_id, i.held_by),
           format('item: %s, buyer: %s', i.held_by, b.user_id)
    FROM (SELECT i.* FROM item i
          WHERE i.sale_id = p_sale_id AND i.number = ANY (p_unsound)
            AND i.purchased_at IS NOT NULL AND p_differs) i
    FULL JOIN (SELECT b.* FROM bought b WHERE b.number = ANY (p_unsound)) b
        ON b.number = i.number AND b.user_id = i.held_by
    WHERE i.number IS NULL OR b.number IS NULL
$$;
COMMENT ON FUNCTION audit_purchases(integer, integer, integer[], boolean) IS
    'what must not be about buyers and what they bought. p_unsound: the numbers to look at; p_differs: items and '
    'buyers do not agree';

CREATE FUNCTION audit_holds(
    p_sale_id integer, p_unsound integer[], p_log_from timestamptz, p_log_until timestamptz,
    p_holds_until timestamptz, p_hold interval)
RETURNS TABLE (violation text, number integer, user_id text, detail text)
LANGUAGE sql STABLE
SET search_path = flashsale, pg_temp
SET enable_seqscan = off
SET enable_nestloop = off
SET enable_mergejoin = off
SET max_parallel_workers_per_gather = 0
SET jit = off
SET work_mem = '128MB'
AS $$
    WITH items AS MATERIALIZED (
        SELECT i.number, i.held_by, i.secret, i.held_until, i.purchased_at
        FROM item i WHERE i.sale_id = p_sale_id AND i.number = ANY (p_unsound)
    ), accepted AS MATERIALIZED (
        SELECT a.*,
               lag(a.user_id) OVER w AS before_user,
               lag(a.held_until) OVER w AS before_until
        FROM (
            SELECT coalesce(a.number, 0) AS number, a.user_id, a.secret, a.attempted_at,
                   least(a.attempted_at + p_hold, p_holds_until) AS held_until
            FROM attempt a
            JOIN (SELECT DISTINCT unnest(p_unsound) AS number) u ON u.number = coalesce(a.number, 0)
            WHERE a.sale_id = p_sale_id AND a.outcome = 'accepted'
              AND a.attempted_at >= p_log_from AND a.attempted_at < p_log_until
              AND p_unsound IS NOT NULL
        ) a
        WINDOW w AS (PARTITION BY a.number ORDER BY a.attempted_at)
    )
    SELECT 'sold_without_code', i.number, i.held_by, format('purchased at %s', i.purchased_at)
    FROM items i
    WHERE i.purchased_at IS NOT NULL AND p_log_from IS NOT NULL
      AND NOT EXISTS (
          SELECT FROM accepted a
          WHERE a.number = i.number AND a.user_id = i.held_by AND a.secret = i.secret
            AND i.purchased_at >= a.attempted_at AND i.purchased_at < a.held_until)
    UNION ALL
    SELECT 'hold_not_logged', i.number, i.held_by, format('held until %s', i.held_until)
    FROM items i
    WHERE i.held_by IS NOT NULL AND p_log_from IS NOT NULL
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
$$;
COMMENT ON FUNCTION audit_holds(integer, integer[], timestamptz, timestamptz, timestamptz, interval) IS
    'what must not be about items and the checkouts that the log has of them, at the numbers p_unsound; the rest '
    'as of audit_terms';

CREATE FUNCTION audit_log(
    p_sale sale, p_log_from timestamptz, p_log_until timestamptz, p_sold bigint, p_accepted bigint,
    p_accepted_first timestamptz, p_accepted_last timestamptz)
RETURNS TABLE (violation text, number integer, user_id text, detail text)
LANGUAGE sql STABLE
SET search_path = flashsale, pg_temp
SET enable_seqscan = off
SET enable_nestloop = off
SET enable_mergejoin = off
SET max_parallel_workers_per_gather = 0
SET jit = off
SET work_mem = '128MB'
AS $$
    WITH others AS MATERIALIZED (
        -- Of partitions of other days nothing is read. What they had of the sale would be missing from the
        -- counts.
        SELECT count(*) FILTER (WHERE a.outcome = 'repeated') AS repeated,
               count(*) FILTER (WHERE a.outcome NOT IN ('repeated', 'sale_closed')) AS refused,
               min(a.attempted_at) FILTER (WHERE a.outcome = 'repeated') AS repeated_first,
               max(a.attempted_at) FILTER (WHERE a.outcome = 'repeated') AS repeated_last
        FROM attempt a
        WHERE a.sale_id = p_sale.sale_id AND a.outcome <> 'accepted'
          AND a.attempted_at >= p_log_from AND a.attempted_at < p_log_until
    ), totals AS (
        SELECT coalesce(sum(checkouts_accepted), 0) AS checkouts_accepted,
               coalesce(sum(checkouts_repeated), 0) AS checkouts_repeated,
               coalesce(sum(checkouts_refused), 0) AS checkouts_refused,
               coalesce(sum(purchases_accepted), 0) AS purchases_accepted
        FROM sale_stripe WHERE sale_id = p_sale.sale_id
    )
    SELECT 'outside_window', a.number, a.user_id, format('%s at %s', a.outcome, a.attempted_at)
    FROM attempt a
    WHERE a.sale_id = p_sale.sale_id AND a.outcome IN ('accepted', 'repeated')
      AND a.attempted_at >= p_log_from AND a.attempted_at < p_log_until
      AND (a.attempted_at < p_sale.starts_at
           OR a.attempted_at >= p_sale.ends_at AND NOT p_sale.stays_open)
      AND (SELECT least(p_accepted_first, o.repeated_first) < p_sale.starts_at
                  OR greatest(p_accepted_last, o.repeated_last) >= p_sale.ends_at
           FROM others o)
    UNION ALL
    SELECT 'counter_differs', NULL, NULL, format('%s: counted %s, rows %s', c.what, c.counted, c.rows)
    FROM totals t
    CROSS JOIN others o
    CROSS JOIN LATERAL (VALUES
        ('checkouts_accepted', t.checkouts_accepted, p_accepted, true),
        ('checkouts_repeated', t.checkouts_repeated, o.repeated, true),
        ('checkouts_refused', t.checkouts_refused, o.refused, true),
        ('purchases_accepted', t.purchases_accepted, p_sold, false)
    ) c (what, counted, rows, is_by_log)
    WHERE c.counted <> c.rows AND (NOT c.is_by_log OR p_log_from IS NOT NULL)
$$;
COMMENT ON FUNCTION audit_log(
    sale, timestamptz, timestamptz, bigint, bigint, timestamptz, timestamptz) IS
    'what must not be about the log and the counters of a sale; what is not of the sale is of audit_terms and '
    'audit_pass';

CREATE FUNCTION audit_bound(p_sale_id integer, p_holds_max integer)
RETURNS TABLE (violation text, number integer, user_id text, detail text)
LANGUAGE sql STABLE
SET search_path = flashsale, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET max_parallel_workers_per_gather = 0
SET jit = off
AS $$
    WITH live AS MATERIALIZED (
        SELECT DISTINCT i.number, i.held_by FROM held_items(p_sale_id) i WHERE p_holds_max > 0
    )
    SELECT 'over_holds', NULL::integer, l.held_by, format('%s held of %s', count(*), p_holds_max)
    FROM live l
    GROUP BY l.held_by
    HAVING count(*) > p_holds_max
    UNION ALL
    SELECT 'hold_not_counted', l.number, l.held_by, 'not among what its holder may hold'
    FROM live l
    WHERE NOT EXISTS (SELECT FROM buyer b
                      WHERE b.sale_id = p_sale_id AND b.user_id = l.held_by AND l.number = ANY (b.holds))
$$;
COMMENT ON FUNCTION audit_bound(integer, integer) IS
    'what must not be about users and how many items they hold now';

CREATE FUNCTION sale_audit(p_sale_id integer)
RETURNS TABLE (violation text, number integer, user_id text, detail text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = flashsale, pg_temp
SET jit = off
AS $$
    WITH the_sale AS MATERIALIZED (
        SELECT s AS row, s.items_total, s.purchase_limit, s.holds_max, p.*, t.*,
               p.unsound_holds || p.unsound_purchases AS unsound,
               p.unsound_purchases IS NOT NULL OR p.sold <> p.bought AS differs
        FROM sale s, audit_pass(p_sale_id) p, audit_terms(p_sale_id) t
        WHERE s.sale_id = p_sale_id
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
    SELECT a.* FROM the_sale s
    CROSS JOIN LATERAL audit_purchases(p_sale_id, s.purchase_limit, s.unsound, s.differs) a
    UNION ALL
    SELECT a.* FROM the_sale s
    CROSS JOIN LATERAL audit_bound(p_sale_id, s.holds_max) a
    UNION ALL
    SELECT a.* FROM the_sale s
    CROSS JOIN LATERAL audit_holds(
        p_sale_id, s.unsound, s.log_from, s.log_until, s.holds_until, s.hold) a
    UNION ALL
    SELECT a.* FROM the_sale s
    CROSS JOIN LATERAL audit_log(
        s.row, s.log_from, s.log_until, s.sold, s.accepted, s.accepted_first, s.accepted_last) a
$$;
COMMENT ON FUNCTION sale_audit(integer) IS
    'a row for each thing about the sale that must not be; none when it is sound. Reads one '
    'snapshot, so it may run while the sale goes on. Of a sale whose log is past retention '
    '(sale_log_is_kept) it holds the items, the buyers and the purchases against each other alone';

GRANT EXECUTE ON FUNCTION sale_audit(integer), sale_log_is_kept(integer) TO flashsale_generator;

COMMIT;
