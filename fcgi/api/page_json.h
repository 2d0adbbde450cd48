/* How a page of a list looks in a reply: {"page":[...],"total":17}. */
#ifndef FCGI_API_PAGE_JSON_H
#define FCGI_API_PAGE_JSON_H

#include "common/json_writer.h"

/* Begins it; the caller writes a value for each row. */
void page_json_begin(struct json_writer *json, struct text *body);

/* Ends it. `total`: how many rows all pages have. */
void page_json_end(struct json_writer *json, int64_t total);

#endif
