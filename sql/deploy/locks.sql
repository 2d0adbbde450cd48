-- The locks that a batch waits for, in the one order in which all batches take them:
--
--     sale by sale, by their numbers (batch_parts); in each
--     1. of checkouts, users by their hashes     lock_users
--     2. one stripe                              lock_stripe
--     3. items by number                         the UPDATE of eligible_requests or of wanted_codes
--     4. buyers by name                          granted in purchase_batch; in checkout_batch extended
--
-- so a batch that waits for another never holds what that one waits for. What a checkout of any item takes
-- beyond these, before buyers, it never waits for: other stripes and items (allocation.sql).
--
-- Items that are named have no lock before their UPDATE, since looking each up twice makes a batch dearer. The
-- UPDATE goes by the number: its requests are sorted, and with hash joins, merge joins and all scans but those of
-- an index switched off it can meet the rows in no other order. tests/sql/15-plans.sql holds it to that.
--
-- A session plans once, and statistics may have changed since: a plan for a few rows that scans them would scan a
-- million as well. So where one side of a join is to be looked up row by row, nothing else is possible: the other
-- side has its key, it is behind OFFSET 0, or it is found by ON CONFLICT.

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE FUNCTION lock_users(p_sale_id integer, p_users text[]) RETURNS bigint
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN (
        SELECT count(pg_advisory_xact_lock(p_sale_id, k.key)::text)
        FROM (SELECT DISTINCT hashtext(u) AS key FROM unnest(p_users) u ORDER BY 1) k);
END
$$;
COMMENT ON FUNCTION lock_users(integer, text[]) IS
    'until the transaction ends no other batch gives these users an item of the sale. How many they are';

CREATE FUNCTION stripes() RETURNS integer
LANGUAGE sql IMMUTABLE
AS $$ SELECT 16 $$;
COMMENT ON FUNCTION stripes() IS 'how many stripes a sale has';

CREATE FUNCTION stripe_key(p_sale_id integer, p_stripe integer) RETURNS bigint
LANGUAGE sql IMMUTABLE
AS $$ SELECT p_sale_id::bigint * stripes() + p_stripe $$;
COMMENT ON FUNCTION stripe_key(integer, integer) IS
    'what the lock of a stripe is called. It is no row lock: that would be a statement more for each batch';

CREATE FUNCTION lock_stripe(p_sale_id integer) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    v_preferred constant integer := pg_backend_pid() % stripes();
    v_stripe    integer := v_preferred;
BEGIN
    FOR v_try IN 1 .. stripes() LOOP
        IF pg_try_advisory_xact_lock(stripe_key(p_sale_id, v_stripe)) THEN
            RETURN v_stripe;
        END IF;
        v_stripe := (v_stripe + 1) % stripes();
    END LOOP;
    -- More batches at once than stripes: wait for one. Of this sale nothing else is locked yet but
    -- users, and of others only those with lower numbers, so nobody who has one waits for this transaction.
    PERFORM pg_advisory_xact_lock(stripe_key(p_sale_id, v_preferred));
    RETURN v_preferred;
END
$$;
COMMENT ON FUNCTION lock_stripe(integer) IS
    'a stripe of the sale for this transaction alone; locked before any of its items';

COMMIT;
