#include "paging.h"

enum { PAGE_NUM_MAX = 100000000 };

bool page_read(const struct request *request, int size_default, struct page *page,
               struct reply *reply)
{
    const struct parameter *parameters = request->parameters.by_name;
    int number;
    const char *fault = NULL;
    if (!parameter_number(&parameters[PARAMETER_PAGE_NUM], 1, PAGE_NUM_MAX, 1, &number))
        fault = "page_num: expected a whole number from 1 to 100000000.";
    else if (!parameter_number(&parameters[PARAMETER_PAGE_SIZE], 1, PAGE_SIZE_MAX, size_default,
                               &page->size))
        fault = "page_size: expected a whole number from 1 to 100.";
    if (fault) {
        reply_problem(reply, &problem_bad_request, fault, 0);
        return false;
    }
    page->offset = (int64_t)(number - 1) * page->size;
    return true;
}
