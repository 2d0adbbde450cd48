BEGIN;
SET LOCAL search_path = flashsale, pg_temp;
DROP FUNCTION find_room(integer, text[], integer[], integer[], integer[], smallint[]);
DROP FUNCTION claim_in_room(integer, integer[], integer[], integer, integer[]);
DROP FUNCTION crowded_requests(sale, text[], integer[], integer[], smallint[]);
DROP FUNCTION holder_numbers(holder, integer[]);
DROP FUNCTION live_holds(holder);
COMMIT;
