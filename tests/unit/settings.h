/* What the tests of settings share: reading some, and what is told of them. */
#ifndef TESTS_UNIT_SETTINGS_H
#define TESTS_UNIT_SETTINGS_H

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/settings.h"

#define CONF "conf/flashsale.conf"

/* What the settings' functions told, on a stream in memory. */
struct told {
    char *text;
    size_t length;
    FILE *stream;
};

static inline void told_open(struct told *told)
{
    told->stream = open_memstream(&told->text, &told->length);
    assert_non_null(told->stream);
}

static inline void told_close(struct told *told)
{
    fclose(told->stream);
    told->stream = NULL;
}

static inline bool read_text(struct settings *settings, const char *text, char *path,
                             struct told *told)
{
    strcpy(path, "/tmp/flashsale-settings-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
    told_open(told);
    bool good = settings_read(settings, path, told->stream);
    told_close(told);
    unlink(path);
    return good;
}

/* `value` as the file has it, in the third line. */
static inline bool read_value(const char *name, const char *value, char *path, struct told *told)
{
    static struct settings settings;
    char text[2048];
    const char *dot = strchr(name, '.');
    snprintf(text, sizeof text, "// one\n%.*s:\n{ %s = %s; };\n", (int)(dot - name), name, dot + 1,
             value);
    settings_default(&settings);
    return read_text(&settings, text, path, told);
}

static inline void value_taken(const char *name, const char *value)
{
    struct told told;
    char path[64];
    if (!read_value(name, value, path, &told))
        fail_msg("%s = %s is refused: %s", name, value, told.text);
    free(told.text);
}

#endif
