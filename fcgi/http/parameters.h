/*
 * What clients send by name, decoded and valid: from a query string, a form or a JSON body.
 *
 * Which names there are is the caller's table. Unknown names are ignored, whatever their value. A
 * value is UTF-8 (RFC 3629) without control bytes.
 */
#ifndef FCGI_HTTP_PARAMETERS_H
#define FCGI_HTTP_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>

struct json_reader;

enum { PARAMETER_BYTES_MAX = 128, PARAMETERS_MAX = 7 };

/* What clients write, and the number of the parameter that it stands for: below PARAMETERS_MAX.
   Several may stand for one. */
struct parameter_alias {
    const char *text; /* NULL: past the last of a table */
    int parameter;
};

struct parameter {
    char bytes[PARAMETER_BYTES_MAX]; /* not terminated */
    size_t length;                   /* 0: not given; an empty value counts as none */
    bool is_too_long;                /* there was more: bytes holds the beginning */
};

struct parameters {
    const struct parameter_alias *aliases;
    unsigned wanted; /* a set, a bit for each parameter: others are ignored */
    struct parameter by_name[PARAMETERS_MAX];
};

/* Why parameters were refused: `name` as the client wrote it, or NULL for the body as a whole. */
struct parameter_fault {
    const char *name;
    const char *what;
    bool is_memory_short; /* nothing is wrong with them: they could not be read */
};

/* None are given yet, and those of the set `wanted` can be: a bit (1U << parameter) for each. The
   table stays the caller's, and stays as it is. */
void parameters_begin(struct parameters *parameters, const struct parameter_alias *aliases,
                      unsigned wanted);

/*
 * A whole number of at most nine digits; `fallback` where it is not given. False: it is something
 * else, or outside `min` to `max`.
 */
bool parameter_number(const struct parameter *parameter, int min, int max, int fallback,
                      int *number) __attribute__((warn_unused_result));

/* Whether it is UTF-8 without control bytes, as all values are. */
bool parameter_is_text(const char *bytes, size_t length);

/* The byte that an escape stands for, %XX at `at`; false: it is none (RFC 3986, section 2.1). */
bool parameter_escape(const char *at, const char *end, char *byte)
    __attribute__((warn_unused_result));

/* Reads a query string, or a body of application/x-www-form-urlencoded (URL Standard). */
bool parameters_from_form(struct parameters *parameters, const char *text, size_t length,
                          struct parameter_fault *fault) __attribute__((warn_unused_result));

/*
 * Reads a body of application/json (json_reader.h): an object whose members are strings or whole
 * numbers of 64 bits, 1601.0 and 1e3 among these (JSON Schema, section 4.2.3). Of two members of
 * one name the last counts (RFC 8259, section 4). An empty body is an empty object. The one way to
 * read parameters that asks the allocator for memory.
 */
bool parameters_from_json(struct parameters *parameters, struct json_reader *reader,
                          const char *text, size_t length, struct parameter_fault *fault)
    __attribute__((warn_unused_result));

/* Takes from `more` what is not given in `parameters`. */
void parameters_complete(struct parameters *parameters, const struct parameters *more);

#endif
