/* When a user's turn comes, as JSON. */
#ifndef FCGI_API_TURN_JSON_H
#define FCGI_API_TURN_JSON_H

#include <stdint.h>

#include "common/json_writer.h"

/* The members "opens_at" and "opens_in" (whole seconds, 0: the turn has come), null where
   `opens_us` is 0: no sale has begun. Times are PostgreSQL's, in microseconds since 1970. */
void turn_json(struct json_writer *json, int64_t opens_us, int64_t read_us);

#endif
