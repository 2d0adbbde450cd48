BEGIN;
SET LOCAL search_path = flashsale, pg_temp;
DROP TABLE hold_queue, sale_stripe, attempt, free_id, buyer, item, sale;
COMMIT;
