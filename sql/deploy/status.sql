-- What the status page shows, from the stripes' counters and the rows of the current sale.

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE FUNCTION sale_status()
RETURNS TABLE (
    sale_id            integer,
    sale_status        text,
    starts_at          timestamptz,
    ends_at            timestamptz,
    server_time        timestamptz,
    items_total        integer,
    purchase_limit     integer,
    hold_s             integer,
    stays_open         boolean,
    holds_max          integer,
    draw_s             integer,
    next_starts_at     timestamptz,
    next_draw_s        integer,
    items_held         bigint,
    checkouts_accepted bigint,
    checkouts_repeated bigint,
    checkouts_refused  bigint,
    purchases_accepted bigint,
    purchases_refused  bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = flashsale, pg_temp
AS $$
    SELECT s.sale_id,
           CASE WHEN s.sale_id IS NULL THEN 'none'
                WHEN s.ends_at <= now()
                     AND (NOT s.stays_open OR c.purchases_accepted >= s.items_total) THEN 'closed'
                WHEN c.purchases_accepted >= s.items_total THEN 'sold_out'
                ELSE 'active' END,
           s.starts_at, s.ends_at, now(), coalesce(s.items_total, 0), s.purchase_limit, s.hold_s,
           coalesce(s.stays_open, false), s.holds_max, s.draw_s,
           n.starts_at, n.draw_s, h.items_held,
           coalesce(c.checkouts_accepted, 0), coalesce(c.checkouts_repeated, 0),
           coalesce(c.checkouts_refused, 0), coalesce(c.purchases_accepted, 0),
           coalesce(c.purchases_refused, 0)
    FROM current_sale() s
    LEFT JOIN LATERAL (
        SELECT sale.starts_at, sale.draw_s FROM sale
        WHERE sale.starts_at > now() ORDER BY sale.starts_at, sale.sale_id LIMIT 1
    ) n ON true
    LEFT JOIN LATERAL (
        SELECT sum(checkouts_accepted)::bigint AS checkouts_accepted,
               sum(checkouts_repeated)::bigint AS checkouts_repeated,
               sum(checkouts_refused)::bigint AS checkouts_refused,
               sum(purchases_accepted)::bigint AS purchases_accepted,
               sum(purchases_refused)::bigint AS purchases_refused
        FROM sale_stripe WHERE sale_stripe.sale_id = s.sale_id
    ) c ON true
    CROSS JOIN LATERAL (SELECT count(DISTINCT i.number) AS items_held FROM held_items(s.sale_id) i) h;
$$;
COMMENT ON FUNCTION sale_status() IS
    'the current sale, always one row; sale_status is none, active, sold_out or closed; '
    'next_starts_at is when the next of all sales begins, next_draw_s its draw_s, or null where none is planned';

GRANT EXECUTE ON FUNCTION sale_status() TO flashsale_worker;

COMMIT;
