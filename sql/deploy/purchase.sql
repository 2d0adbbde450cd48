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
    v_sale sale;
    v_slot integer;
BEGIN
    v_sale := open_sale();
    IF v_sale.sale_id IS NOT NULL THEN
        v_slot := (lock_slot(v_sale.sale_id)).slot;
    END IF;

    RETURN QUERY
    WITH coded AS MATERIALIZED (
        -- The items that the codes open, locked, as their last committed versions are.
        SELECT r.ordinal, i.*,
               coalesce(i.purchased_at IS NULL AND i.held_until > now()
                        AND i.sale_id = v_sale.sale_id, false) AS is_due
        FROM (
            SELECT r.*
            FROM unnest(p_sales, p_numbers, p_secrets)
                 WITH ORDINALITY r (sale_id, number, secret, ordinal)
            ORDER BY r.sale_id, r.number
        ) r
        CROSS JOIN LATERAL (
            SELECT i.* FROM item i
            WHERE i.sale_id = r.sale_id AND i.number = r.number AND i.secret = r.secret
            FOR NO KEY UPDATE
        ) i
    ), granted AS (
        -- A buyer's row takes as many of the numbers as the limit leaves room for.
        INSERT INTO buyer AS b (sale_id, user_id, numbers, granted, purchase_limit)
        SELECT v_sale.sale_id, w.held_by, w.numbers, cardinality(w.numbers), v_sale.purchase_limit
        FROM (
            SELECT c.held_by,
                   (array_agg(c.number ORDER BY c.ordinal))[: v_sale.purchase_limit] AS numbers
            FROM (SELECT DISTINCT ON (c.number) c.* FROM coded c
                  WHERE c.is_due ORDER BY c.number, c.ordinal) c
            GROUP BY c.held_by
            ORDER BY c.held_by
        ) w
        ON CONFLICT (sale_id, user_id) DO UPDATE
        SET numbers = b.numbers
                || excluded.numbers[: b.purchase_limit - cardinality(b.numbers)],
            granted = least(cardinality(excluded.numbers),
                            b.purchase_limit - cardinality(b.numbers))
        WHERE cardinality(b.numbers) < b.purchase_limit
        RETURNING b.numbers, b.granted
    ), bought AS (
        UPDATE item i
        SET purchased_at = now(),
            buyer_purchases = array_position(g.numbers, i.number)
        FROM granted g
        WHERE i.sale_id = v_sale.sale_id
          AND i.number = ANY (g.numbers[cardinality(g.numbers) - g.granted + 1 :])
        RETURNING i.number, i.purchased_at, i.buyer_purchases
    ), results AS MATERIALIZED (
        -- Each item's requests behind its new purchase, if there is one: sorted side by side
        -- instead of joined, for a join of two such lists has no plan that is always good.
        SELECT w.ordinal, w.sale_id, w.number, w.held_by, w.name, w.price_cents, w.picture_seed,
               coalesce(w.purchased_at, w.bought_at) AS purchased_at,
               coalesce(w.buyer_purchases, w.bought_as) AS buyer_purchases,
               CASE WHEN w.purchased_at IS NOT NULL THEN 'repeated'
                    WHEN NOT w.is_due THEN 'unknown_code'
                    WHEN w.bought_at IS NULL THEN 'user_limit'
                    WHEN w.rank = 2 THEN 'purchased'
                    ELSE 'repeated' END::outcome AS outcome
        FROM (
            SELECT u.*,
                   first_value(u.new_at) OVER w AS bought_at,
                   first_value(u.new_as) OVER w AS bought_as,
                   row_number() OVER w AS rank
            FROM (
                SELECT NULL::bigint AS ordinal, v_sale.sale_id AS sale_id, b.number,
                       b.purchased_at AS new_at, b.buyer_purchases AS new_as,
                       NULL::timestamptz AS purchased_at, NULL::integer AS buyer_purchases,
                       true AS is_due, NULL::text AS held_by, NULL::text AS name,
                       NULL::integer AS price_cents, NULL::bigint AS picture_seed
                FROM bought b
                UNION ALL
                SELECT c.ordinal, c.sale_id, c.number, NULL, NULL,
                       c.purchased_at, c.buyer_purchases, c.is_due, c.held_by, c.name,
                       c.price_cents, c.picture_seed
                FROM coded c
            ) u
            WINDOW w AS (PARTITION BY u.sale_id, u.number ORDER BY u.new_at NULLS LAST, u.ordinal)
        ) w
        WHERE w.ordinal IS NOT NULL
    ), counted AS (
        UPDATE sale_slot s
        SET purchases_accepted = s.purchases_accepted + c.accepted,
            purchases_refused = s.purchases_refused + cardinality(p_numbers)
                - c.accepted - c.repeated
        FROM (
            SELECT count(*) FILTER (WHERE r.outcome = 'purchased') AS accepted,
                   count(*) FILTER (WHERE r.outcome = 'repeated') AS repeated
            FROM results r
        ) c
        WHERE s.sale_id = v_sale.sale_id AND s.slot = v_slot
    )
    SELECT r.ordinal::integer, r.outcome, r.sale_id, r.number, r.held_by, r.purchased_at,
           r.buyer_purchases, v_sale.generated_at, v_sale.ends_at, now(), r.name, r.price_cents,
           r.picture_seed
    FROM results r;
END
$$;
COMMENT ON FUNCTION purchase_batch(integer[], integer[], uuid[]) IS
'sells the items of a batch of codes to those who hold them; arrays have an element a request.
One row for each code that some item has, in no order; a request without a row is unknown_code.
A code that was used answers as it did then, as ''repeated'', also when its sale is over.';

GRANT EXECUTE ON FUNCTION purchase_batch(integer[], integer[], uuid[]) TO flashsale_worker;

COMMIT;
