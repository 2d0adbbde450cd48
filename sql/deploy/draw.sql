-- A sale may draw for each user when the user's turn comes: within sale.draw_s seconds from its start, at a time
-- that follows from the name and from a secret of the sale. So there is no queue to keep, every server knows the
-- same time, and nobody knows it before the sale begins.

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE FUNCTION turn_opens_at(p_sale sale, p_user_id text) RETURNS timestamptz
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    IF p_sale.draw_s = 0 THEN
        RETURN p_sale.starts_at;
    END IF;
    -- The first 48 bits of the hash are a fraction in [0, 1).
    RETURN (
        SELECT p_sale.starts_at + interval '1 microsecond' * floor(
            p_sale.draw_s * 1e6::double precision / 2 ^ 48
            * ('x' || left(encode(sha256(d.secret || convert_to(p_user_id, 'UTF8')), 'hex'), 12))::bit(48)::bigint)
        FROM draw_secret d WHERE d.sale_id = p_sale.sale_id);
END
$$;
COMMENT ON FUNCTION turn_opens_at(sale, text) IS
    'from when on the sale accepts checkouts of the user. Only what is told once the sale has begun may call it';

CREATE FUNCTION read_turn(p_user_id text)
RETURNS TABLE (
    sale_id   integer,
    starts_at timestamptz,
    draw_s    integer,
    opens_at  timestamptz,
    read_at   timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = flashsale, pg_temp
AS $$
    SELECT c.sale_id, c.starts_at, c.draw_s, turn_opens_at(c, p_user_id), now()
    FROM current_sale() c WHERE c.sale_id IS NOT NULL
$$;
COMMENT ON FUNCTION read_turn(text) IS
    'when the user''s turn comes in the current sale; no row where none has begun';

GRANT EXECUTE ON FUNCTION read_turn(text) TO flashsale_worker;

COMMIT;
