-- What viewers read: sales, the items of one, and what a user has. Items that are being decided
-- about are shown as they were; nothing here locks anything.

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE FUNCTION read_sales(p_offset bigint, p_limit integer)
RETURNS TABLE (
    sale_id        integer,
    sale_status    text,
    starts_at      timestamptz,
    ends_at        timestamptz,
    items_total    integer,
    items_sold     bigint,
    purchase_limit integer,
    hold_s         integer,
    holds_max      integer,
    draw_s         integer,
    total          bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = flashsale, pg_temp
AS $$
    WITH open AS MATERIALIZED (
        SELECT ARRAY(SELECT o.sale_id FROM unnest(open_sales()) o) AS sales
    ), next AS (
        SELECT count(*) AS total,
               coalesce(min(s.starts_at) FILTER (WHERE s.starts_at > now()), 'infinity') AS starts_at
        FROM sale s
    )
    SELECT s.sale_id,
           CASE WHEN s.starts_at > now() THEN 'scheduled'
                WHEN s.sale_id <> ALL (o.sales) THEN 'closed'
                WHEN s.items_sold >= s.items_total THEN 'sold_out'
                ELSE 'active' END,
           s.starts_at, s.ends_at, s.items_total, s.items_sold, s.purchase_limit, s.hold_s,
           s.holds_max, s.draw_s, n.total
    FROM next n
    CROSS JOIN open o
    LEFT JOIN LATERAL (
        SELECT p.*, items_sold(p.sale_id)
        FROM (SELECT * FROM sale p
              ORDER BY p.starts_at > n.starts_at,
                       CASE WHEN p.starts_at <= n.starts_at THEN p.starts_at END DESC,
                       p.starts_at, p.sale_id DESC
              OFFSET p_offset LIMIT p_limit) p
    ) s ON true
    ORDER BY s.starts_at > n.starts_at,
             CASE WHEN s.starts_at <= n.starts_at THEN s.starts_at END DESC,
             s.starts_at, s.sale_id DESC
$$;
COMMENT ON FUNCTION read_sales(bigint, integer) IS
    'a page of the sales: the next one, then those before it, newest first, so that what is open '
    'comes next; then those further ahead, soonest first. One row with total alone where the page '
    'is empty';

CREATE FUNCTION item_state(p_item item) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT CASE WHEN item_is_free(p_item) THEN 'free' WHEN item_is_held(p_item) THEN 'held' ELSE 'sold' END
$$;
COMMENT ON FUNCTION item_state(item) IS 'free, held or sold';

CREATE FUNCTION read_items(
    p_sale_id integer, p_state text, p_offset bigint, p_limit integer)
RETURNS TABLE (
    sale_id      integer,
    number       integer,
    name         text,
    price_cents  integer,
    picture_seed bigint,
    state        text,
    held_until   timestamptz,
    total        bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = flashsale, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_sale  sale;
    v_total bigint;
BEGIN
    v_sale := current_sale();
    IF p_sale_id > 0 THEN
        SELECT * INTO v_sale FROM sale s WHERE s.sale_id = p_sale_id AND s.starts_at <= now();
    END IF;
    IF v_sale.sale_id IS NULL THEN
        RETURN;
    END IF;
    -- Numbers have no gaps, so where all are wanted a page is a range of them.
    IF p_state IS NULL THEN
        v_total := v_sale.items_total;
        RETURN QUERY
        SELECT i.sale_id, i.number, i.name, i.price_cents, i.picture_seed, item_state(i),
               i.held_until, v_total
        FROM item i
        WHERE i.sale_id = v_sale.sale_id
          AND i.number > p_offset AND i.number <= p_offset + p_limit
        ORDER BY i.number;
    ELSE
        SELECT count(*) INTO v_total FROM item i
        WHERE i.sale_id = v_sale.sale_id AND item_state(i) = p_state;
        RETURN QUERY
        SELECT i.sale_id, i.number, i.name, i.price_cents, i.picture_seed, item_state(i),
               i.held_until, v_total
        FROM item i
        WHERE i.sale_id = v_sale.sale_id AND item_state(i) = p_state
        ORDER BY i.number OFFSET p_offset LIMIT p_limit;
    END IF;
    IF NOT FOUND THEN
        RETURN QUERY SELECT v_sale.sale_id, 0, NULL::text, NULL::integer, NULL::bigint,
                            NULL::text, NULL::timestamptz, v_total;
    END IF;
END
$$;
COMMENT ON FUNCTION read_items(integer, text, bigint, integer) IS
    'a page of the items of a sale that has begun, by number; p_sale_id 0 is the current one; '
    'p_state null is any. One row with number 0 where the page is empty, none where there is no '
    'such sale';

CREATE FUNCTION read_item(p_sale_id integer, p_number integer)
RETURNS TABLE (
    sale_id      integer,
    number       integer,
    name         text,
    price_cents  integer,
    picture_seed bigint,
    state        text,
    held_until   timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = flashsale, pg_temp
AS $$
    SELECT i.sale_id, i.number, i.name, i.price_cents, i.picture_seed, item_state(i), i.held_until
    FROM item i
    JOIN sale s ON s.sale_id = i.sale_id AND s.starts_at <= now()
    WHERE i.sale_id = CASE WHEN p_sale_id = 0 THEN (current_sale()).sale_id ELSE p_sale_id END
      AND i.number = p_number
$$;
COMMENT ON FUNCTION read_item(integer, integer) IS
    'an item of a sale that has begun, or no row; p_sale_id 0 is the current one';

CREATE FUNCTION read_user(p_user_id text, p_offset bigint, p_limit integer)
RETURNS TABLE (
    sale_id         integer,
    number          integer,
    name            text,
    price_cents     integer,
    picture_seed    bigint,
    state           text,
    held_until      timestamptz,
    secret          uuid,
    purchased_at    timestamptz,
    buyer_purchases integer,
    purchase_limit  integer,
    purchases_total bigint,
    holds_total     bigint,
    current_sale_id integer,
    bought          bigint,
    held            bigint,
    holds_max       integer,
    opens_at        timestamptz,
    read_at         timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = flashsale, pg_temp
-- A sale that was just made has no statistics: each look-up is by primary key, whatever is estimated.
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
    WITH current AS MATERIALIZED (
        SELECT * FROM current_sale() c WHERE c.sale_id IS NOT NULL
    ),
    told AS MATERIALIZED (
        SELECT c.sale_id, c.starts_at FROM current c
        UNION
        SELECT o.sale_id, o.starts_at FROM unnest(open_sales()) o
    ),
    -- Holds are found by the queue of those that have not run out, and the hashes of their users in it;
    -- items have no index on users.
    entry AS MATERIALIZED (
        SELECT i.item, n.position, s.starts_at FROM told s
        JOIN buyer b ON b.sale_id = s.sale_id AND b.user_id = p_user_id
        CROSS JOIN LATERAL unnest(b.numbers) WITH ORDINALITY n (number, position)
        CROSS JOIN LATERAL (
            SELECT i AS item FROM item i WHERE i.sale_id = b.sale_id AND i.number = n.number
            OFFSET 0
        ) i
        UNION
        SELECT i.item, NULL, s.starts_at FROM told s
        JOIN hold_queue q ON q.sale_id = s.sale_id AND q.available_at > now()
        CROSS JOIN LATERAL unnest(q.numbers, q.users) n (number, hash)
        CROSS JOIN LATERAL (
            SELECT i AS item FROM item i
            WHERE n.hash = hashtext(p_user_id) AND i.sale_id = q.sale_id AND i.number = n.number
              AND i.held_by = p_user_id AND item_is_held(i)
            OFFSET 0
        ) i
    )
    SELECT (u.item).sale_id, (u.item).number, (u.item).name, (u.item).price_cents,
           (u.item).picture_seed, item_state(u.item), (u.item).held_until, (u.item).secret,
           (u.item).purchased_at, u.position::integer, s.purchase_limit,
           t.purchases_total, t.holds_total, s.sale_id, t.bought, t.held,
           s.holds_max, turn_opens_at(s, p_user_id), now()
    FROM current s
    CROSS JOIN LATERAL (
        SELECT count(e.position) AS purchases_total,
               count(*) - count(e.position) AS holds_total,
               count(e.position) FILTER (WHERE (e.item).sale_id = s.sale_id) AS bought,
               count(*) FILTER (WHERE (e.item).sale_id = s.sale_id AND e.position IS NULL) AS held
        FROM entry e
    ) t
    LEFT JOIN LATERAL (
        SELECT * FROM entry e
        ORDER BY e.position IS NULL, e.starts_at DESC, (e.item).sale_id DESC, e.position, (e.item).number
        OFFSET p_offset LIMIT p_limit
    ) u ON true
    ORDER BY u.position IS NULL, u.starts_at DESC, (u.item).sale_id DESC, u.position, (u.item).number
$$;
COMMENT ON FUNCTION read_user(text, bigint, integer) IS
    'a page of what a user bought of the open sales, or of the last, newest sale first, in order, and '
    'then holds; one row without an item where the page is empty. purchase_limit, bought, held, holds_max '
    'and opens_at (when the user''s turn comes) are of the current sale alone';

GRANT EXECUTE ON FUNCTION
    read_sales(bigint, integer),
    read_items(integer, text, bigint, integer),
    read_item(integer, integer),
    read_user(text, bigint, integer) TO flashsale_worker;
GRANT EXECUTE ON FUNCTION read_sales(bigint, integer) TO flashsale_generator;

COMMIT;
