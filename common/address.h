/*
 * Where another program listens: "unix:/path", "host:port", "host" or, for IPv6 (RFC 3986, 3.2.2),
 * "[address]:port".
 */
#ifndef COMMON_ADDRESS_H
#define COMMON_ADDRESS_H

#include <stdbool.h>

enum {
    ADDRESS_HOST_MAX = 254, /* a DNS name has at most 253 bytes, RFC 1035 */
    ADDRESS_PATH_MAX = 108, /* sun_path's size, unix(7) */
    ADDRESS_REDIS_PORT = 6379
};

struct address {
    bool is_unix;
    char path[ADDRESS_PATH_MAX]; /* if is_unix */
    char host[ADDRESS_HOST_MAX]; /* else: a name, or an IP address without brackets */
    int port;                    /* likewise */
};

/* The forms that an address can have, for error messages. */
extern const char address_expected[];

/* Reads `text`; without a port it gets `default_port`. False: it is not an address. Any thread. */
bool address_read(struct address *address, const char *text, int default_port)
    __attribute__((warn_unused_result));

#endif
