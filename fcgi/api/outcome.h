/*
 * What can come of a request: the closed list that the SQL, the log, the replies and the metrics
 * share. The first ten are the enum flashsale.outcome of sql/deploy/schema.sql.
 */
#ifndef FCGI_API_OUTCOME_H
#define FCGI_API_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

#include "common/settings.h"

enum outcome {
    OUTCOME_ACCEPTED,
    OUTCOME_REPEATED,
    OUTCOME_HELD,
    OUTCOME_SOLD,
    OUTCOME_SOLD_OUT,
    OUTCOME_USER_LIMIT,
    OUTCOME_SALE_CLOSED,
    OUTCOME_UNKNOWN_ITEM,
    OUTCOME_PURCHASED,
    OUTCOME_UNKNOWN_CODE,
    /* These come from the request alone and are not in the database. */
    OUTCOME_BAD_REQUEST,
    OUTCOME_IDENTITY_MISMATCH,
    OUTCOME_NOT_FOUND,
    OUTCOME_METHOD_NOT_ALLOWED,
    OUTCOME_BODY_TOO_LARGE,
    OUTCOME_UNSUPPORTED_BODY,
    /* The web server says so. */
    OUTCOME_URI_TOO_LONG,
    OUTCOME_TOO_MANY_REQUESTS,
    OUTCOME_UNAVAILABLE,
    OUTCOME_COUNT
};

struct outcome_text {
    const char *name;   /* in the database, in replies and in /problems/{name} */
    const char *title;  /* the same for every occurrence (RFC 9457, section 3.1.3) */
    const char *detail; /* what it means for the one who asked */
    const char *error;  /* a word for it that programs know from older services */
};

const struct outcome_text *outcome_text(enum outcome outcome);

/* Whether it refuses what was asked: then it is a problem (RFC 9457). */
bool outcome_is_refusal(enum outcome outcome);

/* The HTTP status: some are settings, for clients that expect others. */
int outcome_status(enum outcome outcome, const struct settings *settings);

/* The outcome of that name; OUTCOME_COUNT where there is none. */
enum outcome outcome_named(const char *name, size_t length);

#endif
