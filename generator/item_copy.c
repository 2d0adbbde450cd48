#include "item_copy.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "progress.h"

enum { BUFFER_BYTES = 64 * 1024 };

static const char copy_sql[] =
    "COPY flashsale.item (sale_id, number, picture_seed, price_cents, name) "
    "FROM STDIN (FORMAT binary)";

static char *put_int2(char *bytes, int16_t value)
{
    uint16_t big = htobe16((uint16_t)value);
    memcpy(bytes, &big, sizeof big);
    return bytes + sizeof big;
}

static char *put_int4(char *bytes, int32_t value)
{
    uint32_t big = htobe32((uint32_t)value);
    memcpy(bytes, &big, sizeof big);
    return bytes + sizeof big;
}

static char *put_int8(char *bytes, int64_t value)
{
    uint64_t big = htobe64((uint64_t)value);
    memcpy(bytes, &big, sizeof big);
    return bytes + sizeof big;
}

static char *put_field_int4(char *bytes, int32_t value)
{
    return put_int4(put_int4(bytes, sizeof value), value);
}

size_t item_copy_header(char *bytes)
{
    static const char signature[11] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', '\377', '\r', '\n', 0};
    memcpy(bytes, signature, sizeof signature);
    char *end = put_int4(bytes + sizeof signature, 0); /* flags */
    end = put_int4(end, 0);                            /* length of the header's extension */
    return (size_t)(end - bytes);
}

size_t item_copy_row(char *bytes, int32_t sale_id, int32_t number, const struct item *item)
{
    size_t name_length = strlen(item->name);
    char *end = put_int2(bytes, 5);
    end = put_field_int4(end, sale_id);
    end = put_field_int4(end, number);
    end = put_int8(put_int4(end, sizeof item->picture_seed), item->picture_seed);
    end = put_field_int4(end, item->price_cents);
    end = put_int4(end, (int32_t)name_length);
    memcpy(end, item->name, name_length);
    return (size_t)(end + name_length - bytes);
}

size_t item_copy_trailer(char *bytes)
{
    return (size_t)(put_int2(bytes, -1) - bytes);
}

/* Sends the whole stream; false where the connection broke. */
static bool send_items(PGconn *connection, int32_t sale_id, int items_total, uint64_t sale_seed,
                       struct progress *progress)
{
    char buffer[BUFFER_BYTES];
    struct item item = {0};
    bool sent = true;
    size_t used = item_copy_header(buffer);
    for (int number = 1; number <= items_total && sent; number++) {
        item_make(sale_seed, (uint32_t)number, &item);
        used += item_copy_row(buffer + used, sale_id, number, &item);
        if (used + ITEM_COPY_ROW_BYTES_MAX > sizeof buffer) {
            sent = PQputCopyData(connection, buffer, (int)used) == 1;
            used = 0;
            progress_show(progress, number);
        }
    }
    used += item_copy_trailer(buffer + used);
    sent = sent && PQputCopyData(connection, buffer, (int)used) == 1;
    return sent && PQputCopyEnd(connection, NULL) == 1;
}

/* The last answer to a command; it is to be read before the next one may be sent. */
static PGresult *last_result(PGconn *connection)
{
    PGresult *last = NULL, *result;
    while (PQresultStatus(last) != PGRES_COPY_IN && (result = PQgetResult(connection))) {
        PQclear(last);
        last = result;
    }
    return last;
}

PGresult *item_copy(PGconn *connection, int32_t sale_id, int items_total, uint64_t sale_seed)
{
    char subject[32];
    struct progress progress;
    snprintf(subject, sizeof subject, "sale %d", (int)sale_id);
    progress_begin(&progress, subject, items_total);

    PGresult *result = PQexec(connection, copy_sql);
    if (PQresultStatus(result) == PGRES_COPY_IN) {
        PQclear(result);
        /* Where sending fails the connection is broken, and the result says so. */
        (void)send_items(connection, sale_id, items_total, sale_seed, &progress);
        result = last_result(connection);
    }
    progress_end(&progress);
    return result;
}
