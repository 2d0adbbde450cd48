SELECT 'flashsale.lock_stripe(integer)'::regprocedure, 'flashsale.lock_free_ids(integer, text[], integer[], text[])'::regprocedure;
