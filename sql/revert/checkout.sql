BEGIN;
SET LOCAL search_path = flashsale, pg_temp;
DROP FUNCTION checkout_batch(
    text[], integer[], integer[], uuid[], smallint[], timestamptz[], timestamptz[], boolean, boolean, text[]);
DROP FUNCTION refuse_checkouts(
    sale, integer, text[], integer[], checkout_requests, uuid[], boolean);
DROP TYPE checkout_decision;
DROP FUNCTION find_items(text, integer, text[], integer[], uuid[], checkout_requests, sale_stripe);
DROP FUNCTION note_no_more(text[], checkout_requests);
DROP FUNCTION read_checkouts(
    sale, checkout_requests, text[], integer[], timestamptz[], boolean, boolean);
DROP FUNCTION note_buyers(sale, text[], bigint[], boolean, checkout_requests);
DROP FUNCTION note_turns(sale, text[], integer[], checkout_requests);
DROP TYPE checkout_requests;
DROP FUNCTION keep_wildcard_ids(integer, text[], text[], uuid[], integer[]);
DROP FUNCTION find_wildcard_ids(integer, text[], integer[], text[], integer[]);
DROP FUNCTION read_wildcard_ids(sale, text[], integer[]);
DROP FUNCTION eligible_requests(integer, integer[], integer[], smallint[]);
DROP FUNCTION known_that_counts(
    sale, integer[], smallint[], timestamptz[], timestamptz[], boolean);
COMMIT;
