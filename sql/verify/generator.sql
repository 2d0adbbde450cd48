SELECT has_table_privilege('flashsale_generator', 'flashsale.item', 'insert')::integer / 1;
SELECT * FROM flashsale.sale_plan(3600, 1, 30);
SELECT flashsale.attempt_partitions_until(3600, 1);
