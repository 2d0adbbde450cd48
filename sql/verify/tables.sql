SELECT sale_id, starts_at, ends_at, items_total, purchase_limit, hold_s, holds_max, draw_s FROM flashsale.sale WHERE false;
SELECT sale_id, number, held_by, held_until, secret, purchased_at FROM flashsale.item WHERE false;
SELECT sale_id, secret FROM flashsale.draw_secret WHERE false;
SELECT sale_id, user_id, numbers, granted, purchase_limit, holds, holds_max FROM flashsale.buyer WHERE false;
SELECT attempted_at, sale_id, number, outcome, secret, user_id FROM flashsale.attempt WHERE false;
SELECT sale_id, stripe, unoffered_next, queue_next FROM flashsale.sale_stripe WHERE false;
SELECT sale_id, stripe, position, available_at, numbers, users FROM flashsale.hold_queue WHERE false;
