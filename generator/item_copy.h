/*
 * A sale's items as COPY takes them in binary: PostgreSQL's manual, COPY, "Binary Format". A
 * stream is the header, a tuple for each item, and the trailer.
 */
#ifndef GENERATOR_ITEM_COPY_H
#define GENERATOR_ITEM_COPY_H

#include <libpq-fe.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/item.h"

enum {
    ITEM_COPY_HEADER_BYTES = 19,
    ITEM_COPY_TRAILER_BYTES = 2,
    /* A count of fields, the lengths of five, and their values. */
    ITEM_COPY_ROW_BYTES_MAX = 2 + 5 * 4 + 4 + 4 + 8 + 4 + ITEM_NAME_MAX
};

/* Each writes its part of the stream at `bytes`, which has room, and returns its length. */
size_t item_copy_header(char *bytes);
size_t item_copy_row(char *bytes, int32_t sale_id, int32_t number, const struct item *item);
size_t item_copy_trailer(char *bytes);

/*
 * Makes items 1..items_total of the sale and copies them, inside the transaction that is open.
 * What came of it, the caller's to PQclear: PGRES_COMMAND_OK, or else it failed, and the
 * transaction is to be rolled back.
 */
PGresult *item_copy(PGconn *connection, int32_t sale_id, int items_total, uint64_t sale_seed)
    __attribute__((warn_unused_result));

#endif
