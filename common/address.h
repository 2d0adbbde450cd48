/*
 * Where another program listens: "unix:/path", "host:port", "host" or, of IPv6 (RFC 3986, 3.2.2),
 * "[address]:port".
 */
#ifndef COMMON_ADDRESS_H
#define COMMON_ADDRESS_H

#include <stdbool.h>

enum {
    ADDRESS_HOST_MAX = 254, /* a name in the DNS has 253 bytes at most, RFC 1035 */
    ADDRESS_PATH_MAX = 108, /* sun_path's size, unix(7) */
    ADDRESS_REDIS_PORT = 6379
};

struct address {
    bool is_unix;
    char path[ADDRESS_PATH_MAX]; /* of one that is */
    char host[ADDRESS_HOST_MAX]; /* of one that is not: a name, or an IP address without brackets */
    int port;
};

/* What is expected of one, for whom it is told that theirs is none. */
extern const char address_expected[];

/* Reads `text`; false where it is no address. Without a port it has `default_port`. Any thread. */
bool address_read(struct address *address, const char *text, int default_port)
    __attribute__((warn_unused_result));

#endif
