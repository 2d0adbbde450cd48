BEGIN;
DROP FUNCTION flashsale.lock_slot(integer);
DROP FUNCTION flashsale.open_sale();
COMMIT;
