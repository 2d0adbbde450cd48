/*
 * Origins as browsers write them in the header Origin (RFC 6454, section 6.2; URL Standard):
 * scheme, "://", host, and ":port" unless the port is the scheme's own; all in lower case. Any
 * thread.
 */
#ifndef COMMON_ORIGIN_H
#define COMMON_ORIGIN_H

#include <stdbool.h>

#include "span.h"

/* Whether the text is an origin of http or https in that form. "null" is none. */
bool origin_is_valid(struct span text);

/* The next word of a list whose words are separated by blanks; *at moves behind it. Of no bytes
   after the last. */
struct span origin_next(const char **at);

#endif
