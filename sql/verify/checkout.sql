SELECT has_function_privilege('flashsale_worker',
    'flashsale.checkout_batch(text[], integer[], integer[], uuid[], smallint[], timestamptz[], timestamptz[], boolean, boolean, text[])',
    'execute')::integer / 1;
