/*
 * The sale as viewers see it: read from PostgreSQL once a second at most, and whenever a sale has
 * begun or ended, whoever asks, over a connection of its own. Any thread may ask.
 */
#ifndef FCGI_STORE_SALE_VIEW_H
#define FCGI_STORE_SALE_VIEW_H

#include "sale_status.h"

struct sale_view;

/* NULL: out of memory. Connects in the background. */
struct sale_view *sale_view_new(const struct settings *settings);
void sale_view_free(struct sale_view *view);

/* May wait for PostgreSQL, and for another thread that does; changes_in_us is as of now. False:
   PostgreSQL could not be asked within the last second. */
bool sale_view_read(struct sale_view *view, struct sale_status *status)
    __attribute__((warn_unused_result));

#endif
