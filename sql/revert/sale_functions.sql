BEGIN;
DROP FUNCTION flashsale.lock_stripe(integer);
DROP FUNCTION flashsale.current_sale();
DROP FUNCTION flashsale.open_sale();
DROP FUNCTION flashsale.open_sales();
DROP FUNCTION flashsale.items_sold(integer);
COMMIT;
