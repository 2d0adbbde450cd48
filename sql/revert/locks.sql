BEGIN;
DROP FUNCTION flashsale.lock_stripe(integer);
DROP FUNCTION flashsale.lock_free_ids(integer, text[], integer[], text[]);
COMMIT;
