/* Values of a row that several statements read alike. Of this room alone. */
#ifndef FCGI_STORE_ROW_H
#define FCGI_STORE_ROW_H

#include <stdint.h>

#include "common/database.h"
#include "outcome.h"

/* Which element of the arrays the row is about, from 0. -1: none of `count`, and the log says so.
 */
int row_element(const PGresult *result, int row, int column, int count);

/* OUTCOME_UNAVAILABLE where the server has one that this program does not know. */
enum outcome row_outcome(const PGresult *result, int row, int column);

/* SECRET_BYTES of them, until the result is cleared; zeros where null. */
const uint8_t *row_secret(const PGresult *result, int row, int column);

#endif
