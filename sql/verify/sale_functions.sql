SELECT 'flashsale.open_sales()'::regprocedure, 'flashsale.open_sale()'::regprocedure, 'flashsale.current_sale()'::regprocedure,
       'flashsale.lock_stripe(integer)'::regprocedure;
