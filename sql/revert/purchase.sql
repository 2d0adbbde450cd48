DROP FUNCTION flashsale.purchase_batch(integer[], integer[], uuid[], integer);
