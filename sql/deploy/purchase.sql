-- Purchases, a batch in one transaction. A purchase waits for another purchase only, and all take their locks
-- in the order of locks.sql; a checkout never waits for a purchase, nor a purchase long for a checkout, which
-- waits for nothing once it has an item.

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE TYPE purchase_decision AS (
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
    purchase_limit  integer
);
COMMENT ON TYPE purchase_decision IS
    'what a request of a batch of purchases is answered; buyer_purchases: which of the buyer''s it is';

CREATE FUNCTION wanted_codes(p_sale_id integer, p_sales integer[], p_numbers integer[], p_secrets uuid[])
RETURNS TABLE (ordinal integer, sale_id integer, number integer, secret uuid)
LANGUAGE sql STABLE
AS $$
    SELECT r.ordinal::integer, p_sales[r.ordinal], r.number, p_secrets[r.ordinal]
    FROM unnest(p_numbers) WITH ORDINALITY r (number, ordinal)
    WHERE p_sales[r.ordinal] = p_sale_id
    ORDER BY r.number, r.ordinal
$$;
COMMENT ON FUNCTION wanted_codes(integer, integer[], integer[], uuid[]) IS
    'the requests with codes of the sale, by number. It becomes a part of the statement that calls it';

CREATE FUNCTION return_items(
    p_sale_id integer, p_sales integer[], p_numbers integer[], p_secrets uuid[], p_purchased smallint[])
RETURNS uuid[]
LANGUAGE plpgsql
AS $$
DECLARE
    v_returned uuid[];
BEGIN
    WITH returned AS (
        UPDATE item i
        SET purchased_at = NULL
        FROM wanted_codes(p_sale_id, p_sales, p_numbers, p_secrets) r
        WHERE r.ordinal = ANY (p_purchased) IS NOT TRUE
          AND i.sale_id = r.sale_id AND i.number = r.number AND i.secret = r.secret
          AND i.purchased_at = now()
          AND (SELECT i.number = ANY (b.numbers) FROM buyer b
               WHERE b.sale_id = p_sale_id AND b.user_id = i.held_by) IS NOT TRUE
        RETURNING i.secret
    )
    SELECT array_agg(r.secret) INTO v_returned FROM returned r;
    RETURN v_returned;
END
$$;
COMMENT ON FUNCTION return_items(integer, integer[], integer[], uuid[], smallint[]) IS
    'what was taken beyond the limit, and is in no buyer''s row, goes back to who holds it: the secrets of that. '
    'p_purchased: the requests that were answered';

CREATE FUNCTION refuse_purchases(
    p_sale sale, p_stripe integer, p_sales integer[], p_numbers integer[], p_secrets uuid[],
    p_requests integer, p_purchased smallint[], p_returned uuid[])
RETURNS SETOF purchase_decision
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN QUERY
    WITH others AS MATERIALIZED (
        SELECT r.ordinal, i.*,
               CASE WHEN i.secret = ANY (p_returned) THEN 'user_limit'
                    WHEN i.purchased_at IS NOT NULL THEN 'repeated'
                    ELSE 'unknown_code' END::outcome AS outcome
        FROM unnest(p_numbers) WITH ORDINALITY r (number, ordinal)
        CROSS JOIN LATERAL (
            SELECT i.* FROM item i
            WHERE i.sale_id = p_sales[r.ordinal] AND i.number = r.number
              AND i.secret = p_secrets[r.ordinal]
        ) i
        WHERE r.ordinal = ANY (p_purchased) IS NOT TRUE
    ), counted AS (
        UPDATE sale_stripe s
        SET purchases_refused = s.purchases_refused
            + p_requests - coalesce(cardinality(p_purchased), 0)
            - (SELECT count(*) FROM others o WHERE o.outcome = 'repeated')
        WHERE s.sale_id = p_sale.sale_id AND s.stripe = p_stripe
    )
    SELECT o.ordinal::integer, o.outcome, o.sale_id, o.number, o.held_by, o.purchased_at,
           (SELECT array_position(b.numbers, o.number) FROM buyer b
            WHERE b.sale_id = o.sale_id AND b.user_id = o.held_by),
           p_sale.generated_at, p_sale.ends_at, now(), o.name, o.price_cents, o.picture_seed,
           p_sale.purchase_limit
    FROM others o;
END
$$;
COMMENT ON FUNCTION refuse_purchases(
    sale, integer, integer[], integer[], uuid[], integer, smallint[], uuid[]) IS
    'answers those of the p_requests that bought nothing now, by the rows as they are, and counts them';

