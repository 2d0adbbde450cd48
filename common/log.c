#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *log_program = "flashsale";
static enum log_level log_level_max = LOG_LEVEL_INFO;

void log_open(const char *program, enum log_level level)
{
    log_program = program;
    log_level_max = level;
}

bool log_enabled(enum log_level level)
{
    return level <= log_level_max;
}

void log_line(enum log_level level, const char *format, ...)
{
    if (!log_enabled(level))
        return;

    char line[1024];
    const size_t text_max = sizeof line - 2; /* room for the line's end */
    int length = snprintf(line, text_max, "<%d>%s: ", (int)level, log_program);
    if (length < 0)
        return;

    size_t used = (size_t)length;
    va_list arguments;
    va_start(arguments, format);
    length = vsnprintf(line + used, text_max - used, format, arguments);
    va_end(arguments);
    if (length > 0)
        used += strlen(line + used);

    /* libpq's messages end in a line break and may hold several, and tabs. */
    while (used > 0 && (line[used - 1] == '\n' || line[used - 1] == ' '))
        used--;
    for (size_t i = 0; i < used; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' ';
    line[used++] = '\n';

    ssize_t written = write(STDERR_FILENO, line, used);
    (void)written; /* where a log line cannot be written there is nobody to tell */
}
