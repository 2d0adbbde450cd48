SELECT 'flashsale.crowded_requests(flashsale.sale, text[], integer[], integer[], smallint[])'::regprocedure,
       'flashsale.find_room(integer, text[], integer[], integer[], integer[], smallint[])'::regprocedure,
       'flashsale.holder_numbers(flashsale.holder, integer[])'::regprocedure;
