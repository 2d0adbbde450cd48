#include "reader.h"

static const char *const statements[READ_STATEMENTS] = {
    [READ_SALES] = "SELECT sale_id, sale_status, starts_at, ends_at, items_total, items_sold,"
                   " purchase_limit, hold_s, total FROM flashsale.read_sales($1, $2)",
    [READ_ITEMS] = "SELECT sale_id, number, name, price_cents, picture_seed, state, held_until,"
                   " total FROM flashsale.read_items($1, $2, $3, $4)",
    [READ_ITEM] = "SELECT sale_id, number, name, price_cents, picture_seed, state, held_until"
                  " FROM flashsale.read_item($1, $2)",
    [READ_USER] =
        "SELECT sale_id, number, name, price_cents, picture_seed, state, held_until,"
        " secret, purchased_at, buyer_purchases, purchase_limit, purchases_total,"
        " holds_total, current_sale_id, bought, held, read_at FROM flashsale.read_user($1, $2, $3)",
};

struct database *reader_new(const struct settings *settings)
{
    const struct database_options options = {.conninfo = settings->database.worker_conninfo,
                                             .name = "flashsale reader",
                                             .connect_ms_max = settings->database.connect_ms_max,
                                             .statement_ms_max =
                                                 settings->database.statement_ms_max,
                                             .statements = statements,
                                             .statement_count = READ_STATEMENTS,
                                             .is_in_background = true};
    struct database *database = database_new(&options);
    if (database)
        database_begin(database);
    return database;
}

PGresult *reader_call(struct database *database, enum reader_statement statement,
                      const struct database_parameter *parameters, int count)
{
    PGresult *result;
    if (!database_ensure(database) ||
        database_call(database, (int)statement, parameters, count, &result) != DATABASE_DONE)
        return NULL;
    return result;
}

void reader_write_page(struct text *body, const PGresult *result, int key, int total,
                       reader_write_row *write)
{
    struct json_writer json;
    json_writer_begin(&json, body);
    json_open_object(&json);
    json_open_array(json_key(&json, "page"));
    for (int row = 0; row < PQntuples(result); row++)
        if (!database_is_null(result, row, key) && database_int4(result, row, key) > 0)
            write(&json, result, row);
    json_close(&json);
    json_integer(json_key(&json, "total"), database_int8(result, 0, total));
    json_close(&json);
    json_writer_end(&json);
}
