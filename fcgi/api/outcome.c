#include "outcome.h"

#include <string.h>

/* Where a status is a setting, the table says which. */
enum status_rule { STATUS_FIXED, STATUS_UNAVAILABLE, STATUS_LIMIT, STATUS_UNKNOWN_CODE };

struct outcome_row {
    struct outcome_text text;
    enum status_rule rule;
    int status;
};

static const struct outcome_row outcomes[OUTCOME_COUNT] = {
    [OUTCOME_ACCEPTED] = {{"accepted", "Item is reserved for you", "Buy it before the time is up.",
                           ""},
                          STATUS_FIXED,
                          200},
    [OUTCOME_REPEATED] = {{"repeated", "Already done", "The first answer holds.", ""},
                          STATUS_FIXED,
                          200},
    [OUTCOME_HELD] = {{"held", "Item is reserved",
                       "Another user has reserved the item. It may become free again.",
                       "item_reserved"},
                      STATUS_UNAVAILABLE,
                      0},
    [OUTCOME_SOLD] = {{"sold", "Item is sold", "Another item may still be free.", "item_sold"},
                      STATUS_UNAVAILABLE,
                      0},
    [OUTCOME_SOLD_OUT] = {{"sold_out", "Sale is sold out", "Every item of this sale is sold.",
                           "sold_out"},
                          STATUS_UNAVAILABLE,
                          0},
    [OUTCOME_USER_LIMIT] = {{"user_limit", "Purchase limit reached",
                             "You have bought as many items of this sale as one user may.",
                             "limit_exceeded"},
                            STATUS_LIMIT,
                            0},
    [OUTCOME_SALE_CLOSED] = {{"sale_closed", "Sale is closed", "No such sale is open now.",
                              "sale_closed"},
                             STATUS_UNAVAILABLE,
                             0},
    [OUTCOME_UNKNOWN_ITEM] = {{"unknown_item", "No such item", "The sale has no item of that id.",
                               "item_not_found"},
                              STATUS_FIXED,
                              404},
    [OUTCOME_PURCHASED] = {{"purchased", "Item is yours", "The purchase is stored.", ""},
                           STATUS_FIXED,
                           200},
    [OUTCOME_UNKNOWN_CODE] = {{"unknown_code", "No such code",
                               "The code was never given, has run out, or its sale is over.",
                               "code_not_found"},
                              STATUS_UNKNOWN_CODE,
                              0},
    [OUTCOME_BAD_REQUEST] = {{"bad_request", "Bad request", "The request is malformed.",
                              "bad_request"},
                             STATUS_FIXED,
                             400},
    [OUTCOME_IDENTITY_MISMATCH] = {{"identity_mismatch", "Not your name",
                                    "The user asked for is not the one who is logged in.",
                                    "identity_mismatch"},
                                   STATUS_FIXED,
                                   403},
    [OUTCOME_NOT_FOUND] = {{"not_found", "Not found", "There is nothing at this path.",
                            "not_found"},
                           STATUS_FIXED,
                           404},
    [OUTCOME_METHOD_NOT_ALLOWED] = {{"method_not_allowed", "Method not allowed",
                                     "This path takes the methods that Allow names.",
                                     "method_not_allowed"},
                                    STATUS_FIXED,
                                    405},
    [OUTCOME_BODY_TOO_LARGE] = {{"body_too_large", "Body too large",
                                 "The request's body is longer than is read here.",
                                 "body_too_large"},
                                STATUS_FIXED,
                                413},
    [OUTCOME_UNSUPPORTED_BODY] = {{"unsupported_body", "Body not supported",
                                   "A body is read as a form or as JSON, in UTF-8 and without a "
                                   "content coding.",
                                   "unsupported_body"},
                                  STATUS_FIXED,
                                  415},
    [OUTCOME_URI_TOO_LONG] = {{"uri_too_long", "Address too long",
                               "The request line is longer than 8 KB.", "uri_too_long"},
                              STATUS_FIXED,
                              414},
    [OUTCOME_TOO_MANY_REQUESTS] = {{"too_many_requests", "Too many requests",
                                    "You ask too often. Wait a moment, then ask again.",
                                    "too_many_requests"},
                                   STATUS_FIXED,
                                   429},
    [OUTCOME_UNAVAILABLE] = {{"unavailable", "Service unavailable",
                              "The request could not be decided now. Asking again is safe.",
                              "unavailable"},
                             STATUS_FIXED,
                             503},
};

const struct outcome_text *outcome_text(enum outcome outcome)
{
    return &outcomes[outcome].text;
}

bool outcome_is_refusal(enum outcome outcome)
{
    return outcomes[outcome].text.error[0] != '\0';
}

int outcome_status(enum outcome outcome, const struct settings *settings)
{
    switch (outcomes[outcome].rule) {
    case STATUS_UNAVAILABLE:
        return settings->http.status_unavailable;
    case STATUS_LIMIT:
        return settings->http.status_limit;
    case STATUS_UNKNOWN_CODE:
        return settings->http.status_unknown_code;
    case STATUS_FIXED:
        break;
    }
    return outcomes[outcome].status;
}

enum outcome outcome_named(const char *name, size_t length)
{
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (strlen(outcomes[i].text.name) == length &&
            memcmp(outcomes[i].text.name, name, length) == 0)
            return (enum outcome)i;
    return OUTCOME_COUNT;
}
