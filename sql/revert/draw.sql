BEGIN;
SET LOCAL search_path = flashsale, pg_temp;
DROP FUNCTION read_turn(text);
DROP FUNCTION turn_opens_at(sale, text);
COMMIT;
