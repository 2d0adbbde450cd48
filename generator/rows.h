/* Rows with named columns, whose cells are read as they are written: as a table for people
 * (table.h) or as JSON for programs. */
#ifndef GENERATOR_ROWS_H
#define GENERATOR_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/json_writer.h"

enum column_type {
    COLUMN_TEXT,
    COLUMN_TIME, /* as PostgreSQL writes it, in UTC */
    COLUMN_INTEGER,
    COLUMN_BOOLEAN
};

struct column {
    const char *name;
    enum column_type type;
};

struct cell {
    const char *text; /* of a text or a time; NULL: null */
    int64_t integer;  /* of an integer or a boolean */
    bool is_null;     /* the integer or boolean is */
};

enum { ROWS_COLUMNS_MAX = 8, ROWS_TIME_BYTES_MAX = 64 };

struct rows {
    const struct column *columns;
    int column_count;
    int count;
    /* Reads the cells of one row, which are null texts and zeros before. */
    void (*read)(const void *context, int row, struct cell cells[ROWS_COLUMNS_MAX]);
    const void *context;
};

/* The cells of a row. */
void rows_read(const struct rows *rows, int row, struct cell cells[ROWS_COLUMNS_MAX]);

/* An array of objects whose members are the columns. */
void rows_write_json(const struct rows *rows, struct json_writer *json);

/*
 * A time as RFC 3339 has it ("2026-11-21T10:00:00+00:00") of what PostgreSQL writes
 * ("2026-11-21 10:00:00+00"); infinity stays "infinity".
 */
void rows_time(const char *written, char time[ROWS_TIME_BYTES_MAX]);

#endif
