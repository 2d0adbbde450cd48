#include "worker.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/log.h"
#include "exchange.h"
#include "fcgi/api/dialect.h"
#include "fcgi/api/endpoints.h"
#include "fcgi/api/identity.h"
#include "fcgi/api/user_rate.h"
#include "fcgi/http/cross_origin.h"
#include "fcgi/http/json_reader.h"
#include "fcgi/metric_labels.h"
#include "fcgi/sale/queue.h"
#include "fcgi/store/reader.h"

enum {
    /* For the endpoints that may wait for the database. */
    READING_THREADS = 2,
    /* queue_await() takes a limit; nothing depends on this one. */
    TICK_MS = 1000
};

_Static_assert(sizeof(struct user_rate_table) <= METRICS_SHARED_BYTES, "the workers share it");

struct reading_thread {
    pthread_t thread;
    struct worker *worker;
    struct taker taker;
    struct context context; /* with a connection of its own */
    char *body;             /* REPLY_PAGE_MAX bytes, for its reply */
};

struct request_thread {
    struct worker *worker;
    pthread_t thread;
    char *body;                      /* of the request, http.body_bytes_max + 1 bytes */
    struct json_reader *json_reader; /* for that body */
    char *reply_body;                /* of a reply at once, REPLY_PAGE_MAX bytes */
};

struct worker {
    struct context context;
    struct user_rate user_rate;
    struct connections *connections;
    struct request_thread *threads;
    int64_t log_lost;   /* lines that METRIC_LOG_LINES_LOST has counted */
    struct queue reads; /* jobs for the reading threads */
    struct reading_thread reading_threads[READING_THREADS];
};

/* ---- one request ---- */

/* Counts the request before the client has the reply, and the time that it took after. */
static void send(struct exchange *exchange, struct reply *reply)
{
    const struct worker *worker = exchange->worker;
    struct metrics *metrics = worker->context.metrics;
    int group = group_row(exchange->route);
    int64_t began_us = connection_began_us(exchange->connection);

    reply_write(reply, &exchange->request, connection_stream(exchange->connection));
    log_debug("%s %s %d", exchange->request.id, exchange->request.path, reply->status);
    metrics_add(metrics, METRIC_REQUESTS, route_row(exchange->route), status_row(reply->status), 1);
    connection_done(exchange->connection); /* from now on the exchange is another request's */
    metrics_observe(metrics, METRIC_REQUEST_TIME, group, clock_us() - began_us);
}

static struct exchange *exchange_of(struct job *job)
{
    return (struct exchange *)((char *)job - offsetof(struct exchange, job));
}

/* Replies with what was decided, in the batcher's thread. */
static void complete(struct job *job)
{
    struct exchange *exchange = exchange_of(job);
    struct reply reply;
    char body[REPLY_BODY_MAX];
    reply_begin(&reply, body, sizeof body);
    exchange->route->reply(exchange->worker->context.settings, job, &reply);
    send(exchange, &reply);
}

/* Whether the user may send one more request now, as far as the user is known. False: the reply
   says when. */
static bool is_within_rate(const struct worker *worker, const struct exchange *exchange,
                           struct reply *reply)
{
    const struct span user = identity_name(worker->context.settings, &exchange->request);
    int64_t wait_us = user.length > 0 ? user_rate_take(&worker->user_rate, user, clock_us()) : 0;
    if (wait_us == 0)
        return true;
    reply_problem(reply, &problem_too_many_requests, NULL, clock_whole_seconds(wait_us));
    metrics_add(worker->context.metrics, METRIC_RATE_REFUSED, (int)exchange->route->kind, 0, 1);
    return false;
}

