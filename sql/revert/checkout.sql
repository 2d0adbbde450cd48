BEGIN;
DROP FUNCTION flashsale.checkout_batch(
    text[], integer[], integer[], uuid[], smallint[], timestamptz[], timestamptz[], boolean, integer);
DROP FUNCTION flashsale.claim_any(
    flashsale.sale, text[], integer[], integer[], smallint[], flashsale.sale_slot);
COMMIT;
