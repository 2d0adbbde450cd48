-- Purchases, a batch in one transaction.
--
-- The order of locks is: sale by sale, by their numbers; in each one stripe, items by number, buyers by
-- name. A purchase waits for another purchase only, and all take their locks in this order; a checkout
-- never waits for a purchase, nor a purchase long for a checkout, which waits for nothing once it has
-- an item.

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE FUNCTION purchase_batch(
    p_sales integer[], p_numbers integer[], p_secrets uuid[], p_only_sale integer DEFAULT NULL)
RETURNS TABLE (
    ordinal         integer,
    outcome         outcome,
    sale_id         integer,
    number          integer,
    user_id         text,
    purchased_at    timestamptz,
    buyer_purchases integer,
    sale_made_at    timestamptz,
    sale_ends_at    timestamptz,
    decided_at      timestamptz,
    name            text,
    price_cents     integer,
    picture_seed    bigint,
    purchase_limit  integer)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = flashsale, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_open      sale[];
    v_sale      sale;
    v_part      record;
    v_stripe    integer;
    v_purchased bigint := 0;
    v_answered  smallint[]; -- ordinals
    v_returned  uuid[];
BEGIN
    v_open := open_sales();
    v_sale := v_open[1];
    -- Where several are open, each has its codes decided by itself; those of other sales, and codes
    -- that never were, go with the newest.
    IF p_only_sale IS NOT NULL THEN
        SELECT o.* INTO v_sale FROM unnest(v_open) o WHERE o.sale_id = p_only_sale;
    ELSIF cardinality(v_open) > 1 AND v_sale.sale_id <> ANY (p_sales) THEN
        FOR v_part IN
            SELECT coalesce(o.sale_id, v_sale.sale_id) AS sale_id,
                   array_agg(r.ordinal::integer ORDER BY r.ordinal) AS ordinals,
                   array_agg(r.sale_id ORDER BY r.ordinal) AS sales,
                   array_agg(r.number ORDER BY r.ordinal) AS numbers,
                   array_agg(r.secret ORDER BY r.ordinal) AS secrets
            FROM unnest(p_sales, p_numbers, p_secrets)
                 WITH ORDINALITY r (sale_id, number, secret, ordinal)
            LEFT JOIN unnest(v_open) o ON o.sale_id = r.sale_id
            GROUP BY 1
            ORDER BY 1
        LOOP
            RETURN QUERY
            SELECT v_part.ordinals[p.ordinal], p.outcome, p.sale_id, p.number, p.user_id,
                   p.purchased_at, p.buyer_purchases, p.sale_made_at, p.sale_ends_at, p.decided_at,
                   p.name, p.price_cents, p.picture_seed, p.purchase_limit
            FROM purchase_batch(v_part.sales, v_part.numbers, v_part.secrets, v_part.sale_id) p;
        END LOOP;
        RETURN;
    END IF;
    IF v_sale.sale_id IS NOT NULL THEN
        v_stripe := (lock_stripe(v_sale.sale_id)).stripe;
    END IF;

    -- First those who get what they ask for: the items that the codes open are taken, then each
    -- buyer's row takes as many of the numbers as the limit leaves room for. Of requests with the
    -- same code it is the first.
    IF v_stripe IS NOT NULL THEN
        RETURN QUERY
        WITH taken AS (
            UPDATE item i
            SET purchased_at = now()
            FROM (
                SELECT r.*
                FROM unnest(p_sales, p_numbers, p_secrets)
                     WITH ORDINALITY r (sale_id, number, secret, ordinal)
                WHERE r.sale_id = v_sale.sale_id
                ORDER BY r.number, r.ordinal
            ) r
            WHERE i.sale_id = v_sale.sale_id AND i.number = r.number AND i.secret = r.secret
              AND i.purchased_at IS NULL AND i.held_until > now()
            RETURNING r.ordinal, i.number, i.held_by, i.name, i.price_cents, i.picture_seed
        ), granted AS (
            INSERT INTO buyer AS b (sale_id, user_id, numbers, granted, purchase_limit)
            SELECT v_sale.sale_id, w.held_by, w.numbers, cardinality(w.numbers), v_sale.purchase_limit
            FROM (
                SELECT t.held_by, (array_agg(t.number))[: v_sale.purchase_limit] AS numbers
                FROM (SELECT * FROM taken t ORDER BY t.held_by, t.ordinal) t
                GROUP BY t.held_by
                ORDER BY t.held_by
            ) w
            ON CONFLICT (sale_id, user_id) DO UPDATE
            SET numbers = b.numbers
                    || excluded.numbers[: b.purchase_limit - cardinality(b.numbers)],
                granted = least(cardinality(excluded.numbers),
                                b.purchase_limit - cardinality(b.numbers))
            WHERE cardinality(b.numbers) < b.purchase_limit
            RETURNING b.numbers, b.granted
        ), places AS MATERIALIZED (
            -- One row: what was granted, and beside it which of its buyer's items each is.
            SELECT array_agg(g.numbers[p.place]) AS numbers, array_agg(p.place) AS places
            FROM granted g
            CROSS JOIN LATERAL generate_series(
                cardinality(g.numbers) - g.granted + 1, cardinality(g.numbers)) p (place)
        ), purchased AS MATERIALIZED (
            SELECT t.*, p.places[f.at] AS place
            FROM taken t
            CROSS JOIN places p
            CROSS JOIN LATERAL (SELECT array_position(p.numbers, t.number) AS at OFFSET 0) f
            WHERE f.at IS NOT NULL
        ), counted AS (
            UPDATE sale_stripe s
            SET purchases_accepted = s.purchases_accepted + cardinality(p.ordinals),
                purchased = p.ordinals
            FROM (SELECT array_agg(p.ordinal::smallint) AS ordinals FROM purchased p) p
            WHERE s.sale_id = v_sale.sale_id AND s.stripe = v_stripe AND p.ordinals IS NOT NULL
        )
        SELECT p.ordinal::integer, 'purchased'::outcome, v_sale.sale_id, p.number, p.held_by, now(),
               p.place, v_sale.generated_at, v_sale.ends_at, now(), p.name, p.price_cents,
               p.picture_seed, v_sale.purchase_limit
        FROM purchased p;
        GET DIAGNOSTICS v_purchased = ROW_COUNT;
    END IF;

    -- Then, if there are any, those who don't.
    IF v_purchased = cardinality(p_numbers) THEN
        RETURN;
    END IF;
    IF v_purchased > 0 THEN
        SELECT s.purchased INTO v_answered FROM sale_stripe s
        WHERE s.sale_id = v_sale.sale_id AND s.stripe = v_stripe;
    END IF;
    -- What was taken beyond the limit, and is in no buyer's row, goes back to who holds it.
    WITH returned AS (
        UPDATE item i
        SET purchased_at = NULL
        FROM unnest(p_sales, p_numbers, p_secrets)
             WITH ORDINALITY r (sale_id, number, secret, ordinal)
        WHERE r.sale_id = v_sale.sale_id AND r.ordinal = ANY (v_answered) IS NOT TRUE
          AND i.sale_id = v_sale.sale_id AND i.number = r.number AND i.secret = r.secret
          AND i.purchased_at = now()
          AND NOT EXISTS (SELECT FROM buyer b
                          WHERE b.sale_id = v_sale.sale_id AND b.user_id = i.held_by
                            AND i.number = ANY (b.numbers))
        RETURNING i.secret
    )
    SELECT array_agg(r.secret) INTO v_returned FROM returned r;

    RETURN QUERY
    WITH others AS MATERIALIZED (
        SELECT r.ordinal, i.*,
               CASE WHEN i.secret = ANY (v_returned) THEN 'user_limit'
                    WHEN i.purchased_at IS NOT NULL THEN 'repeated'
                    ELSE 'unknown_code' END::outcome AS outcome
        FROM unnest(p_sales, p_numbers, p_secrets)
             WITH ORDINALITY r (sale_id, number, secret, ordinal)
        CROSS JOIN LATERAL (
            SELECT i.* FROM item i
            WHERE i.sale_id = r.sale_id AND i.number = r.number AND i.secret = r.secret
        ) i
        WHERE r.ordinal = ANY (v_answered) IS NOT TRUE
    ), counted AS (
        UPDATE sale_stripe s
        SET purchases_refused = s.purchases_refused + cardinality(p_numbers) - v_purchased
            - (SELECT count(*) FROM others o WHERE o.outcome = 'repeated')
        WHERE s.sale_id = v_sale.sale_id AND s.stripe = v_stripe
    )
    SELECT o.ordinal::integer, o.outcome, o.sale_id, o.number, o.held_by, o.purchased_at,
           (SELECT array_position(b.numbers, o.number) FROM buyer b
            WHERE b.sale_id = o.sale_id AND b.user_id = o.held_by),
           v_sale.generated_at, v_sale.ends_at, now(), o.name, o.price_cents, o.picture_seed,
           v_sale.purchase_limit
    FROM others o;
END
$$;
COMMENT ON FUNCTION purchase_batch(integer[], integer[], uuid[], integer) IS
'sells the items of a batch of codes to those who hold them; arrays have an element a request.
One row for each code that some item has, in no order; a request without a row is unknown_code.
A code that was used answers as it did then, as ''repeated'', also when its sale is over.
p_only_sale: of the open sales the one that all codes are decided by; null: each by its own.';

GRANT EXECUTE ON FUNCTION purchase_batch(integer[], integer[], uuid[], integer) TO flashsale_worker;

COMMIT;
