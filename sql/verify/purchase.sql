SELECT has_function_privilege('flashsale_worker',
    'flashsale.purchase_batch(integer[], integer[], uuid[])', 'execute')::integer / 1;
