#include "checkout_statement.h"

#include <stdlib.h>

#include "batch_statement.h"
#include "catalog/item.h"
#include "common/array.h"
#include "connect.h"
#include "row.h"

static const char *const text =
    "SELECT ordinal, outcome, sale_id, number, secret, expires_at, sale_made_at, sale_ends_at,"
    " decided_at, name, price_cents, picture_seed, held_by, purchase_limit"
    " FROM flashsale.checkout_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

enum column {
    COLUMN_ORDINAL,
    COLUMN_OUTCOME,
    COLUMN_SALE_ID,
    COLUMN_NUMBER,
    COLUMN_SECRET,
    COLUMN_EXPIRES_AT,
    COLUMN_SALE_MADE_AT,
    COLUMN_SALE_ENDS_AT,
    COLUMN_DECIDED_AT,
    COLUMN_NAME,
    COLUMN_PRICE_CENTS,
    COLUMN_PICTURE_SEED,
    COLUMN_HELD_BY,
    COLUMN_PURCHASE_LIMIT
};

enum { PARAMETERS = 10 };

/* A batch of one checkout, which is refused and logged. No item has number -1, so none is locked.
 */
static const struct database_parameter trial[PARAMETERS] = {
    ARRAY_ONE(ARRAY_TEXT, 1, [ARRAY_ONE_AT] = '-'),
    ARRAY_ONE(ARRAY_INT4, 4, [ARRAY_ONE_AT] = 0),
    ARRAY_ONE(ARRAY_INT4, 4, [ARRAY_ONE_AT] = -1, -1, -1, -1),
    ARRAY_ONE(ARRAY_UUID, SECRET_BYTES, [ARRAY_ONE_AT] = 0),
    ARRAY_ONE(ARRAY_INT2, 2, [ARRAY_ONE_AT] = 0),
    ARRAY_ONE(ARRAY_TIMESTAMPTZ, 8, [ARRAY_ONE_AT] = 0),
    ARRAY_ONE(ARRAY_TIMESTAMPTZ, 8, [ARRAY_ONE_AT] = 0),
    {"", 1},
    {"", 1},
    {NULL, 0}};

struct checkout_statement {
    struct array users, sales, numbers, secrets, known, known_until, known_sales, wildcard_ids;
    char unknown_is_any;         /* a parameter: 0 or 1 */
    char checkout_ignores_limit; /* likewise */
    bool has_wildcard_ids;       /* an element of this batch has one */
    struct batch_statement batch;
};

struct checkout_statement *checkout_statement_new(const struct settings *settings,
                                                  bool checkout_ignores_limit)
{
    struct checkout_statement *statement = calloc(1, sizeof *statement);
    if (!statement)
        return NULL;
    int count = settings->batch.size_max;
    statement->unknown_is_any = settings->sale.unknown_item == UNKNOWN_ITEM_ANY;
    statement->checkout_ignores_limit = checkout_ignores_limit;
    if (!array_new(&statement->users, count, USER_BYTES_MAX) ||
        !array_new(&statement->sales, count, 4) || !array_new(&statement->numbers, count, 4) ||
        !array_new(&statement->secrets, count, SECRET_BYTES) ||
        !array_new(&statement->known, count, 2) || !array_new(&statement->known_until, count, 8) ||
        !array_new(&statement->known_sales, count, 8) ||
        !array_new(&statement->wildcard_ids, count, WILDCARD_ID_BYTES_MAX)) {
        checkout_statement_free(statement);
        return NULL;
    }
    return statement;
}

void checkout_statement_free(struct checkout_statement *statement)
{
    if (!statement)
        return;
    array_free(&statement->users);
    array_free(&statement->sales);
    array_free(&statement->numbers);
    array_free(&statement->secrets);
    array_free(&statement->known);
    array_free(&statement->known_until);
    array_free(&statement->known_sales);
    array_free(&statement->wildcard_ids);
    free(statement);
}

struct database *checkout_statement_connect(const struct settings *settings, const char *name)
{
    static const struct statements statements = {&text, 1, trial, PARAMETERS};
    return statements_connect(settings, name, &statements);
}

