#include "dialect.h"

/* docs/MIGRATING.md uses the same letters. */
static const struct dialect dialects[] = {
    [DIALECT_DEFAULT] = {"success", "success", NULL, NULL},
    [DIALECT_A] = {"success", "success", NULL, NULL},
    [DIALECT_B] = {"success", "Purchase successful", "User has reached the maximum of ",
                   " items per sale"},
    [DIALECT_C] = {"success", "success", NULL, NULL},
    [DIALECT_D] = {"Checkout code generated successfully", "Purchase completed successfully",
                   "User purchase limit exceeded", NULL},
    [DIALECT_E] = {"success", "success", NULL, NULL},
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
