/*
 * Tells the service manager how the worker is, by sd_notify(3)'s protocol: a datagram to the socket
 * that NOTIFY_SOCKET names. Without that variable, as under spawn-fcgi alone, nothing is told.
 */
#ifndef FCGI_SERVER_NOTIFY_H
#define FCGI_SERVER_NOTIFY_H

#define NOTIFY_READY    "READY=1"
#define NOTIFY_STOPPING "STOPPING=1"

/* Any thread may tell. What cannot be told is logged. */
void notify(const char *state);

#endif
