DROP FUNCTION flashsale.sale_status();
