/*
 * A worker process: request threads that accept on one socket, the lanes that decide, and an
 * orderly end.
 */
#ifndef FCGI_WORKER_H
#define FCGI_WORKER_H

#include <stdbool.h>

#include "common/settings.h"

struct worker;

/*
 * Starts all threads on the listening socket `listen_fd`. Signals must be blocked already, so
 * that no thread of the worker takes them. Where it cannot, the log says why and the process ends
 * with EXIT_FAILURE: some threads may be running already.
 */
struct worker *worker_start(const struct settings *settings, int listen_fd);

/*
 * Stops: accepts no more, answers what is in hand or was sent already, ends the lanes. Returns
 * after worker.stop_ms_max at the latest. True: every request in hand was answered.
 */
bool worker_stop(struct worker *worker);

#endif
