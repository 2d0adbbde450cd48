/*
 * A table of the statuses of replies (RFC 9110, section 15), and of those that settings name most
 * often. Any thread.
 */
#ifndef FCGI_HTTP_STATUS_H
#define FCGI_HTTP_STATUS_H

struct http_status {
    int code;
    const char *name;   /* the code as text, for metrics' labels */
    const char *phrase; /* the reason phrase */
};

/* All rows, numbered from 0; NULL: after the last row. The last row, "other" with code 0, is for
   statuses without a row of their own. */
const struct http_status *http_status_at(int row);

/* The row of a status; the last row, if it has none of its own. */
int http_status_row(int code);

#endif
