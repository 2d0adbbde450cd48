BEGIN;
SET LOCAL search_path = flashsale, pg_temp;
DROP FUNCTION find_room(integer, text[], integer[], integer[], integer[], smallint[]);
DROP FUNCTION claim_in_room(integer, integer[], integer[], integer, integer[]);
DROP FUNCTION rooms(sale, text[], smallint[]);
DROP FUNCTION given_before(integer, integer[], uuid[]);
DROP FUNCTION holds_with(buyer, integer[]);
DROP FUNCTION live_holds(buyer);
COMMIT;
