BEGIN;
DROP FUNCTION flashsale.lock_stripe(integer);
DROP FUNCTION flashsale.lock_users(integer, text[]);
COMMIT;
