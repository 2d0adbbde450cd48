BEGIN;
DROP FUNCTION flashsale.sale_audit(integer);
DROP FUNCTION flashsale.audit_pass(integer);
DROP FUNCTION flashsale.audit_terms(integer);
DROP FUNCTION flashsale.sale_log_is_kept(integer);
COMMIT;
