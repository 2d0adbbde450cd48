/* Bodies of JSON, as a worker's thread reads one after another. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/api/parameter_names.h"
#include "fcgi/http/json_reader.h"
#include "fuzz.h"
#include "values.h"

enum { BYTES_MAX = 1 << 20 };

/* An input and what is put before or behind it. */
static char longer[BYTES_MAX + 64];

static struct json_reader *new_reader(void)
{
    struct json_reader *reader = json_reader_new(1024);
    assert(reader);
    return reader;
}

static bool read_by(struct json_reader *reader, struct parameters *parameters, const char *text,
                    size_t length, struct parameter_fault *fault)
{
    *fault = (struct parameter_fault){NULL, NULL, false};
    parameters_begin(parameters, parameter_names, ~0U);
    bool good = parameters_from_json(parameters, reader, text, length, fault);
    assert(!fault->is_memory_short);
    return good;
}

/* What is read does not depend on what was read before. */
static void check_alone(const struct parameters *parameters, bool good,
                        const struct parameter_fault *fault, const char *text, size_t length)
{
    struct json_reader *reader = new_reader();
    struct parameters again;
    struct parameter_fault fault_again;
    bool is_again_good = read_by(reader, &again, text, length, &fault_again);
    assert(is_again_good == good);
    values_check_same(parameters, &again);
    assert(good || (fault->name == fault_again.name && fault->what == fault_again.what));
    json_reader_free(reader);
}

static bool is_read(struct json_reader *reader, struct parameters *parameters, size_t length)
{
    struct parameter_fault fault;
    return read_by(reader, parameters, longer, length, &fault);
}

/* Blanks change nothing; anything else behind it does, and so does an end within it. */
static void check_whole(struct json_reader *reader, const struct parameters *parameters,
                        const char *text, size_t length, size_t end)
{
    static const char *const behind[] = {"x", "{}", ",", "}", "\"", "/**/", "\xef\xbb\xbf"};
    struct parameters again;
    memcpy(longer, "\r\n\t ", 4);
    memcpy(longer + 4, text, length);
    longer[4 + length] = ' ';
    assert(is_read(reader, &again, length + 5));
    values_check_same(parameters, &again);

    memcpy(longer, text, length);
    longer[length] = '\0';
    assert(!is_read(reader, &again, length + 1));
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        strcpy(longer + length, behind[i]);
        assert(!is_read(reader, &again, length + strlen(behind[i])));
    }
    assert(end == 0 || !is_read(reader, &again, end));
}

/* A member more, which may be the second of its name: it counts. */
static void check_last(struct json_reader *reader, const char *text, size_t end, bool is_empty)
{
    static const char last[] = "\"user_id\":\"last\"}";
    struct parameters again;
    memcpy(longer, text, end);
    longer[end] = is_empty ? ' ' : ',';
    strcpy(longer + end + 1, last);
    assert(is_read(reader, &again, end + 1 + strlen(last)));
    const struct parameter *user = &again.by_name[PARAMETER_USER];
    assert(user->length == 4 && memcmp(user->bytes, "last", 4) == 0);
}

/* What was read is UTF-8 in all its parts, whoever they are for. */
static void check_text(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        longer[i] = text[i] == '\r' || text[i] == '\n' || text[i] == '\t' || text[i] == 0x7f
                        ? ' '
                        : text[i];
    assert(values_are_text(longer, length));
}

static size_t without_blanks(const char *text, size_t length)
{
    static const char blanks[] = {' ', '\t', '\r', '\n'};
    while (length > 0 && memchr(blanks, text[length - 1], sizeof blanks))
        length--;
    return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct json_reader *reader;
    const char *text = (const char *)data;
    struct parameters parameters;
    struct parameter_fault fault;
    if (size > BYTES_MAX)
        return 0;
    if (!reader)
        reader = new_reader();
    bool good = read_by(reader, &parameters, text, size, &fault);
    values_check(&parameters);
    check_alone(&parameters, good, &fault, text, size);
    if (!good) {
        values_check_fault(&fault);
        return 0;
    }
    values_check_written(&parameters);
    if (size > 0) {
        size_t end = without_blanks(text, size) - 1; /* where the bracket is */
        assert(text[end] == '}');
        check_whole(reader, &parameters, text, size, end);
        check_last(reader, text, end, text[without_blanks(text, end) - 1] == '{');
        check_text(text, size);
    }
    return 0;
}
