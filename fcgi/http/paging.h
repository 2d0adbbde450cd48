/* Pages of a list: page_num counts from 1, page_size is at most PAGE_SIZE_MAX rows. Any thread. */
#ifndef FCGI_HTTP_PAGING_H
#define FCGI_HTTP_PAGING_H

#include <stdbool.h>
#include <stdint.h>

#include "reply.h"
#include "request.h"

/* The parameters page_num and page_size. */
enum { PARAMETER_PAGE_NUM, PARAMETER_PAGE_SIZE, PAGING_PARAMETERS };

enum { PAGE_SIZE_DEFAULT = 50, PAGE_SIZE_MAX = 100 };

struct page {
    int64_t offset; /* rows before it */
    int size;       /* rows at most */
};

/* Reads both parameters. False: one is no whole number within bounds, and the reply says so. */
bool page_read(const struct request *request, int size_default, struct page *page,
               struct reply *reply) __attribute__((warn_unused_result));

#endif
