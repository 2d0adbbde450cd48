SELECT * FROM flashsale.sale_status();
