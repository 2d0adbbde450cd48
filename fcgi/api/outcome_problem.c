#include "outcome_problem.h"

#include <string.h>

/* The setting that a row's status comes from, if any. */
enum status_rule { STATUS_FIXED, STATUS_UNAVAILABLE, STATUS_LIMIT, STATUS_UNKNOWN_CODE };

struct row {
    const char *title; /* these three as in struct problem; NULL: not a refusal */
    const char *detail;
    const char *error;
    enum status_rule rule;
    int status; /* if the rule is STATUS_FIXED */
};

static const struct row rows[OUTCOME_COUNT] = {
    [OUTCOME_HELD] = {"Item is reserved",
                      "Another user has reserved the item. It may become free again.",
                      "item_reserved", STATUS_UNAVAILABLE, 0},
    [OUTCOME_SOLD] = {"Item is sold", "Another item may still be free.", "item_sold",
                      STATUS_UNAVAILABLE, 0},
    [OUTCOME_SOLD_OUT] = {"Sale is sold out", "Every item of this sale is sold.", "sold_out",
                          STATUS_UNAVAILABLE, 0},
    [OUTCOME_USER_LIMIT] = {"Purchase limit reached",
                            "You have bought as many items of this sale as one user may.",
                            "limit_exceeded", STATUS_LIMIT, 0},
    [OUTCOME_HOLD_LIMIT] = {"Too many reservations",
                            "You hold as many items as one user may at once. Buy one, or wait.",
                            "hold_limit", STATUS_LIMIT, 0},
    [OUTCOME_NOT_YET] = {"Not your turn yet",
                         "The sale drew when each user may check out. Your turn has not come.",
                         "not_yet", STATUS_UNAVAILABLE, 0},
    [OUTCOME_SALE_CLOSED] = {"Sale is closed", "No such sale is open now.", "sale_closed",
                             STATUS_UNAVAILABLE, 0},
    [OUTCOME_UNKNOWN_ITEM] = {"No such item", "The sale has no item of that id.", "item_not_found",
                              STATUS_FIXED, 404},
    [OUTCOME_UNKNOWN_CODE] = {"No such code",
                              "The code was never given, has run out, or its sale is over.",
                              "code_not_found", STATUS_UNKNOWN_CODE, 0},
};

bool outcome_is_refusal(enum outcome outcome)
{
    return outcome == OUTCOME_UNAVAILABLE || rows[outcome].title != NULL;
}

static int status_of(const struct row *row, const struct settings *settings)
{
    switch (row->rule) {
    case STATUS_UNAVAILABLE:
        return settings->http.status_unavailable;
    case STATUS_LIMIT:
        return settings->http.status_limit;
    case STATUS_UNKNOWN_CODE:
        return settings->http.status_unknown_code;
    case STATUS_FIXED:
        break;
    }
    return row->status;
}

struct problem outcome_problem(enum outcome outcome, const struct settings *settings)
{
    if (outcome == OUTCOME_UNAVAILABLE)
        return problem_unavailable;
    const struct row *row = &rows[outcome];
    return (struct problem){outcome_name(outcome), row->title, row->detail, row->error,
                            status_of(row, settings)};
}

void reply_outcome(struct reply *reply, enum outcome outcome, const char *detail,
                   int64_t retry_after_s, const struct settings *settings)
{
    const struct problem problem = outcome_problem(outcome, settings);
    reply_problem(reply, &problem, detail, retry_after_s);
}

bool problem_named(const char *name, size_t length, const struct settings *settings,
                   struct problem *problem)
{
    enum outcome outcome = outcome_named(name, length);
    if (outcome != OUTCOME_COUNT && outcome_is_refusal(outcome)) {
        *problem = outcome_problem(outcome, settings);
        return true;
    }
    const struct problem *own;
    for (int i = 0; (own = problem_at(i)); i++) {
        if (strlen(own->name) == length && memcmp(own->name, name, length) == 0) {
            *problem = *own;
            return true;
        }
    }
    return false;
}
