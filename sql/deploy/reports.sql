-- What people and their reports read: what was sold, what was tried, and the sales. Neither codes nor anything else
-- that a sale is made with.

BEGIN;

DO $$
BEGIN
    IF to_regrole('flashsale_report') IS NULL THEN
        CREATE ROLE flashsale_report LOGIN;
    END IF;
END
$$;
COMMENT ON ROLE flashsale_report IS 'people and reports: may read the views of the sale, nothing else';
-- "SELECT count(*) FROM purchases" does for who logs in as it.
ALTER ROLE flashsale_report SET search_path = flashsale;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE VIEW purchases AS
SELECT sale_id::bigint * 10000000 + number AS purchase_id,
       sale_id,
       sale_id || '-' || number AS item_id,
       number,
       name,
       held_by AS user_id,
       (price_cents / 100.0)::numeric(12, 2) AS price,
       purchased_at
FROM item
WHERE purchased_at IS NOT NULL;
COMMENT ON VIEW purchases IS 'what was sold, a row for each item';
COMMENT ON COLUMN purchases.purchase_id IS
    'as the purchase was answered: the sale, and seven digits for the number (fcgi/api/purchase_id.h)';
COMMENT ON COLUMN purchases.item_id IS 'as in requests and replies: 17-4711';

CREATE VIEW checkout_attempts AS
SELECT attempted_at,
       sale_id,
       sale_id || '-' || number AS item_id,
       number,
       user_id,
       outcome::text AS outcome
FROM attempt;
COMMENT ON VIEW checkout_attempts IS
    'every checkout that named a user, a row for each, as far back as the log is kept';
COMMENT ON COLUMN checkout_attempts.item_id IS
    'the item asked for or given; null where neither, or no sale, is known';

CREATE VIEW sales AS
SELECT s.sale_id, s.starts_at, s.ends_at, s.stays_open, s.items_total, s.purchase_limit, s.hold_s,
       s.holds_max, s.draw_s,
       c.items_sold,
       s.items_total - c.items_sold AS items_unsold,
       t.status,
       t.status = 'active' AS active
FROM sale s
CROSS JOIN LATERAL (
    SELECT coalesce(sum(purchases_accepted), 0)::bigint AS items_sold
    FROM sale_stripe WHERE sale_stripe.sale_id = s.sale_id
) c
CROSS JOIN LATERAL (
    SELECT CASE WHEN s.starts_at > now() THEN 'scheduled'
                WHEN s.ends_at <= now() AND (NOT s.stays_open OR c.items_sold >= s.items_total) THEN 'closed'
                WHEN c.items_sold >= s.items_total THEN 'sold_out'
                ELSE 'active' END AS status
) t;
COMMENT ON VIEW sales IS 'every sale, to come, open or closed';
COMMENT ON COLUMN sales.ends_at IS 'of one that stays_open: until then at least';
COMMENT ON COLUMN sales.holds_max IS 'how many of its items one user may hold at once; 0: any number';
COMMENT ON COLUMN sales.items_unsold IS 'reserved ones among them';
COMMENT ON COLUMN sales.status IS 'scheduled, active, sold_out or closed, as GET /sales says';
COMMENT ON COLUMN sales.active IS 'it is open, and not all is sold';

GRANT USAGE ON SCHEMA flashsale TO flashsale_report;
GRANT SELECT ON purchases, checkout_attempts, sales TO flashsale_report;

COMMIT;
