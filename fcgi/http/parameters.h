/*
 * Parameters that clients send by name in a query string, a form or a JSON body, decoded and
 * validated. The caller's table has the names. Parameters with other names are ignored, whatever
 * their value. A value is UTF-8 (RFC 3629) without control characters. Any thread, each with
 * parameters of its own.
 */
#ifndef FCGI_HTTP_PARAMETERS_H
#define FCGI_HTTP_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>

struct json_reader;

enum { PARAMETER_BYTES_MAX = 128, PARAMETERS_MAX = 7 };

/* A name that clients write, and the number of its parameter, below PARAMETERS_MAX. A parameter may
   have several names. */
struct parameter_alias {
    const char *text; /* NULL: the end of the table */
    int parameter;
    bool is_user; /* the value is a user's name, and is kept as names are compared (user_name.h) */
};

struct parameter {
    char bytes[PARAMETER_BYTES_MAX]; /* not terminated */
    size_t length;                   /* 0: not given, or empty */
    bool is_too_long;                /* the value was longer: bytes holds its beginning */
};

struct parameters {
    const struct parameter_alias *aliases;
    unsigned wanted; /* a set of bits, 1U << parameter: other parameters are ignored */
    struct parameter by_name[PARAMETERS_MAX];
};

/* Why parameters were refused. All texts are constants. */
struct parameter_fault {
    const char *name; /* the one that the client used; NULL: the body as a whole */
    const char *what;
    bool is_memory_short; /* there was no memory to read them; they may be right */
};

/* Makes all parameters empty. `wanted` is the set to read. The caller owns the table of aliases,
   and must not change it while the parameters are used. */
void parameters_begin(struct parameters *parameters, const struct parameter_alias *aliases,
                      unsigned wanted);

/*
 * Sets *number to a whole number of at most nine digits, or to `fallback` if the parameter is not
 * given. False: the value is something else, or not within `min` and `max`.
 */
bool parameter_number(const struct parameter *parameter, int min, int max, int fallback,
                      int *number) __attribute__((warn_unused_result));

/* Whether the bytes are UTF-8 without control characters, as all values are. */
bool parameter_is_text(const char *bytes, size_t length);

/* Decodes %XX at `at` (RFC 3986, section 2.1). False: it is malformed. */
bool parameter_escape(const char *at, const char *end, char *byte)
    __attribute__((warn_unused_result));

/* Reads a query string, or a body of application/x-www-form-urlencoded (URL Standard). False:
   `fault` says why. */
bool parameters_from_form(struct parameters *parameters, const char *text, size_t length,
                          struct parameter_fault *fault) __attribute__((warn_unused_result));

/*
 * Reads a body of application/json (json_reader.h): an object. A parameter's value is a string, a
 * whole number of 64 bits, which may be written 1601.0 or 1e3 (JSON Schema, section 4.2.3), or
 * null, which counts as not given. Of two members with one name the last counts (RFC 8259, section
 * 4). An empty body is an empty object. False: `fault` says why. Only this function allocates
 * memory.
 */
bool parameters_from_json(struct parameters *parameters, struct json_reader *reader,
                          const char *text, size_t length, struct parameter_fault *fault)
    __attribute__((warn_unused_result));

/* Copies those from `more` that are not given in `parameters`. */
void parameters_complete(struct parameters *parameters, const struct parameters *more);

#endif
