/*
 * A sale's items in COPY's binary format (PostgreSQL's manual, COPY, "Binary Format"): a stream of
 * the header, a tuple for each item, and the trailer. Not shared between threads.
 */
#ifndef GENERATOR_ITEM_COPY_H
#define GENERATOR_ITEM_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/item.h"
#include "progress.h"

enum {
    ITEM_COPY_HEADER_BYTES = 19,
    ITEM_COPY_TRAILER_BYTES = 2,
    /* The number of fields, the lengths of five, and their values. */
    ITEM_COPY_ROW_BYTES_MAX = 2 + 5 * 4 + 4 + 4 + 8 + 4 + ITEM_NAME_MAX
};

/* Each writes its part of the stream to `bytes`, which must have room for it (above), and returns
 * its length in bytes. */
size_t item_copy_header(char *bytes);
size_t item_copy_row(char *bytes, int32_t sale_id, int32_t number, const struct item *item);
size_t item_copy_trailer(char *bytes);

/* The stream of items 1..items_total of a sale, piece by piece. */
struct item_copy {
    int32_t sale_id;
    int items_total;
    uint64_t sale_seed;
    int done; /* items written */
    bool is_begun;
    bool is_ended;
    struct progress progress;
};

/* Between these two calls the progress is shown, if standard error is a terminal. */
void item_copy_begin(struct item_copy *copy, int32_t sale_id, int items_total, uint64_t sale_seed);
void item_copy_end(struct item_copy *copy);

/*
 * Writes the next piece, of whole rows, and returns its length; 0: the stream has ended. A
 * database_copy_next: `context` is the struct item_copy; `size` is at least ITEM_COPY_PIECE_MIN.
 */
size_t item_copy_next(void *context, char *buffer, size_t size);

enum { ITEM_COPY_PIECE_MIN = ITEM_COPY_HEADER_BYTES + ITEM_COPY_ROW_BYTES_MAX };

#endif
