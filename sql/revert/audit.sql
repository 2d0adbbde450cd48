DROP FUNCTION flashsale.sale_audit(integer);
