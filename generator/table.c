#include "table.h"

#include <stdbool.h>
#include <string.h>

#include "common/terminal.h"

enum { GAP = 2, INTEGER_BYTES_MAX = 24 };

/* A line: the columns' names, or the cells of a row. */
struct line {
    const char *texts[ROWS_COLUMNS_MAX];
    char integers[ROWS_COLUMNS_MAX][INTEGER_BYTES_MAX];
};

/* A cell as the table shows it; a null is empty. */
static const char *text_of(enum column_type type, const struct cell *cell,
                           char integer[INTEGER_BYTES_MAX])
{
    if (type == COLUMN_TEXT || type == COLUMN_TIME)
        return cell->text ? cell->text : "";
    if (cell->is_null)
        return "";
    if (type == COLUMN_BOOLEAN)
        return cell->integer ? "yes" : "no";
    snprintf(integer, INTEGER_BYTES_MAX, "%lld", (long long)cell->integer);
    return integer;
}

/* Row -1 is the line of the columns' names. */
static void read_line(const struct rows *rows, int row, struct line *line)
{
    struct cell cells[ROWS_COLUMNS_MAX];
    if (row >= 0)
        rows_read(rows, row, cells);
    for (int i = 0; i < rows->column_count; i++)
        line->texts[i] = row < 0 ? rows->columns[i].name
                                 : text_of(rows->columns[i].type, &cells[i], line->integers[i]);
}

static void put_blanks(FILE *stream, int count)
{
    while (count-- > 0)
        fputc(' ', stream);
}

/* Prints a line, without blanks at its end. */
static void put_line(FILE *stream, const struct rows *rows, const int *widths,
                     const struct line *line)
{
    int blanks = 0;
    for (int column = 0; column < rows->column_count; column++) {
        const char *text = line->texts[column];
        int padding = widths[column] - terminal_put(NULL, text);
        bool is_right = rows->columns[column].type == COLUMN_INTEGER;
        blanks += is_right ? padding : 0;
        if (*text) {
            put_blanks(stream, blanks);
            terminal_put(stream, text);
            blanks = 0;
        }
        blanks += GAP + (is_right ? 0 : padding);
    }
    fputc('\n', stream);
}

void table_print(FILE *stream, const struct rows *rows)
{
    struct line line;
    int widths[ROWS_COLUMNS_MAX] = {0};
    for (int row = -1; row < rows->count; row++) {
        read_line(rows, row, &line);
        for (int i = 0; i < rows->column_count; i++) {
            int width = terminal_put(NULL, line.texts[i]);
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    for (int row = -1; row < rows->count; row++) {
        read_line(rows, row, &line);
        put_line(stream, rows, widths, &line);
    }
}
