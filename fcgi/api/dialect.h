/* What clients of earlier services know a reply by: setting http.dialect. */
#ifndef FCGI_API_DIALECT_H
#define FCGI_API_DIALECT_H

#include "common/settings.h"
#include "common/text.h"

struct dialect {
    const char *checked_out; /* message of a checkout that was accepted, also when it is repeated */
    const char *purchased;   /* message of a purchase, also when it is repeated */
    /* What a refusal at the limit says: the limit stands between the two, or, where the second is
       NULL, is not told. Both NULL: it says the outcome's own (outcome_problem.h). */
    const char *limit_before;
    const char *limit_after;
    /* Whether a user at the limit is refused the purchase alone, and not the checkout before it. */
    bool full_may_check_out;
};

/* The one that the settings name. Any thread. */
const struct dialect *dialect_of(const struct settings *settings);

/* Adds what a refusal at the limit of `limit` items says; nothing where it is the outcome's own. */
void dialect_add_limit(const struct dialect *dialect, int limit, struct text *text);

#endif
