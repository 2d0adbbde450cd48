-- The schema, and the closed list of what can come of a checkout or a purchase.

BEGIN;

CREATE SCHEMA flashsale AUTHORIZATION flashsale_owner;
COMMENT ON SCHEMA flashsale IS 'a fixed stock, sold to a crowd';

SET LOCAL ROLE flashsale_owner;

GRANT USAGE ON SCHEMA flashsale TO flashsale_worker, flashsale_generator;
ALTER DEFAULT PRIVILEGES FOR ROLE flashsale_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE TYPE flashsale.outcome AS ENUM (
    'accepted',     -- checkout: the item is held for the user from now on
    'repeated',     -- the same request again: the same answer again
    'held',         -- checkout: another user holds the item, or is being decided about
    'sold',         -- checkout: the item is sold
    'sold_out',     -- checkout: every item of the sale is sold
    'user_limit',   -- the user has bought as many as one may
    'hold_limit',   -- checkout: the user holds as many as one may
    'not_yet',      -- checkout: the user's turn has not come (sale.draw_s)
    'sale_closed',  -- checkout: no sale is open, or not the one asked for
    'unknown_item', -- checkout: the sale has no such item
    'purchased',    -- purchase: the item is the user's
    'unknown_code'  -- purchase: the code never was, ran out, or its sale is over
);
COMMENT ON TYPE flashsale.outcome IS
    'decisions on checkouts and purchases; fcgi/store/outcome.c has the same list';

COMMIT;
