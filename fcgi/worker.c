#include "worker.h"

#include <errno.h>
#include <fcgiapp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "endpoints.h"
#include "routes.h"

struct request_thread {
    struct worker *worker;
    pthread_t thread;
    bool is_running;
    FCGX_Request fcgx;
    struct request request;
    struct reply reply;
};

struct worker {
    struct services services;
    int listen_fd;
    _Atomic bool is_stopping;
    struct request_thread *threads;
};

enum {
    /* While stopping: how often connections that came in late are looked for. */
    STOP_STEP_MS = 10,
    ACCEPT_PAUSE_MS = 100
};

static void sleep_ms(int ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    nanosleep(&pause, NULL);
}

/* ---- one request ---- */

static void answer(struct request_thread *thread)
{
    const struct services *services = &thread->worker->services;
    struct request *request = &thread->request;
    struct reply *reply = &thread->reply;
    struct request_fault fault = {.outcome = OUTCOME_NOT_FOUND};
    const struct route *route = NULL;

    reply_begin(reply);
    if (request_read(request, &thread->fcgx, services->settings, &fault))
        route = route_find(request->path);

    if (!route) {
        reply_problem(reply, fault.outcome, fault.detail, 0, services->settings);
    } else if (!(route->methods & (int)request->method)) {
        reply_problem(reply, OUTCOME_METHOD_NOT_ALLOWED, NULL, 0, services->settings);
        reply->allow = route->allow;
    } else if (route->has_parameters && !request_read_parameters(request, &thread->fcgx, &fault)) {
        reply_problem(reply, fault.outcome, fault.detail, 0, services->settings);
    } else {
        route->answer(services, request, reply);
    }

    reply_send(reply, request, &thread->fcgx);
    log_debug("%s %s %d", request->id, request->path, reply->status);
}

static void *thread_main(void *argument)
{
    struct request_thread *thread = argument;
    struct worker *worker = thread->worker;
    for (;;) {
        int result = FCGX_Accept_r(&thread->fcgx);
        bool is_stopping = atomic_load(&worker->is_stopping);
        if (result < 0) {
            if (is_stopping)
                break;
            log_error("accept: %s", strerror(-result));
            sleep_ms(ACCEPT_PAUSE_MS);
            continue;
        }
        /* Nothing new on this connection: a web server that writes to it now is told so at
           once, and asks another worker. What it wrote before is still read and answered. */
        if (is_stopping)
            shutdown(thread->fcgx.ipcFd, SHUT_RD);
        answer(thread);
    }
    FCGX_Free(&thread->fcgx, 1);
    return NULL;
}

/* ---- start ---- */

static bool thread_start(struct request_thread *thread, struct worker *worker)
{
    const struct settings *settings = worker->services.settings;
    thread->worker = worker;
    thread->request.body = malloc((size_t)settings->http.body_bytes_max + 1);
    if (!thread->request.body || FCGX_InitRequest(&thread->fcgx, worker->listen_fd, 0) != 0)
        return false;

    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)settings->worker.stack_kib * 1024);
    thread->is_running = pthread_create(&thread->thread, &attributes, thread_main, thread) == 0;
    pthread_attr_destroy(&attributes);
    return thread->is_running;
}

struct worker *worker_start(const struct settings *settings, int listen_fd)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker) {
        log_error("not enough memory");
        exit(EXIT_FAILURE);
    }
    worker->listen_fd = listen_fd;
    worker->services.settings = settings;
    worker->services.sale_view = sale_view_new(settings);
    worker->services.lanes = lanes_start(settings);
    worker->threads = calloc((size_t)settings->worker.threads, sizeof *worker->threads);
    bool good = worker->services.sale_view && worker->services.lanes && worker->threads;
    for (int i = 0; good && i < settings->worker.threads; i++)
        good = thread_start(&worker->threads[i], worker);
    if (!good) {
        log_error("not enough memory or threads for %d request threads", settings->worker.threads);
        exit(EXIT_FAILURE);
    }
    return worker;
}

/* ---- stop ---- */

/* Whether two sockets are bound to the same path, or port. */
static bool is_same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family == AF_UNIX)
        return memcmp(a, b, sizeof(struct sockaddr_un)) == 0;
    /* sin_port and sin6_port stand at the same place. */
    return memcmp(&((const struct sockaddr_in *)a)->sin_port,
                  &((const struct sockaddr_in *)b)->sin_port, sizeof(in_port_t)) == 0;
}

/* Whether `fd` is a connection that was accepted on the listening socket. */
static bool is_accepted(int fd, int listen_fd)
{
    struct sockaddr_storage own = {0}, listening = {0}, peer = {0};
    socklen_t own_length = sizeof own, listening_length = sizeof listening;
    socklen_t peer_length = sizeof peer;
    return fd != listen_fd && getsockname(fd, (struct sockaddr *)&own, &own_length) == 0 &&
           getsockname(listen_fd, (struct sockaddr *)&listening, &listening_length) == 0 &&
           getpeername(fd, (struct sockaddr *)&peer, &peer_length) == 0 &&
           is_same_address(&own, &listening);
}

/*
 * Shuts all accepted connections for reading. They are found by their address: libfcgi's own
 * notes may change under us while its threads run.
 */
static void shut_connections(const struct worker *worker)
{
    int fd_max = (int)sysconf(_SC_OPEN_MAX);
    if (fd_max > 4096)
        fd_max = 4096;
    for (int fd = 3; fd < fd_max; fd++)
        if (is_accepted(fd, worker->listen_fd))
            shutdown(fd, SHUT_RD);
}

/* Joins those threads that have ended; returns how many have not. */
static int join_ended(struct worker *worker)
{
    int running = 0;
    for (int i = 0; i < worker->services.settings->worker.threads; i++) {
        struct request_thread *thread = &worker->threads[i];
        if (thread->is_running && pthread_tryjoin_np(thread->thread, NULL) == 0)
            thread->is_running = false;
        running += thread->is_running;
    }
    return running;
}

bool worker_stop(struct worker *worker)
{
    const struct settings *settings = worker->services.settings;
    atomic_store(&worker->is_stopping, true);
    shutdown(worker->listen_fd, SHUT_RDWR);

    int running = settings->worker.threads;
    for (int ms = 0; ms < settings->worker.stop_ms_max; ms += STOP_STEP_MS) {
        shut_connections(worker);
        running = join_ended(worker);
        if (running == 0)
            break;
        sleep_ms(STOP_STEP_MS);
    }
    if (running > 0) {
        log_warning("%d requests in hand were not answered in time", running);
        return false; /* the process ends with its threads as they are */
    }
    lanes_stop(worker->services.lanes);
    sale_view_free(worker->services.sale_view);
    for (int i = 0; i < settings->worker.threads; i++)
        free(worker->threads[i].request.body);
    free(worker->threads);
    free(worker);
    return true;
}
