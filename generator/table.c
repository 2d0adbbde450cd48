#include "table.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum { COLUMNS_MAX = 16, GAP = 2 };

/* Object identifiers of built-in types, fixed in PostgreSQL's pg_type.dat. */
enum { TYPE_BOOL = 16, TYPE_INT8 = 20, TYPE_INT4 = 23 };

static bool is_number(const PGresult *result, int column)
{
    Oid type = PQftype(result, column);
    return type == TYPE_INT8 || type == TYPE_INT4;
}

/*
 * Writes a text character by character where there is a stream, and says how many columns of a
 * terminal it takes.
 */
static int put_text(FILE *stream, const char *text)
{
    const int utf8 = pg_char_to_encoding("UTF8");
    int width = 0;
    for (size_t left = strlen(text), length; left > 0; text += length, left -= length) {
        length = (size_t)PQmblen(text, utf8);
        /* Of a control character it is less than none; a combining one has none. */
        int columns = length <= left ? PQdsplen(text, utf8) : -1;
        length = length <= left ? length : left;
        width += columns >= 0 ? columns : 1;
        if (stream && columns >= 0)
            fwrite(text, 1, length, stream);
        else if (stream)
            fputc('?', stream);
    }
    return width;
}

/* The text in a row, or where that is less than 0 the column's name. */
static const char *text_of(const PGresult *result, int row, int column)
{
    if (row < 0)
        return PQfname(result, column);
    const char *value = PQgetvalue(result, row, column);
    if (PQftype(result, column) == TYPE_BOOL && *value)
        return *value == 't' ? "yes" : "no";
    return value;
}

static int width_of(const PGresult *result, int column)
{
    int width = 0;
    for (int row = -1; row < PQntuples(result); row++) {
        int one = put_text(NULL, text_of(result, row, column));
        width = one > width ? one : width;
    }
    return width;
}

static void put_blanks(FILE *stream, int count)
{
    while (count-- > 0)
        fputc(' ', stream);
}

/* No line ends with blanks. */
static void put_line(FILE *stream, const PGresult *result, const int *widths, int row)
{
    int blanks = 0;
    for (int column = 0; column < PQnfields(result); column++) {
        const char *text = text_of(result, row, column);
        int padding = widths[column] - put_text(NULL, text);
        bool is_right = is_number(result, column);
        blanks += is_right ? padding : 0;
        if (*text) {
            put_blanks(stream, blanks);
            put_text(stream, text);
            blanks = 0;
        }
        blanks += GAP + (is_right ? 0 : padding);
    }
    fputc('\n', stream);
}

void table_print(FILE *stream, const PGresult *result)
{
    int widths[COLUMNS_MAX] = {0};
    assert(PQnfields(result) <= COLUMNS_MAX);
    for (int column = 0; column < PQnfields(result); column++)
        widths[column] = width_of(result, column);
    for (int row = -1; row < PQntuples(result); row++)
        put_line(stream, result, widths, row);
}
