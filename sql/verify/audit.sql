SELECT 'flashsale.sale_audit(integer)'::regprocedure;
