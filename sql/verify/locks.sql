SELECT 'flashsale.lock_stripe(integer)'::regprocedure, 'flashsale.lock_users(integer, text[])'::regprocedure;