/* Reads the request, and answers it or queues it for a thread that does. */
static void handle(const struct request_thread *thread, struct exchange *exchange)
{
    struct worker *worker = thread->worker;
    const struct context *context = &worker->context;
    const struct settings *settings = context->settings;
    struct request *request = &exchange->request;
    struct stream *stream = connection_stream(exchange->connection);
    struct request_fault fault = {.problem = &problem_not_found};
    struct reply reply;
    char body[REPLY_BODY_MAX];

    reply_begin(&reply, body, sizeof body);
    exchange->route = NULL;
    if (request_read(request, stream, settings, &fault))
        exchange->route = route_find(request->path, request->path_is_encoded, &request->variable);
    const struct route *route = exchange->route;

    if (!route) {
        reply_problem(&reply, fault.problem, fault.detail, 0);
    } else if (!(route->methods & (int)request->method)) {
        reply_problem(&reply, &problem_method_not_allowed, NULL, 0);
        reply.allow = route->allow;
    } else if (request->method == METHOD_POST && stream_is_cross_origin(stream, settings)) {
        reply_problem(&reply, &problem_cross_origin, NULL, 0);
    } else if (!request_read_parameters(request, stream, parameter_names, route->parameters,
                                        &fault)) {
        reply_problem(&reply, fault.problem, fault.detail, fault.retry_after_s);
    } else if (route->at_once) {
        reply_begin(&reply, thread->reply_body, REPLY_PAGE_MAX);
        route->at_once(settings, request, &reply);
    } else if (route->read) {
        if (queue_put(&worker->reads, &exchange->job))
            return;
        reply_problem(&reply, &problem_unavailable, NULL, 1);
    } else {
        job_begin(&exchange->job, route->kind, complete);
        if (route->submit(settings, request, &exchange->job, &reply) &&
            is_within_rate(worker, exchange, &reply)) {
            batchers_submit(context->batchers, &exchange->job);
            return;
        }
    }
    send(exchange, &reply);
}

static void *request_main(void *argument)
{
    struct request_thread *thread = argument;
    struct connection *connection;
    while ((connection = connections_next(thread->worker->connections))) {
        struct exchange *exchange = connection_data(connection);
        exchange->worker = thread->worker;
        exchange->connection = connection;
        exchange->request.body = thread->body;
        exchange->request.json_reader = thread->json_reader;
        int64_t began_us = connection_began_us(connection);
        handle(thread, exchange);
        metrics_add(thread->worker->context.metrics, METRIC_BUSY_TIME, ROLE_REQUEST, 0,
                    clock_us() - began_us);
    }
    return NULL;
}

static void *reading_main(void *argument)
{
    struct reading_thread *thread = argument;
    struct worker *worker = thread->worker;
    struct job *job;
    while (queue_await(&worker->reads, TICK_MS)) {
        if (queue_take(&worker->reads, &job, 1) == 0)
            continue;
        struct exchange *exchange = exchange_of(job);
        struct reply reply;
        int64_t began_us = clock_us();
        reply_begin(&reply, thread->body, REPLY_PAGE_MAX);
        exchange->route->read(&thread->context, &exchange->request, &reply);
        send(exchange, &reply);
        metrics_add(worker->context.metrics, METRIC_BUSY_TIME, ROLE_READ, 0, clock_us() - began_us);
    }
    return NULL;
}

/* ---- gauges ---- */

/* Sets the gauges, which are a tick old at most. */
static void measure(struct worker *worker)
{
    const struct settings *settings = worker->context.settings;
    struct metrics *metrics = worker->context.metrics;
    int open, in_flight;
    connections_count(worker->connections, &open, &in_flight);
    metrics_set(metrics, METRIC_CONNECTIONS, CONNECTION_IN_FLIGHT, in_flight);
    metrics_set(metrics, METRIC_CONNECTIONS, CONNECTION_IDLE,
                open > in_flight ? open - in_flight : 0); /* they are counted one after the other */
    metrics_set(metrics, METRIC_CONNECTIONS_MAX, 0, settings->worker.connections_max);
    metrics_set(metrics, METRIC_THREADS, ROLE_REQUEST, settings->worker.threads);
    metrics_set(metrics, METRIC_THREADS, ROLE_READ, READING_THREADS);
    metrics_set(metrics, METRIC_QUEUED, QUEUE_READ, queue_length(&worker->reads));
    batchers_measure(worker->context.batchers);
    int64_t lost = log_lost();
    metrics_add(metrics, METRIC_LOG_LINES_LOST, 0, 0, lost - worker->log_lost);
    worker->log_lost = lost;
}

/* ---- start ---- */

