/* The texts of replies that clients of earlier services expect (setting http.dialect). Any
   thread. */
#ifndef FCGI_API_DIALECT_H
#define FCGI_API_DIALECT_H

#include "common/settings.h"
#include "common/text.h"

struct dialect {
    const char *checked_out; /* message of a checkout, accepted or repeated */
    const char *purchased;   /* message of a purchase, also of a repeated one */
    /* The detail of a refusal at the limit: the first text, the limit, the second text. The second
       is NULL: the first alone. Both are NULL: the outcome's own detail (outcome_problem.h). */
    const char *limit_before;
    const char *limit_after;
    /* Whether a user at the limit may still check out, so that only the purchase is refused. */
    bool checkout_ignores_limit;
};

/* The dialect that the settings name; a constant. */
const struct dialect *dialect_of(const struct settings *settings);

/* Adds the detail of a refusal at the limit of `limit` items; nothing if it is the
   outcome's own. */
void dialect_add_limit(const struct dialect *dialect, int limit, struct text *text);

#endif
