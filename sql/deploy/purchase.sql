-- Purchases, a batch in one transaction.
--
-- The order of locks is: one slot, items by number, buyers by name. A purchase waits for
-- another purchase only, and all take their locks in this order; a checkout never waits for
-- a purchase, nor a purchase long for a checkout, which waits for nothing once it has an item.

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE FUNCTION purchase_batch(p_sales integer[], p_numbers integer[], p_secrets uuid[])
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
    picture_seed    bigint)
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
    v_sale      sale;
    v_slot      integer;
    v_purchased bigint := 0;
    v_answered  smallint[]; -- ordinals
    v_returned  uuid[];
BEGIN
    v_sale := open_sale();
    IF v_sale.sale_id IS NOT NULL THEN
        v_slot := (lock_slot(v_sale.sale_id)).slot;
    END IF;

    -- First those who get what they ask for: the items that the codes open are taken, then each
    -- buyer's row takes as many of the numbers as the limit leaves room for. Of requests with the
    -- same code it is the first.
    IF v_slot IS NOT NULL THEN
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
            UPDATE sale_slot s
            SET purchases_accepted = s.purchases_accepted + cardinality(p.ordinals),
                purchased = p.ordinals
            FROM (SELECT array_agg(p.ordinal::smallint) AS ordinals FROM purchased p) p
            WHERE s.sale_id = v_sale.sale_id AND s.slot = v_slot AND p.ordinals IS NOT NULL
        )
        SELECT p.ordinal::integer, 'purchased'::outcome, v_sale.sale_id, p.number, p.held_by, now(),
               p.place, v_sale.generated_at, v_sale.ends_at, now(), p.name, p.price_cents,
               p.picture_seed
        FROM purchased p;
        GET DIAGNOSTICS v_purchased = ROW_COUNT;
    END IF;

    -- Then, if there are any, those who don't.
    IF v_purchased = cardinality(p_numbers) THEN
        RETURN;
    END IF;
    IF v_purchased > 0 THEN
        SELECT s.purchased INTO v_answered FROM sale_slot s
        WHERE s.sale_id = v_sale.sale_id AND s.slot = v_slot;
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
        UPDATE sale_slot s
        SET purchases_refused = s.purchases_refused + cardinality(p_numbers) - v_purchased
            - (SELECT count(*) FROM others o WHERE o.outcome = 'repeated')
        WHERE s.sale_id = v_sale.sale_id AND s.slot = v_slot
    )
    SELECT o.ordinal::integer, o.outcome, o.sale_id, o.number, o.held_by, o.purchased_at,
           (SELECT array_position(b.numbers, o.number) FROM buyer b
            WHERE b.sale_id = o.sale_id AND b.user_id = o.held_by),
           v_sale.generated_at, v_sale.ends_at, now(), o.name, o.price_cents, o.picture_seed
    FROM others o;
END
$$;
COMMENT ON FUNCTION purchase_batch(integer[], integer[], uuid[]) IS
'sells the items of a batch of codes to those who hold them; arrays have an element a request.
One row for each code that some item has, in no order; a request without a row is unknown_code.
A code that was used answers as it did then, as ''repeated'', also when its sale is over.';

GRANT EXECUTE ON FUNCTION purchase_batch(integer[], integer[], uuid[]) TO flashsale_worker;

COMMIT;