static bool request_thread_start(struct request_thread *thread, struct worker *worker)
{
    thread->worker = worker;
    size_t body_bytes_max = (size_t)worker->context.settings->http.body_bytes_max;
    thread->body = malloc(body_bytes_max + 1);
    thread->json_reader = json_reader_new(body_bytes_max);
    thread->reply_body = malloc(REPLY_PAGE_MAX);
    return thread->body && thread->json_reader && thread->reply_body &&
           pthread_create(&thread->thread, NULL, request_main, thread) == 0;
}

static bool reading_threads_start(struct worker *worker)
{
    queue_open(&worker->reads);
    for (int i = 0; i < READING_THREADS; i++) {
        struct reading_thread *thread = &worker->reading_threads[i];
        thread->worker = worker;
        queue_join(&worker->reads, &thread->taker);
        thread->context = worker->context;
        thread->context.database = reader_new(worker->context.settings);
        thread->body = malloc(REPLY_PAGE_MAX);
        if (!thread->context.database || !thread->body ||
            pthread_create(&thread->thread, NULL, reading_main, thread) != 0)
            return false;
    }
    return true;
}

struct worker *worker_start(const struct settings *settings, int listen_fd)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker) {
        log_error("not enough memory");
        exit(EXIT_FAILURE);
    }
    worker->context.settings = settings;
    worker->context.metrics = metrics_open(settings->metrics.file, &metric_labels);
    if (!worker->context.metrics) {
        log_error("not enough memory");
        exit(EXIT_FAILURE);
    }
    user_rate_begin(&worker->user_rate, metrics_shared(worker->context.metrics), settings);
    worker->context.sale_view = sale_view_new(settings);
    worker->context.batchers = batchers_start(
        settings, dialect_of(settings)->checkout_ignores_limit, worker->context.metrics);
    worker->connections =
        connections_new(listen_fd, settings->worker.connections_max, sizeof(struct exchange));
    worker->threads = calloc((size_t)settings->worker.threads, sizeof *worker->threads);
    bool good = worker->context.sale_view && worker->context.batchers && worker->connections &&
                worker->threads && reading_threads_start(worker);
    for (int i = 0; good && i < settings->worker.threads; i++)
        good = request_thread_start(&worker->threads[i], worker);
    if (!good) {
        log_error("not enough memory or threads");
        exit(EXIT_FAILURE);
    }
    measure(worker);
    return worker;
}

/* ---- while it runs ---- */

void worker_tick(struct worker *worker)
{
    const struct settings *settings = worker->context.settings;
    connections_tick(worker->connections);
    measure(worker);

    int64_t oldest_us = clock_us() - (int64_t)settings->worker.wait_ms_max * 1000;
    batchers_expire(worker->context.batchers, oldest_us);
    struct job *next;
    for (struct job *at = queue_take_older(&worker->reads, oldest_us); at; at = next) {
        struct reply reply;
        char body[REPLY_BODY_MAX];
        next = at->next;
        reply_begin(&reply, body, sizeof body);
        reply_problem(&reply, &problem_unavailable, NULL, 1);
        send(exchange_of(at), &reply);
    }
}

/* ---- stop ---- */

static void reading_thread_end(struct reading_thread *thread)
{
    pthread_join(thread->thread, NULL);
    reader_free(thread->context.database);
    free(thread->body);
}

bool worker_stop(struct worker *worker)
{
    const struct settings *settings = worker->context.settings;
    int open = connections_drain(worker->connections, settings->worker.stop_ms_max);
    if (open > 0) {
        log_warning("%d requests in flight were not answered in time", open);
        return false; /* the process ends with its threads as they are */
    }
    connections_end(worker->connections);
    for (int i = 0; i < settings->worker.threads; i++) {
        pthread_join(worker->threads[i].thread, NULL);
        free(worker->threads[i].body);
        json_reader_free(worker->threads[i].json_reader);
        free(worker->threads[i].reply_body);
    }
    queue_stop(&worker->reads);
    for (int i = 0; i < READING_THREADS; i++)
        reading_thread_end(&worker->reading_threads[i]);
    queue_close(&worker->reads);
    batchers_stop(worker->context.batchers);
    connections_free(worker->connections);
    sale_view_free(worker->context.sale_view);
    metrics_close(worker->context.metrics);
    free(worker->threads);
    free(worker);
    return true;
}
