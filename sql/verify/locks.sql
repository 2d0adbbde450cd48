SELECT 'flashsale.lock_stripe(integer)'::regprocedure, 'flashsale.lock_wildcard_ids(integer, text[], integer[], text[])'::regprocedure;