void checkout_statement_begin(struct checkout_statement *statement, int count)
{
    array_begin(&statement->users, ARRAY_TEXT, count);
    array_begin(&statement->sales, ARRAY_INT4, count);
    array_begin(&statement->numbers, ARRAY_INT4, count);
    array_begin(&statement->secrets, ARRAY_UUID, count);
    array_begin(&statement->known, ARRAY_INT2, count);
    array_begin(&statement->known_until, ARRAY_TIMESTAMPTZ, count);
    array_begin(&statement->known_sales, ARRAY_TIMESTAMPTZ, count);
    array_begin(&statement->wildcard_ids, ARRAY_TEXT, count);
    statement->has_wildcard_ids = false;
    batch_statement_begin(&statement->batch, count);
}

void checkout_statement_add(struct checkout_statement *statement,
                            const struct checkout_element *element)
{
    if (!batch_statement_add(&statement->batch))
        return;
    array_add_bytes(&statement->users, element->user.bytes, element->user.length);
    array_add_int4(&statement->sales, element->sale_id);
    array_add_int4(&statement->numbers, element->number);
    array_add_bytes(&statement->secrets, element->secret, SECRET_BYTES);
    array_add_int2(&statement->known, (int16_t)element->known);
    array_add_time_us(&statement->known_until, element->known_until_us);
    array_add_time_us(&statement->known_sales, element->known_sale_made_us);
    if (statement->unknown_is_any) {
        array_add_bytes(&statement->wildcard_ids, element->wildcard_id.bytes,
                        element->wildcard_id.length);
        statement->has_wildcard_ids |= element->wildcard_id.length > 0;
    }
}

bool checkout_statement_call(struct checkout_statement *statement, struct database *database)
{
    const struct database_parameter parameters[PARAMETERS] = {
        array_parameter(&statement->users),
        array_parameter(&statement->sales),
        array_parameter(&statement->numbers),
        array_parameter(&statement->secrets),
        array_parameter(&statement->known),
        array_parameter(&statement->known_until),
        array_parameter(&statement->known_sales),
        {&statement->unknown_is_any, 1},
        {&statement->checkout_ignores_limit, 1},
        statement->has_wildcard_ids ? array_parameter(&statement->wildcard_ids)
                                    : (struct database_parameter){NULL, 0}};
    return batch_statement_call(&statement->batch, database, parameters, PARAMETERS);
}

static void read_row(const PGresult *result, int at, struct checkout_row *row)
{
    row->outcome = row_outcome(result, at, COLUMN_OUTCOME);
    row->sale_id = database_int4(result, at, COLUMN_SALE_ID);
    row->number = database_int4(result, at, COLUMN_NUMBER);
    row->expires_us = database_time_us(result, at, COLUMN_EXPIRES_AT);
    row->sale_made_us = database_time_us(result, at, COLUMN_SALE_MADE_AT);
    row->sale_ends_us = database_time_us(result, at, COLUMN_SALE_ENDS_AT);
    row->decided_us = database_time_us(result, at, COLUMN_DECIDED_AT);
    row->purchase_limit = database_int4(result, at, COLUMN_PURCHASE_LIMIT);
    row->held_by = database_span(result, at, COLUMN_HELD_BY, SIZE_MAX);
    if (row->outcome != OUTCOME_ACCEPTED && row->outcome != OUTCOME_REPEATED)
        return;
    row->secret = row_secret(result, at, COLUMN_SECRET);
    row->name = database_span(result, at, COLUMN_NAME, ITEM_NAME_MAX - 1);
    row->price_cents = database_int4(result, at, COLUMN_PRICE_CENTS);
    row->picture_seed = database_int8(result, at, COLUMN_PICTURE_SEED);
}

bool checkout_statement_next(struct checkout_statement *statement, struct checkout_row *row)
{
    int at;
    *row = (struct checkout_row){.element =
                                     batch_statement_next(&statement->batch, COLUMN_ORDINAL, &at)};
    if (row->element < 0)
        return false;
    read_row(statement->batch.result, at, row);
    return true;
}

void checkout_statement_end(struct checkout_statement *statement)
{
    batch_statement_end(&statement->batch);
}
