SELECT * FROM flashsale.read_sales(0, 1);
SELECT * FROM flashsale.read_items(0, 'free', 0, 1);
SELECT * FROM flashsale.read_item(0, 1);
SELECT * FROM flashsale.read_user('nobody', 0, 1);
