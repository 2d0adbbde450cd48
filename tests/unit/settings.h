/* What the tests of settings share: reading settings, and keeping the errors. */
#ifndef TESTS_UNIT_SETTINGS_H
#define TESTS_UNIT_SETTINGS_H

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/settings.h"

#define CONF "conf/flashsale.conf"

/* The errors of the settings' functions, on a stream in memory. */
struct errors {
    char *text;
    size_t length;
    FILE *stream;
};

static inline void errors_open(struct errors *errors)
{
    errors->stream = open_memstream(&errors->text, &errors->length);
    assert_non_null(errors->stream);
}

static inline void errors_close(struct errors *errors)
{
    fclose(errors->stream);
    errors->stream = NULL;
}

static inline bool read_text(struct settings *settings, const char *text, char *path,
                             struct errors *errors)
{
    strcpy(path, "/tmp/flashsale-settings-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
    errors_open(errors);
    bool good = settings_read(settings, path, errors->stream);
    errors_close(errors);
    unlink(path);
    return good;
}

/* Reads a file with `value`, as it is, in the third line. */
static inline bool read_value(const char *name, const char *value, char *path,
                              struct errors *errors)
{
    static struct settings settings;
    char text[2048];
    const char *dot = strchr(name, '.');
    snprintf(text, sizeof text, "// one\n%.*s:\n{ %s = %s; };\n", (int)(dot - name), name, dot + 1,
             value);
    settings_default(&settings);
    return read_text(&settings, text, path, errors);
}

static inline void value_taken(const char *name, const char *value)
{
    struct errors errors;
    char path[64];
    if (!read_value(name, value, path, &errors))
        fail_msg("%s = %s is refused: %s", name, value, errors.text);
    free(errors.text);
}

#endif
