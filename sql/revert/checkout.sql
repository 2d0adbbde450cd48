BEGIN;
DROP FUNCTION flashsale.checkout_batch(
    text[], integer[], integer[], uuid[], smallint[], timestamptz[], integer, boolean);
DROP FUNCTION flashsale.claim_any(integer, integer, integer);
COMMIT;
