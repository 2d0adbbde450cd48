/* The socket that web servers connect to. */
#ifndef FCGI_SERVER_LISTEN_H
#define FCGI_SERVER_LISTEN_H

/*
 * Listens at `where`: the path of a Unix socket, or ":PORT" or "HOST:PORT" for TCP, as libfcgi has
 * them. A path is taken over only from a socket at which nobody answers, and in one step, so that
 * of two workers that start at once, or one after the other, the second is refused. What is no
 * socket stays as it is. -1: it cannot be; the log says why.
 */
int listen_at(const char *where, int backlog);

/* The socket that spawn-fcgi gave, as standard input. -1: there is none; the log says so. */
int listen_given(void);

#endif
