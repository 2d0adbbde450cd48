SELECT has_function_privilege('flashsale_worker',
    'flashsale.checkout_batch(text[], integer[], integer[], uuid[], smallint[], timestamptz[], timestamptz, boolean, boolean, text[], integer)',
    'execute')::integer / 1;
