/*
 * The current sale's status, shared by all threads: read from PostgreSQL at most once a second, and
 * again when a sale has begun or ended, over a connection of its own. Any thread.
 */
#ifndef FCGI_STORE_SALE_VIEW_H
#define FCGI_STORE_SALE_VIEW_H

#include "sale_status.h"

struct sale_view;

/* Connects in the background. NULL: out of memory. */
struct sale_view *sale_view_new(const struct settings *settings);
void sale_view_free(struct sale_view *view);

/* May wait for PostgreSQL, or for another thread that waits for it; changes_in_us counts from now.
   False: PostgreSQL did not answer within the last second. */
bool sale_view_read(struct sale_view *view, struct sale_status *status)
    __attribute__((warn_unused_result));

#endif
