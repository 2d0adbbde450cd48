-- What checkouts and purchases share: which sales are open, and a stripe for the batch.

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE FUNCTION items_sold(p_sale_id integer) RETURNS bigint
LANGUAGE sql STABLE
AS $$
    SELECT sum(s.purchases_accepted)::bigint FROM flashsale.sale_stripe s WHERE s.sale_id = p_sale_id
$$;
COMMENT ON FUNCTION items_sold(integer) IS 'how many items of a sale are sold';

-- Called for each batch. Nearly always one sale is open, by the clock.
CREATE FUNCTION open_sales() RETURNS sale[]
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    v_sale flashsale.sale;
    v_open flashsale.sale[];
BEGIN
    FOR v_sale IN
        SELECT s.* FROM flashsale.sale s WHERE tstzrange(s.starts_at, s.ends_at) @> now()
        UNION ALL
        SELECT s.* FROM flashsale.sale s
        WHERE s.stays_open AND s.sold_out_at IS NULL AND s.ends_at <= now()
        ORDER BY 2 DESC, 1 DESC
    LOOP
        IF v_sale.ends_at > now() OR flashsale.items_sold(v_sale.sale_id) < v_sale.items_total THEN
            v_open := v_open || v_sale;
        END IF;
    END LOOP;
    RETURN v_open;
END
$$;
COMMENT ON FUNCTION open_sales() IS
    'the sales whose window now() lies in, and those that stay open until they are sold out; the one '
    'that began last comes first. Null where there is none';

CREATE FUNCTION open_sale() RETURNS sale
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    v_open flashsale.sale[] := flashsale.open_sales();
BEGIN
    RETURN v_open[1];
END
$$;
COMMENT ON FUNCTION open_sale() IS
    'the newest open sale, which a request means that names none; or null';

CREATE FUNCTION current_sale() RETURNS sale
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    v_sale flashsale.sale := flashsale.open_sale();
BEGIN
    IF v_sale.sale_id IS NULL THEN
        SELECT * INTO v_sale FROM flashsale.sale
        WHERE starts_at <= now() ORDER BY starts_at DESC, sale_id DESC LIMIT 1;
    END IF;
    RETURN v_sale;
END
$$;
COMMENT ON FUNCTION current_sale() IS 'the newest open sale, or else the last that began; or null';

CREATE FUNCTION lock_stripe(p_sale_id integer) RETURNS sale_stripe
LANGUAGE plpgsql
AS $$
DECLARE
    v_stripes   constant integer := 16;
    v_preferred constant integer := pg_backend_pid() % v_stripes;
    v_stripe    sale_stripe;
BEGIN
    SELECT * INTO v_stripe FROM sale_stripe
    WHERE sale_id = p_sale_id AND stripe = v_preferred
    FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        SELECT * INTO v_stripe FROM sale_stripe
        WHERE sale_id = p_sale_id
        ORDER BY (stripe - v_preferred + v_stripes) % v_stripes
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED;
    END IF;
    -- More batches at once than stripes: wait for one. Of this sale nothing else is locked yet but free
    -- ids, and of others only those with lower numbers, so nobody who has one waits for this transaction.
    IF v_stripe.stripe IS NULL THEN
        SELECT * INTO v_stripe FROM sale_stripe
        WHERE sale_id = p_sale_id AND stripe = v_preferred
        FOR NO KEY UPDATE;
    END IF;
    RETURN v_stripe;
END
$$;
COMMENT ON FUNCTION lock_stripe(integer) IS
    'a stripe of the sale for this transaction alone; locked before any of its items';

COMMIT;
