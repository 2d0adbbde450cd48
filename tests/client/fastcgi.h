/*
 * The web server's side of a FastCGI connection (FastCGI 1.0, sections 3 to 5), one request at a
 * time. Nothing is allocated.
 */
#ifndef TESTS_CLIENT_FASTCGI_H
#define TESTS_CLIENT_FASTCGI_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { FASTCGI_WIRE_MAX = 1 << 18, FASTCGI_ANSWER_MAX = 1 << 18 };

/* A request as it goes over the wire. What does not fit is left out, and `is_cut` says so. */
struct fastcgi_request {
    char bytes[FASTCGI_WIRE_MAX];
    size_t length;
    bool is_cut;
};

struct fastcgi_answer {
    char bytes[FASTCGI_ANSWER_MAX]; /* what came on standard output, and a zero */
    size_t length;
    const char *body; /* behind the headers; NULL: there are none */
    int status;       /* 0: none was told */
    int ended;        /* requests that were said to be over */
    bool is_sound;    /* all that came was records of FastCGI, whole ones */
};

/* Begin, then every variable, then the body. The connection is not to be kept. */
void fastcgi_begin(struct fastcgi_request *request);
void fastcgi_variable(struct fastcgi_request *request, const char *name, size_t name_length,
                      const char *value, size_t value_length);
void fastcgi_body(struct fastcgi_request *request, const char *body, size_t length);

/* A listening socket with an address of its own that needs no file (unix(7)). Negative: none. */
int fastcgi_listen(struct sockaddr_un *address, socklen_t *length);

/*
 * Sends the bytes on a new connection, and that no more will come; reads to the other side's end.
 * False: there was no connection, or the answer did not fit, or it took longer than that.
 */
bool fastcgi_ask(const struct sockaddr_un *address, socklen_t address_length, const char *bytes,
                 size_t length, int ms_max, struct fastcgi_answer *answer);

#endif
