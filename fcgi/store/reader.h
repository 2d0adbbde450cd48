/*
 * A connection for reading: item_row.h, items_page.h, sales_page.h and user_page.h.
 *
 * A page returns its rows one by one from PostgreSQL's answer, so it allocates no memory of its
 * own, however long it is.
 */
#ifndef FCGI_STORE_READER_H
#define FCGI_STORE_READER_H

#include "common/settings.h"

struct database;

/* For one thread. Connects in the background. NULL: out of memory. */
struct database *reader_new(const struct settings *settings);
void reader_free(struct database *reader);

#endif
