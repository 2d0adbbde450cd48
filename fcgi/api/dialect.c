#include "dialect.h"

/* docs/MIGRATING.md uses the same letters. */
static const struct dialect dialects[] = {
    [DIALECT_DEFAULT] = {.checked_out = "success", .purchased = "success"},
    [DIALECT_A] = {.checked_out = "success", .purchased = "success"},
    [DIALECT_B] = {.checked_out = "success",
                   .purchased = "Purchase successful",
                   .limit_before = "User has reached the maximum of ",
                   .limit_after = " items per sale",
                   .checkout_ignores_limit = true},
    [DIALECT_C] = {.checked_out = "success", .purchased = "success"},
    [DIALECT_D] = {.checked_out = "Checkout code generated successfully",
                   .purchased = "Purchase completed successfully",
                   .limit_before = "User purchase limit exceeded"},
    [DIALECT_E] = {.checked_out = "success", .purchased = "success"},
};

const struct dialect *dialect_of(const struct settings *settings)
{
    return &dialects[settings->http.dialect];
}

void dialect_add_limit(const struct dialect *dialect, int limit, struct text *text)
{
    if (dialect->limit_before)
        text_add(text, dialect->limit_before);
    if (dialect->limit_after) {
        text_add_integer(text, limit);
        text_add(text, dialect->limit_after);
    }
}
