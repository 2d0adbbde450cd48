BEGIN;
SET LOCAL search_path = flashsale, pg_temp;
DROP FUNCTION read_user(text, bigint, integer);
DROP FUNCTION read_item(integer, integer);
DROP FUNCTION read_items(integer, text, bigint, integer);
DROP FUNCTION item_state(item);
DROP FUNCTION read_sales(bigint, integer);
COMMIT;
