/*
 * A worker process: request threads, which read requests from the web server's connections;
 * batchers, which decide jobs; reading threads, which answer from the database; and an orderly end.
 */
#ifndef FCGI_WORKER_H
#define FCGI_WORKER_H

#include <stdbool.h>

#include "common/settings.h"

enum { WORKER_TICK_MS = 100 };

struct worker;

/*
 * Starts all threads on the listening socket `listen_fd`. Signals must be blocked already, so
 * that no thread of the worker takes them. On failure the log says why and the process ends with
 * EXIT_FAILURE, for some threads may be running already.
 */
struct worker *worker_start(const struct settings *settings, int listen_fd);

/* Rejects requests that have waited too long, and sets the gauges. To be called every
   WORKER_TICK_MS. */
void worker_tick(struct worker *worker);

/*
 * Stops: accepts no more, answers what is in flight or was sent already, ends the batchers. Returns
 * after worker.stop_ms_max at the latest. True: every request in flight was answered.
 */
bool worker_stop(struct worker *worker);

#endif
