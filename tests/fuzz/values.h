/*
 * What must hold for parameters however they came: from a form, from JSON, with a whole request.
 */
#ifndef TESTS_FUZZ_VALUES_H
#define TESTS_FUZZ_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "fcgi/api/parameter_names.h"

/* Ends the program where something does not hold. */
void values_check(const struct parameters *parameters);
void values_check_fault(const struct parameter_fault *fault);
void values_check_same(const struct parameters *one, const struct parameters *other);

/* Whether it is UTF-8 without control characters: code point by code point (RFC 3629). */
bool values_are_text(const char *bytes, size_t length);

/* Whether json-c takes it for one JSON text. It is not strict: 0.18 then refuses what it should not
   (json_reader.c). */
bool values_are_json(const char *text, size_t length);

/* What was read is read again from any other way to write it, as a form or as JSON. */
void values_check_written(const struct parameters *parameters);

#endif
