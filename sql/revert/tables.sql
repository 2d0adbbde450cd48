BEGIN;
SET LOCAL search_path = flashsale, pg_temp;
DROP TABLE hold_queue, sale_stripe, attempt, wildcard_id, draw_secret, buyer, item, sale;
COMMIT;
