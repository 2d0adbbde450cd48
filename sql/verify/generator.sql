SELECT has_table_privilege('flashsale_generator', 'flashsale.item', 'insert')::integer / 1;
