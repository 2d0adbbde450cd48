/*
 * A connection for what viewers read: item_row.h, items_page.h, sales_page.h and user_page.h.
 *
 * A page hands out its rows one after the other from PostgreSQL's answer: so it allocates nothing
 * itself, however long it is.
 */
#ifndef FCGI_STORE_READER_H
#define FCGI_STORE_READER_H

#include "common/settings.h"

struct database;

/* One thread's own. NULL: out of memory. Connects in the background. */
struct database *reader_new(const struct settings *settings);
void reader_free(struct database *reader);

#endif
