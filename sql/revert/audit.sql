BEGIN;
DROP FUNCTION flashsale.sale_audit(integer);
DROP FUNCTION flashsale.audit_bound(integer, integer);
DROP FUNCTION flashsale.audit_log(
    flashsale.sale, timestamptz, timestamptz, bigint, bigint, timestamptz, timestamptz);
DROP FUNCTION flashsale.audit_holds(integer, integer[], timestamptz, timestamptz, timestamptz, interval);
DROP FUNCTION flashsale.audit_purchases(integer, integer, integer[], boolean);
DROP FUNCTION flashsale.audit_pass(integer);
DROP FUNCTION flashsale.audit_terms(integer);
DROP FUNCTION flashsale.sale_log_is_kept(integer);
COMMIT;
