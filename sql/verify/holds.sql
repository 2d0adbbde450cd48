SELECT 'flashsale.given_before(integer, integer[], uuid[])'::regprocedure,
       'flashsale.rooms(flashsale.sale, text[], smallint[])'::regprocedure,
       'flashsale.find_room(integer, text[], integer[], integer[], integer[], smallint[])'::regprocedure;
