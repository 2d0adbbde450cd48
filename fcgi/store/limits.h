/* Sizes of values in rows, in bytes. */
#ifndef FCGI_STORE_LIMITS_H
#define FCGI_STORE_LIMITS_H

enum {
    USER_BYTES_MAX = 128,        /* a user's name, not terminated */
    WILDCARD_ID_BYTES_MAX = 128, /* a wildcard id, not terminated */
    SECRET_BYTES = 16            /* the random bits of a code: a uuid */
};

#endif
