SELECT purchase_id, sale_id, item_id, number, name, user_id, price, purchased_at FROM flashsale.purchases LIMIT 0;
SELECT attempted_at, sale_id, item_id, number, user_id, outcome FROM flashsale.checkout_attempts LIMIT 0;
SELECT sale_id, starts_at, ends_at, stays_open, items_total, purchase_limit, hold_s, items_sold, items_unsold, status,
       active
FROM flashsale.sales LIMIT 0;
SELECT 'flashsale_report'::regrole;
