/*
 * The address of a host by its name, looked up beside whoever needs it: getaddrinfo(3) may wait for
 * long for a name server that does not answer.
 */
#ifndef FCGI_SALE_LOOKUP_H
#define FCGI_SALE_LOOKUP_H

#include <netinet/in.h>
#include <stdbool.h>

struct lookup;

/* Starts to look the host up: its name, or an address, an IPv6 one perhaps in brackets. NULL: out
 * of memory. */
struct lookup *lookup_new(const char *host);

/* Never waits. */
void lookup_free(struct lookup *lookup);

/*
 * The address as it was found last, in numbers; and has it looked up anew, for whoever asks next.
 * Never waits long: `ms_max` only where nothing was found yet and the first attempt goes on. False:
 * there is none.
 */
bool lookup_get(struct lookup *lookup, int ms_max, char address[INET6_ADDRSTRLEN])
    __attribute__((warn_unused_result));

#endif
