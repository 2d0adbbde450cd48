#include "parameter_names.h"

#include <stddef.h>

_Static_assert((int)PARAMETER_COUNT <= (int)PARAMETERS_MAX, "each has its place");

const struct parameter_alias parameter_names[] = {
    {"user_id", PARAMETER_USER},        {"id", PARAMETER_ITEM},
    {"item_id", PARAMETER_ITEM},        {"code", PARAMETER_CODE},
    {"checkout_code", PARAMETER_CODE},  {"sale_id", PARAMETER_SALE},
    {"state", PARAMETER_STATE},         {"page_num", PARAMETER_PAGE_NUM},
    {"page_size", PARAMETER_PAGE_SIZE}, {NULL, 0}};
