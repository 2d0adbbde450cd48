SELECT 'flashsale_owner'::regrole, 'flashsale_worker'::regrole, 'flashsale_generator'::regrole;
