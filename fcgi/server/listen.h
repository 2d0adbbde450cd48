/* The socket that web servers connect to. */
#ifndef FCGI_SERVER_LISTEN_H
#define FCGI_SERVER_LISTEN_H

/*
 * Listens at `where`: the path of a Unix socket, or ":PORT" or "HOST:PORT" for TCP, as libfcgi
 * reads them. Returns a descriptor, which the caller owns. A socket at that path is replaced only
 * if no process listens on it, and in one step: of two workers with one path, the second is
 * refused, whether they start at the same time or not. Any other file stays as it is. -1: it
 * failed, and the log says why.
 */
int listen_at(const char *where, int backlog);

/* The listening socket that spawn-fcgi gave as standard input. -1: there is none, and the log says
   so. */
int listen_given(void);

#endif
