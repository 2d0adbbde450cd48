SELECT 'flashsale.open_sale()'::regprocedure, 'flashsale.lock_slot(integer)'::regprocedure;
