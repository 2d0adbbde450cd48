#include "terminal.h"

#include <libpq-fe.h>
#include <string.h>

int terminal_put(FILE *stream, const char *text)
{
    const int utf8 = pg_char_to_encoding("UTF8");
    int width = 0;
    for (size_t left = strlen(text), length; left > 0; text += length, left -= length) {
        length = (size_t)PQmblen(text, utf8);
        /* Negative for a control character, 0 for a combining one. */
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
