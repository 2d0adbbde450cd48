BEGIN;
DROP FUNCTION flashsale.checkout_batch(
    text[], integer[], integer[], uuid[], smallint[], timestamptz[], timestamptz[], boolean, boolean,
    text[], integer);
DROP FUNCTION flashsale.claim_any(
    flashsale.sale, text[], integer[], integer[], smallint[], boolean, flashsale.sale_stripe);
DROP FUNCTION flashsale.find_free_ids(integer, text[], integer[], text[]);
COMMIT;
