/*
 * The web server's side of a FastCGI connection (FastCGI 1.0, sections 3 to 5), with one request at
 * a time. Nothing is allocated. Any thread, each with requests and answers of its own.
 */
#ifndef TESTS_CLIENT_FASTCGI_H
#define TESTS_CLIENT_FASTCGI_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { FASTCGI_WIRE_MAX = 1 << 18, FASTCGI_ANSWER_MAX = 1 << 18 };

/* A request as it is sent. Parts that do not fit are left out, and `is_cut` says so. */
struct fastcgi_request {
    char bytes[FASTCGI_WIRE_MAX];
    size_t length;
    bool is_cut;
};

struct fastcgi_answer {
    char bytes[FASTCGI_ANSWER_MAX]; /* the content of standard output, and a zero */
    size_t length;
    const char *body; /* after the headers; NULL: the headers have no end */
    int status;       /* 0: there is no Status header */
    int ended;        /* how many requests ended (FCGI_END_REQUEST) */
    bool is_sound;    /* the whole answer was complete records */
};

/* Called in this order: begin, each variable, the body. The connection is not to be kept. */
void fastcgi_begin(struct fastcgi_request *request);
void fastcgi_variable(struct fastcgi_request *request, const char *name, size_t name_length,
                      const char *value, size_t value_length);
void fastcgi_body(struct fastcgi_request *request, const char *body, size_t length);

/* A listening socket with an address of its own that needs no file (unix(7)). -1: it failed. */
int fastcgi_listen(struct sockaddr_un *address, socklen_t *length);

/*
 * Sends the bytes on a new connection and then its end, and reads the answer until the other side
 * closes. False: there was no connection, the answer did not fit, or it took longer than `ms_max`.
 */
bool fastcgi_ask(const struct sockaddr_un *address, socklen_t address_length, const char *bytes,
                 size_t length, int ms_max, struct fastcgi_answer *answer);

#endif
