BEGIN;
DROP FUNCTION flashsale.lock_stripe(integer);
DROP FUNCTION flashsale.stripe_key(integer, integer);
DROP FUNCTION flashsale.stripes();
DROP FUNCTION flashsale.lock_users(integer, text[]);
COMMIT;
