BEGIN;
DROP FUNCTION flashsale.lock_stripe(integer);
DROP FUNCTION flashsale.lock_wildcard_ids(integer, text[], integer[], text[]);
COMMIT;
