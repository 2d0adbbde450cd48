/* Reads when a user's turn comes in the current sale: flashsale.read_turn(). */
#ifndef FCGI_STORE_TURN_ROW_H
#define FCGI_STORE_TURN_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"

struct database;

/* Times are PostgreSQL's, in microseconds since 1970. All zeros: no sale has begun. */
struct turn_row {
    int32_t sale_id;
    int64_t starts_us;
    int32_t draw_s; /* within how many seconds each user's turn comes; 0: at once */
    int64_t opens_us;
    int64_t read_us; /* now */
};

/* `database` is the calling thread's (reader.h). False: PostgreSQL did not answer. */
bool turn_row_fetch(struct database *database, struct span user, struct turn_row *turn)
    __attribute__((warn_unused_result));

#endif
