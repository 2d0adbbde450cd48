BEGIN;
SET LOCAL search_path = flashsale, pg_temp;
DROP FUNCTION allocate_items(integer[], sale_stripe);
DROP FUNCTION claim_offers_of_others(integer, integer, integer[], integer[]);
DROP FUNCTION contested_items(integer, integer[], integer[]);
DROP FUNCTION next_stripe(sale_stripe, integer[]);
DROP FUNCTION stripe(integer, integer);
DROP FUNCTION store_offers(sale_stripe);
COMMIT;
