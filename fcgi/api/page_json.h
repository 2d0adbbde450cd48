/* A page of a list in a JSON reply: {"page":[...],"total":17}. */
#ifndef FCGI_API_PAGE_JSON_H
#define FCGI_API_PAGE_JSON_H

#include "common/json_writer.h"

/* Begins the page. Then the caller writes a value for each row. */
void page_json_begin(struct json_writer *json, struct text *body);

/* Ends the page. `total`: the rows on all pages. */
void page_json_end(struct json_writer *json, int64_t total);

#endif
