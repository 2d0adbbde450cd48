BEGIN;
SET LOCAL search_path = flashsale, pg_temp;
DROP FUNCTION purchase_batch(integer[], integer[], uuid[]);
DROP FUNCTION refuse_purchases(
    sale, integer, integer[], integer[], uuid[], integer, smallint[], uuid[]);
DROP FUNCTION return_items(integer, integer[], integer[], uuid[], smallint[]);
DROP FUNCTION wanted_codes(integer, integer[], integer[], uuid[]);
DROP TYPE purchase_decision;
COMMIT;
