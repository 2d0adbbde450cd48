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
           (SELECT min(n.starts_at) FROM sale n WHERE n.starts_at > now()), h.items_held,
           coalesce(c.checkouts_accepted, 0), coalesce(c.checkouts_repeated, 0),
           coalesce(c.checkouts_refused, 0), coalesce(c.purchases_accepted, 0),
           coalesce(c.purchases_refused, 0)
    FROM current_sale() s
    LEFT JOIN LATERAL (
        SELECT sum(checkouts_accepted)::bigint AS checkouts_accepted,
               sum(checkouts_repeated)::bigint AS checkouts_repeated,
               sum(checkouts_refused)::bigint AS checkouts_refused,
               sum(purchases_accepted)::bigint AS purchases_accepted,
               sum(purchases_refused)::bigint AS purchases_refused
        FROM sale_stripe WHERE sale_stripe.sale_id = s.sale_id
    ) c ON true
    CROSS JOIN LATERAL (
        -- Only a hold that has not run out is worth a look at its items.
        SELECT count(DISTINCT i.number) AS items_held
        FROM hold_queue q
        CROSS JOIN LATERAL unnest(q.numbers) n (number)
        JOIN item i ON i.sale_id = q.sale_id AND i.number = n.number
        WHERE q.sale_id = s.sale_id AND q.available_at > now()
          AND item_is_held(i)
    ) h;
$$;
COMMENT ON FUNCTION sale_status() IS
    'the current sale, always one row; sale_status is none, active, sold_out or closed; '
    'next_starts_at is when the next of all sales begins, or null where none is planned';

GRANT EXECUTE ON FUNCTION sale_status() TO flashsale_worker;

COMMIT;
