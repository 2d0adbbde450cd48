#include "purchase_statement.h"

#include <stdlib.h>

#include "batch_statement.h"
#include "catalog/item.h"
#include "common/array.h"
#include "connect.h"
#include "row.h"

static const char *const text =
    "SELECT ordinal, outcome, user_id, purchased_at, buyer_purchases, sale_made_at, sale_ends_at,"
    " decided_at, name, price_cents, picture_seed, purchase_limit"
    " FROM flashsale.purchase_batch($1, $2, $3)";

enum column {
    COLUMN_ORDINAL,
    COLUMN_OUTCOME,
    COLUMN_USER_ID,
    COLUMN_PURCHASED_AT,
    COLUMN_BUYER_PURCHASES,
    COLUMN_SALE_MADE_AT,
    COLUMN_SALE_ENDS_AT,
    COLUMN_DECIDED_AT,
    COLUMN_NAME,
    COLUMN_PRICE_CENTS,
    COLUMN_PICTURE_SEED,
    COLUMN_PURCHASE_LIMIT
};

enum { PARAMETERS = 3 };

/* A batch of one purchase, which is refused. */
static const struct database_parameter trial[PARAMETERS] = {
    ARRAY_ONE(ARRAY_INT4, 4, [ARRAY_ONE_AT + 3] = 1),
    ARRAY_ONE(ARRAY_INT4, 4, [ARRAY_ONE_AT] = -1, -1, -1, -1),
    ARRAY_ONE(ARRAY_UUID, SECRET_BYTES, [ARRAY_ONE_AT] = 0)};

struct purchase_statement {
    struct array sales, numbers, secrets;
    struct batch_statement batch;
};

struct purchase_statement *purchase_statement_new(const struct settings *settings)
{
    struct purchase_statement *statement = calloc(1, sizeof *statement);
    int count = settings->batch.size_max;
    if (!statement || !array_new(&statement->sales, count, 4) ||
        !array_new(&statement->numbers, count, 4) ||
        !array_new(&statement->secrets, count, SECRET_BYTES)) {
        purchase_statement_free(statement);
        return NULL;
    }
    return statement;
}

void purchase_statement_free(struct purchase_statement *statement)
{
    if (!statement)
        return;
    array_free(&statement->sales);
    array_free(&statement->numbers);
    array_free(&statement->secrets);
    free(statement);
}

struct database *purchase_statement_connect(const struct settings *settings, const char *name)
{
    static const struct statements statements = {&text, 1, trial, PARAMETERS};
    return statements_connect(settings, name, &statements);
}

void purchase_statement_begin(struct purchase_statement *statement, int count)
{
    array_begin(&statement->sales, ARRAY_INT4, count);
    array_begin(&statement->numbers, ARRAY_INT4, count);
    array_begin(&statement->secrets, ARRAY_UUID, count);
    batch_statement_begin(&statement->batch, count);
}

void purchase_statement_add(struct purchase_statement *statement, int32_t sale_id, int32_t number,
                            const uint8_t secret[SECRET_BYTES])
{
    if (!batch_statement_add(&statement->batch))
        return;
    array_add_int4(&statement->sales, sale_id);
    array_add_int4(&statement->numbers, number);
    array_add_bytes(&statement->secrets, secret, SECRET_BYTES);
}

bool purchase_statement_call(struct purchase_statement *statement, struct database *database)
{
    const struct database_parameter parameters[PARAMETERS] = {array_parameter(&statement->sales),
                                                              array_parameter(&statement->numbers),
                                                              array_parameter(&statement->secrets)};
    return batch_statement_call(&statement->batch, database, parameters, PARAMETERS);
}

bool purchase_statement_next(struct purchase_statement *statement, struct purchase_row *row)
{
    const PGresult *result = statement->batch.result;
    int at, element = batch_statement_next(&statement->batch, COLUMN_ORDINAL, &at);
    if (element < 0)
        return false;
    *row =
        (struct purchase_row){.element = element,
                              .outcome = row_outcome(result, at, COLUMN_OUTCOME),
                              .user = database_span(result, at, COLUMN_USER_ID, USER_BYTES_MAX),
                              .purchased_us = database_time_us(result, at, COLUMN_PURCHASED_AT),
                              .buyer_purchases = database_int4(result, at, COLUMN_BUYER_PURCHASES),
                              .sale_made_us = database_time_us(result, at, COLUMN_SALE_MADE_AT),
                              .sale_ends_us = database_time_us(result, at, COLUMN_SALE_ENDS_AT),
                              .decided_us = database_time_us(result, at, COLUMN_DECIDED_AT),
                              .purchase_limit = database_int4(result, at, COLUMN_PURCHASE_LIMIT),
                              .name = database_span(result, at, COLUMN_NAME, ITEM_NAME_MAX - 1),
                              .price_cents = database_int4(result, at, COLUMN_PRICE_CENTS),
                              .picture_seed = database_int8(result, at, COLUMN_PICTURE_SEED)};
    return true;
}

void purchase_statement_end(struct purchase_statement *statement)
{
    batch_statement_end(&statement->batch);
}
