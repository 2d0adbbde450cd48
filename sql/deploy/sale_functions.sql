-- What checkouts and purchases share: which sales are open, what is free, what may be known of a request, and
-- which sale decides what of a batch.

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
BEGIN
    RETURN ARRAY(
        SELECT s FROM flashsale.sale s
        WHERE s.open_until > now() AND s.starts_at <= now()
          AND (s.ends_at > now() OR flashsale.items_sold(s.sale_id) < s.items_total)
        ORDER BY s.starts_at DESC, s.sale_id DESC);
END
$$;
COMMENT ON FUNCTION open_sales() IS
    'the sales whose window now() lies in, and those that stay open until they are sold out; the one '
    'that began last comes first. Empty where there is none';

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

-- An item's state is told by its row and the clock. Planners put these in the place where they are called,
-- which tests/sql/15-plans.sql sees to.
CREATE FUNCTION item_is_free(p_item item) RETURNS boolean
LANGUAGE sql STABLE
AS $$ SELECT p_item.purchased_at IS NULL AND p_item.held_until <= now() $$;
COMMENT ON FUNCTION item_is_free(item) IS 'nobody holds the item, and nobody bought it';

CREATE FUNCTION item_is_held(p_item item) RETURNS boolean
LANGUAGE sql STABLE
AS $$ SELECT p_item.purchased_at IS NULL AND p_item.held_until > now() $$;
COMMENT ON FUNCTION item_is_held(item) IS 'a user holds the item and may still buy it';

CREATE FUNCTION held_items(p_sale_id integer) RETURNS SETOF item
LANGUAGE sql STABLE
AS $$
    -- Only a hold that has not run out is worth a look at its items.
    SELECT i.*
    FROM hold_queue q
    CROSS JOIN LATERAL unnest(q.numbers) n (number)
    JOIN item i ON i.sale_id = q.sale_id AND i.number = n.number
    WHERE q.sale_id = p_sale_id AND q.available_at > now() AND item_is_held(i)
$$;
COMMENT ON FUNCTION held_items(integer) IS
    'the items of a sale that are held now; some of them twice. It becomes a part of the statement that calls it';

CREATE FUNCTION known_refusals() RETURNS outcome[]
LANGUAGE sql IMMUTABLE
AS $$ SELECT ARRAY['sold', 'held', 'user_limit', 'sold_out', 'not_yet', 'hold_limit']::outcome[] $$;
COMMENT ON FUNCTION known_refusals() IS
    'what the elements of p_known stand for, from 1. The last two are known only here, from the user''s rows';

CREATE FUNCTION known_as(p_outcome outcome) RETURNS smallint
LANGUAGE sql IMMUTABLE
AS $$ SELECT array_position(known_refusals(), p_outcome)::smallint $$;
COMMENT ON FUNCTION known_as(outcome) IS 'the number of the outcome in known_refusals()';

CREATE TYPE batch_part AS (
    sale     sale,
    numbers  integer[],
    requests integer
);
COMMENT ON TYPE batch_part IS
    'what one sale decides of a batch: the numbers by request, null at those of other sales, and how many '
    'requests they are';

CREATE FUNCTION batch_parts(p_sales integer[], p_numbers integer[]) RETURNS batch_part[]
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    v_open flashsale.sale[] := flashsale.open_sales();
BEGIN
    IF cardinality(v_open) > 1 THEN
        RETURN ARRAY(
            SELECT (o.sale, n.numbers, n.requests)::flashsale.batch_part
            FROM (SELECT o AS sale FROM unnest(v_open) o) o
            CROSS JOIN LATERAL (
                SELECT array_agg(r.number ORDER BY r.ordinal) AS numbers,
                       count(r.number)::integer AS requests
                FROM (
                    SELECT r.ordinal, CASE WHEN coalesce(
                               (SELECT i.sale_id FROM unnest(v_open) i WHERE i.sale_id = r.sale_id),
                               v_open[1].sale_id) = (o.sale).sale_id THEN r.number END AS number
                    FROM unnest(p_sales, p_numbers) WITH ORDINALITY r (sale_id, number, ordinal)) r
            ) n
            WHERE n.requests > 0
            ORDER BY (o.sale).sale_id);
    END IF;
    RETURN ARRAY[(v_open[1], p_numbers, cardinality(p_numbers))::flashsale.batch_part];
END
$$;
COMMENT ON FUNCTION batch_parts(integer[], integer[]) IS
    'a batch by the open sales that decide it, in the order of their numbers: each request by the sale that '
    'it names, and by the newest where it names none or one that is not open. One part without a sale '
    'where none is open';

COMMIT;
