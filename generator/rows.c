#include "rows.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void rows_read(const struct rows *rows, int row, struct cell cells[ROWS_COLUMNS_MAX])
{
    assert(rows->column_count <= ROWS_COLUMNS_MAX);
    memset(cells, 0, ROWS_COLUMNS_MAX * sizeof cells[0]);
    rows->read(rows->context, row, cells);
}

void rows_time(const char *written, char time[ROWS_TIME_BYTES_MAX])
{
    const char *zone = strstr(written, "+00");
    int length = zone ? (int)(zone + strlen("+00") - written) : (int)strlen(written);
    snprintf(time, ROWS_TIME_BYTES_MAX, "%.*s%s%s", length, written, zone ? ":00" : "",
             written + length);
    char *blank = zone ? strchr(time, ' ') : NULL;
    if (blank)
        *blank = 'T';
}

static void write_cell(struct json_writer *json, enum column_type type, const struct cell *cell)
{
    char time[ROWS_TIME_BYTES_MAX];
    bool is_text = type == COLUMN_TEXT || type == COLUMN_TIME;
    if (is_text ? !cell->text : cell->is_null) {
        json_null(json);
    } else if (type == COLUMN_TEXT) {
        json_string(json, cell->text);
    } else if (type == COLUMN_TIME) {
        rows_time(cell->text, time);
        json_string(json, time);
    } else if (type == COLUMN_INTEGER) {
        json_integer(json, cell->integer);
    } else {
        json_boolean(json, cell->integer != 0);
    }
}

void rows_write_json(const struct rows *rows, struct json_writer *json)
{
    struct cell cells[ROWS_COLUMNS_MAX];
    json_open_array(json);
    for (int row = 0; row < rows->count; row++) {
        rows_read(rows, row, cells);
        json_open_object(json);
        for (int column = 0; column < rows->column_count; column++)
            write_cell(json_key(json, rows->columns[column].name), rows->columns[column].type,
                       &cells[column]);
        json_close(json);
    }
    json_close(json);
}
