/*
 * The address of a host, looked up by a thread of its own: getaddrinfo(3) may wait long for a name
 * server that does not answer.
 */
#ifndef FCGI_SALE_LOOKUP_H
#define FCGI_SALE_LOOKUP_H

#include <netinet/in.h>
#include <stdbool.h>

struct lookup;

/* Of a host's name or address; an IPv6 address may be in brackets. NULL: out of memory. */
struct lookup *lookup_new(const char *host);

/* Never waits. */
void lookup_free(struct lookup *lookup);

/*
 * The address that was found last, in numbers; has the host looked up anew, for the next call.
 * Waits only for the first address, `ms_max` at most. False: there is none.
 */
bool lookup_get(struct lookup *lookup, int ms_max, char address[INET6_ADDRSTRLEN])
    __attribute__((warn_unused_result));

#endif
