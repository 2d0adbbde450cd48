BEGIN;
SET LOCAL search_path = flashsale, pg_temp;
DROP FUNCTION attempt_partitions(timestamptz, integer);
DROP TRIGGER sale_complete ON sale;
DROP FUNCTION sale_has_all_items();
DROP FUNCTION sale_add(timestamptz, timestamptz, integer, integer, integer);
REVOKE INSERT ON sale, item, sale_slot FROM flashsale_generator;
REVOKE SELECT ON sale FROM flashsale_generator;
COMMIT;
