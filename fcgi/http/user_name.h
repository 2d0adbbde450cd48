/*
 * Users' names as they are compared: in Unicode's Normalization Form C (UAX #15; utf8proc, whose
 * version decides which characters are known), without blanks at either end. Blanks are the
 * characters with the property White_Space (PropList.txt of the Unicode Character Database). So a
 * name is the same however a keyboard composes it. Any thread.
 */
#ifndef FCGI_HTTP_USER_NAME_H
#define FCGI_HTTP_USER_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "common/span.h"

enum { USER_NAME_BYTES_MAX = 128 };

/*
 * Sets *name to the name in `given`, which is UTF-8 of at most USER_NAME_BYTES_MAX bytes; 0 bytes:
 * it was blanks only. It is a part of `given` where that is ASCII: then nothing is copied. Any
 * other is written to `room`, which the caller owns, of USER_NAME_BYTES_MAX bytes. False: the name
 * is longer than that (Form C can have three times as many bytes), and *name its beginning, which
 * may be cut within a character.
 */
bool user_name_read(struct span given, char *room, struct span *name)
    __attribute__((warn_unused_result));

#endif
