/* What clients send by name, to whichever endpoint: one table, with aliases. */
#ifndef FCGI_API_PARAMETER_NAMES_H
#define FCGI_API_PARAMETER_NAMES_H

#include "fcgi/http/paging.h"
#include "fcgi/http/parameters.h"

enum parameter_name {
    PARAMETER_USER = PAGING_PARAMETERS, /* after those of paging.h */
    PARAMETER_ITEM,
    PARAMETER_CODE,
    PARAMETER_SALE,
    PARAMETER_STATE,
    PARAMETER_COUNT
};

/* All names, for request_read_parameters(). Any thread. */
extern const struct parameter_alias parameter_names[];

#endif
