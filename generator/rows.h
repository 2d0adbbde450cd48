/* Rows with named columns, for printing as a table (table.h) or as JSON. A function reads the cells
 * of a row when it is printed. Not shared between threads. */
#ifndef GENERATOR_ROWS_H
#define GENERATOR_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/json_writer.h"

enum column_type {
    COLUMN_TEXT,
    COLUMN_TIME, /* in PostgreSQL's format, in UTC */
    COLUMN_INTEGER,
    COLUMN_BOOLEAN
};

struct column {
    const char *name;
    enum column_type type;
};

struct cell {
    const char *text; /* texts and times; NULL: null */
    int64_t integer;  /* integers and booleans */
    bool is_null;     /* likewise */
};

enum { ROWS_COLUMNS_MAX = 10, ROWS_TIME_BYTES_MAX = 64 };

struct rows {
    const struct column *columns;
    int column_count;
    int count;
    /* Sets the cells of one row; texts are NULL and integers 0 before. */
    void (*read)(const void *context, int row, struct cell cells[ROWS_COLUMNS_MAX]);
    const void *context;
};

/* Reads the cells of a row. */
void rows_read(const struct rows *rows, int row, struct cell cells[ROWS_COLUMNS_MAX]);

/* Writes an array with an object for each row; its members are the columns. */
void rows_write_json(const struct rows *rows, struct json_writer *json);

/*
 * Converts a time from PostgreSQL's format ("2026-11-21 10:00:00+00") to RFC 3339's
 * ("2026-11-21T10:00:00+00:00"); "infinity" stays as it is.
 */
void rows_time(const char *written, char time[ROWS_TIME_BYTES_MAX]);

#endif