CREATE FUNCTION purchase_batch(p_sales integer[], p_numbers integer[], p_secrets uuid[])
RETURNS SETOF purchase_decision
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = flashsale, pg_temp
-- Estimates for arrays are guesses: every look-up here is by primary key, whatever they say.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    v_part      batch_part;
    v_sale      sale;
    v_stripe    integer;
    v_rows      bigint;
    v_purchased smallint[]; -- ordinals
BEGIN
    FOREACH v_part IN ARRAY batch_parts(p_sales, p_numbers) LOOP
        v_sale := v_part.sale;
        v_stripe := lock_stripe(v_sale.sale_id);
        -- The items that the codes open are taken, then each buyer's row takes as many of the numbers as the
        -- limit leaves room for. Of requests with the same code it is the first.
        RETURN QUERY
        WITH taken AS (
            UPDATE item i
            SET purchased_at = now()
            FROM wanted_codes(v_sale.sale_id, p_sales, v_part.numbers, p_secrets) r
            WHERE i.sale_id = r.sale_id AND i.number = r.number AND i.secret = r.secret
              AND item_is_held(i)
            RETURNING r.ordinal, i.number, i.held_by, i.name, i.price_cents, i.picture_seed
        ), granted AS (
            -- Each has a row, from the checkout.
            INSERT INTO buyer AS b (sale_id, user_id, numbers, granted, purchase_limit, holds_max)
            SELECT v_sale.sale_id, t.held_by, (array_agg(t.number))[: v_sale.purchase_limit],
                   least(count(*), v_sale.purchase_limit), v_sale.purchase_limit, v_sale.holds_max
            FROM (SELECT * FROM taken t ORDER BY t.held_by, t.ordinal) t
            GROUP BY t.held_by
            ORDER BY t.held_by
            ON CONFLICT (sale_id, user_id) DO UPDATE
            SET numbers = b.numbers || excluded.numbers[: b.purchase_limit - cardinality(b.numbers)],
                granted = least(cardinality(excluded.numbers), b.purchase_limit - cardinality(b.numbers)),
                holds = CASE WHEN cardinality(excluded.numbers) = 1 THEN array_remove(b.holds, excluded.numbers[1])
                        ELSE holds_without(b, excluded.numbers[: b.purchase_limit - cardinality(b.numbers)]) END
            WHERE cardinality(b.numbers) < b.purchase_limit
            RETURNING b.numbers, b.granted
        ), positions AS MATERIALIZED (
            -- One row: what was granted, and beside it which of its buyer's items each is.
            SELECT array_agg(g.numbers[g.position]) AS numbers, array_agg(g.position) AS positions
            FROM (SELECT g.numbers, generate_series(
                      cardinality(g.numbers) - g.granted + 1, cardinality(g.numbers)) AS position
                  FROM granted g) g
        ), purchased AS MATERIALIZED (
            SELECT t.*, p.positions[f.at] AS position
            FROM taken t
            CROSS JOIN positions p
            CROSS JOIN LATERAL (SELECT array_position(p.numbers, t.number) AS at OFFSET 0) f
            WHERE f.at IS NOT NULL
        ), counted AS (
            UPDATE sale_stripe s
            SET purchases_accepted = s.purchases_accepted + cardinality(p.ordinals), purchased = p.ordinals
            FROM (SELECT array_agg(p.ordinal::smallint) AS ordinals FROM purchased p) p
            WHERE s.sale_id = v_sale.sale_id AND s.stripe = v_stripe AND p.ordinals IS NOT NULL
        )
        SELECT p.ordinal, 'purchased'::outcome, v_sale.sale_id, p.number, p.held_by, now(), p.position,
               v_sale.generated_at, v_sale.ends_at, now(), p.name, p.price_cents, p.picture_seed,
               v_sale.purchase_limit
        FROM purchased p;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        CONTINUE WHEN v_rows = v_part.requests;
        v_purchased := (SELECT s.purchased FROM sale_stripe s
                        WHERE s.sale_id = v_sale.sale_id AND s.stripe = v_stripe AND v_rows > 0);
        RETURN QUERY SELECT * FROM refuse_purchases(
            v_sale, v_stripe, p_sales, v_part.numbers, p_secrets, v_part.requests, v_purchased,
            return_items(v_sale.sale_id, p_sales, v_part.numbers, p_secrets, v_purchased));
    END LOOP;
END
$$;
COMMENT ON FUNCTION purchase_batch(integer[], integer[], uuid[]) IS
'sells the items of a batch of codes to those who hold them; arrays have an element a request.
One row for each code that some item has, in no order; a request without a row is unknown_code.
A code that was used answers as it did then, as ''repeated'', also when its sale is over.';

GRANT EXECUTE ON FUNCTION purchase_batch(integer[], integer[], uuid[]) TO flashsale_worker;

COMMIT;
