/*
 * Notifies the service manager of the worker's state by the protocol of sd_notify(3): a datagram to
 * the socket that NOTIFY_SOCKET names. Without that variable, as under spawn-fcgi alone, it does
 * nothing.
 */
#ifndef FCGI_SERVER_NOTIFY_H
#define FCGI_SERVER_NOTIFY_H

#define NOTIFY_READY    "READY=1"
#define NOTIFY_STOPPING "STOPPING=1"

/* Any thread. A failure is logged. */
void notify(const char *state);

#endif
