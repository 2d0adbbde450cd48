SELECT 'flashsale.have_rows(integer, text[])'::regprocedure,
       'flashsale.rooms(flashsale.sale, text[], bigint[], smallint[], timestamptz[])'::regprocedure,
       'flashsale.find_room(integer, text[], integer[], integer[], integer[], smallint[])'::regprocedure;
