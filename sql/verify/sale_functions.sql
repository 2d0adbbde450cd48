SELECT 'flashsale.open_sales()'::regprocedure, 'flashsale.open_sale()'::regprocedure, 'flashsale.current_sale()'::regprocedure,
       'flashsale.item_is_free(flashsale.item)'::regprocedure, 'flashsale.item_is_held(flashsale.item)'::regprocedure,
       'flashsale.batch_parts(integer[], integer[])'::regprocedure;
