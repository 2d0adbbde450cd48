BEGIN;
SET LOCAL search_path = flashsale, pg_temp;
DROP VIEW sales;
DROP VIEW checkout_attempts;
DROP VIEW purchases;
REVOKE USAGE ON SCHEMA flashsale FROM flashsale_report;

-- Another database of the cluster may still use the role: then it stays.
DO $$
BEGIN
    DROP ROLE flashsale_report;
EXCEPTION WHEN dependent_objects_still_exist THEN
    RAISE NOTICE 'role flashsale_report is still in use';
END
$$;
COMMIT;
