/*
 * The statuses that replies have (RFC 9110, section 15), and those that settings choose most: one
 * table. Any thread.
 */
#ifndef FCGI_HTTP_STATUS_H
#define FCGI_HTTP_STATUS_H

struct http_status {
    int code;
    const char *name;   /* the code, for whoever counts by it */
    const char *phrase; /* the reason phrase */
};

/* All rows, numbered from 0; NULL past the last. The last is of any status that has no other: code
   0, "other". */
const struct http_status *http_status_at(int row);

/* The row of a status. */
int http_status_row(int code);

#endif
