SELECT 'flashsale.allocate_items(integer[], flashsale.sale_stripe)'::regprocedure;
