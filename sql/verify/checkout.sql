SELECT has_function_privilege('flashsale_worker',
    'flashsale.checkout_batch(text[], integer[], integer[], uuid[], smallint[], timestamptz[], timestamptz[], boolean, integer)',
    'execute')::integer / 1;
