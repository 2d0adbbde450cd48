/*
 * Assertions about parameters that hold for every source: a form, JSON, a whole request. A failed
 * assertion ends the program.
 */
#ifndef TESTS_FUZZ_VALUES_H
#define TESTS_FUZZ_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "fcgi/api/parameter_names.h"

/* Bounds and bytes of the values; the fault's texts; equality of two sets of values. */
void values_check(const struct parameters *parameters);
void values_check_fault(const struct parameter_fault *fault);
void values_check_same(const struct parameters *one, const struct parameters *other);

/* Whether it is UTF-8 without control characters: code point by code point (RFC 3629). */
bool values_are_text(const char *bytes, size_t length);

/* Whether json-c parses it as one JSON text. It is not strict here: strict 0.18 refuses valid texts
   (json_reader.c). */
bool values_are_json(const char *text, size_t length);

/* The values are the same after they are written as a form or as JSON and read again. */
void values_check_written(const struct parameters *parameters);

#endif
