#include "parameter_names.h"

#include <stddef.h>

_Static_assert((int)PARAMETER_COUNT <= (int)PARAMETERS_MAX, "struct parameters has room for each");

/* clang-format off */
const struct parameter_alias parameter_names[] = {
    {"user_id", PARAMETER_USER, true},
    {"id", PARAMETER_ITEM, false},
    {"item_id", PARAMETER_ITEM, false},
    {"code", PARAMETER_CODE, false},
    {"checkout_code", PARAMETER_CODE, false},
    {"sale_id", PARAMETER_SALE, false},
    {"state", PARAMETER_STATE, false},
    {"page_num", PARAMETER_PAGE_NUM, false},
    {"page_size", PARAMETER_PAGE_SIZE, false},
    {NULL, 0, false},
};
/* clang-format on */
