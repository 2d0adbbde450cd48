/* Reads values that several statements' rows have. For this room only. */
#ifndef FCGI_STORE_ROW_H
#define FCGI_STORE_ROW_H

#include <stdint.h>

#include "common/database.h"
#include "outcome.h"

/* The index of the batch's element that the row is about, from 0. -1: not one of `count` (a bug,
   check.h). */
int row_element(const PGresult *result, int row, int column, int count);

/* OUTCOME_UNAVAILABLE if this program does not know the server's outcome. */
enum outcome row_outcome(const PGresult *result, int row, int column);

/* SECRET_BYTES bytes, valid until the result is cleared; zeros where null. */
const uint8_t *row_secret(const PGresult *result, int row, int column);

#endif
