BEGIN;
SET LOCAL search_path = flashsale, pg_temp;
DROP TABLE hold_queue, sale_slot, attempt, buyer, item, sale;
COMMIT;
