#include "connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

/*
 * Whose the connection's descriptor is. Only its owner may close it; to touch that of an idle one
 * it must first be claimed.
 */
enum state {
    STATE_FREE,    /* there is none */
    STATE_IDLE,    /* epoll's */
    STATE_IN_HAND, /* the thread's that reads or answers a request on it */
    STATE_CLAIMED  /* drained at this moment */
};

enum {
    /* A web server sends a request in one go; one that stops half-way must not hold a thread. */
    READ_S_MAX = 5,
    DRAIN_STEP_MS = 5,
    /* Where accept(2) fails it is tried again after so long. */
    AGAIN_MS = 200,
    TELL_MS = 10000 /* a line of the log in so long says that it is so again and again */
};

struct connections {
    int listen_fd;
    int epoll_fd;
    int end_fd; /* an eventfd(2): readable from the end on */
    int max;
    struct connection *all;
    _Atomic bool is_draining;
    _Atomic int in_flight;
    pthread_mutex_t mutex; /* of what follows */
    struct connection *free;
    int open;
    bool is_deaf;     /* no longer listening: as many are open as may be, or accept(2) failed */
    int64_t again_ms; /* not before, by clock_ms() */
    int64_t told_ms;  /* when the log has said so */
};

/* ---- start and end ---- */

static bool watch(struct connections *set, int operation, int fd, uint32_t events, void *what)
{
    struct epoll_event event = {.events = events, .data = {.ptr = what}};
    return epoll_ctl(set->epoll_fd, operation, fd, &event) == 0;
}

/* Watches a connection for one event: then it is the thread's that hears of it. */
static bool arm(struct connection *connection, int operation)
{
    return watch(connection->set, operation, connection->fcgx.ipcFd,
                 EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, connection);
}

static bool listen_on(struct connections *set)
{
    return watch(set, EPOLL_CTL_ADD, set->listen_fd, EPOLLIN, &set->listen_fd);
}

struct connections *connections_new(int listen_fd, int max, void *owner)
{
    struct connections *set = calloc(1, sizeof *set);
    if (!set)
        return NULL;
    pthread_mutex_init(&set->mutex, NULL);
    set->listen_fd = listen_fd;
    set->max = max;
    set->all = calloc((size_t)max, sizeof *set->all);
    set->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    set->end_fd = eventfd(0, EFD_CLOEXEC);
    if (!set->all || set->epoll_fd < 0 || set->end_fd < 0 ||
        fcntl(listen_fd, F_SETFL, fcntl(listen_fd, F_GETFL) | O_NONBLOCK) != 0 || !listen_on(set) ||
        !watch(set, EPOLL_CTL_ADD, set->end_fd, EPOLLIN, &set->end_fd)) {
        connections_free(set);
        return NULL;
    }
    for (int i = max - 1; i >= 0; i--) {
        struct connection *connection = &set->all[i];
        /* Without a listening socket: libfcgi shall read requests, not accept connections. */
        FCGX_InitRequest(&connection->fcgx, -1, 0);
        connection->set = set;
        connection->owner = owner;
        connection->next_free = set->free;
        set->free = connection;
    }
    return set;
}

void connections_free(struct connections *set)
{
    for (int i = 0; set->all && i < set->max; i++)
        if (set->all[i].state != STATE_FREE)
            FCGX_Free(&set->all[i].fcgx, 1);
    if (set->epoll_fd >= 0)
        close(set->epoll_fd);
    if (set->end_fd >= 0)
        close(set->end_fd);
    pthread_mutex_destroy(&set->mutex);
    free(set->all);
    free(set);
}

void connections_count(struct connections *set, int *open, int *in_flight)
{
    pthread_mutex_lock(&set->mutex);
    *open = set->open;
    pthread_mutex_unlock(&set->mutex);
    *in_flight = atomic_load(&set->in_flight);
}

void connections_end(struct connections *set)
{
    eventfd_write(set->end_fd, 1);
}

/* ---- idle connections ---- */

/* Nothing new on an idle connection: a web server that writes to it now is told so at once, and
   asks another worker. What it wrote before is still read and answered. */
static void drain(struct connection *connection)
{
    int idle = STATE_IDLE;
    if (!atomic_compare_exchange_strong(&connection->state, &idle, STATE_CLAIMED))
        return; /* whoever has it drains it afterwards */
    shutdown(connection->fcgx.ipcFd, SHUT_RD);
    atomic_store(&connection->state, STATE_IDLE);
}

/* Its owner has done with it for now. */
static void set_idle(struct connection *connection)
{
    atomic_store(&connection->state, STATE_IDLE);
    if (atomic_load(&connection->set->is_draining))
        drain(connection);
}

/* ---- accept ---- */

/* For a while: until a connection is closed, or the time has passed. The caller holds the lock. */
static void stop_listening(struct connections *set, const char *why)
{
    set->again_ms = clock_ms() + AGAIN_MS;
    if (set->is_deaf)
        return;
    set->is_deaf = true;
    epoll_ctl(set->epoll_fd, EPOLL_CTL_DEL, set->listen_fd, NULL);
    if (set->told_ms != 0 && clock_ms() - set->told_ms < TELL_MS)
        return;
    set->told_ms = clock_ms();
    log_warning("%d connections, and no more for now: %s", set->open, why);
}

/* If there is room. What fails now is tried again at the next tick. The caller holds the lock. */
static void listen_again(struct connections *set)
{
    if (set->is_deaf && set->free && !atomic_load(&set->is_draining))
        set->is_deaf = !listen_on(set);
}

void connections_tick(struct connections *set)
{
    pthread_mutex_lock(&set->mutex);
    if (clock_ms() >= set->again_ms)
        listen_again(set);
    pthread_mutex_unlock(&set->mutex);
}

/* A connection for a socket; NULL where there are as many as there may be, or none waits. */
static struct connection *take_free(struct connections *set)
{
    pthread_mutex_lock(&set->mutex);
    struct connection *connection = set->free;
    if (connection) {
        set->free = connection->next_free;
        set->open++;
    } else {
        stop_listening(set, "worker.connections_max is reached");
    }
    pthread_mutex_unlock(&set->mutex);
    return connection;
}

/* The connection's socket is closed; or there never was one, and `why` says why not. */
static void give_back(struct connection *connection, const char *why)
{
    struct connections *set = connection->set;
    atomic_store(&connection->state, STATE_FREE);
    pthread_mutex_lock(&set->mutex);
    connection->next_free = set->free;
    set->free = connection;
    set->open--;
    if (why)
        stop_listening(set, why);
    else
        listen_again(set);
    pthread_mutex_unlock(&set->mutex);
}

static void set_options(int fd)
{
    const struct timeval read_max = {.tv_sec = READ_S_MAX};
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &read_max, sizeof read_max);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* where it is TCP */
}

/* Accepts what waits. */
static void accept_all(struct connections *set)
{
    struct connection *connection;
    while ((connection = take_free(set))) {
        int fd = accept4(set->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) {
            int error = errno;
            bool is_failure = error != EAGAIN && error != EINTR && error != ECONNABORTED &&
                              !atomic_load(&set->is_draining);
            give_back(connection, is_failure ? strerror(error) : NULL);
            if (error == EINTR || error == ECONNABORTED)
                continue;
            return;
        }
        set_options(fd);
        connection->fcgx.ipcFd = fd;
        /* FCGX_Accept_r() begins by ending the request before, which would close this one. */
        connection->fcgx.keepConnection = 1;
        if (arm(connection, EPOLL_CTL_ADD)) {
            set_idle(connection);
        } else {
            log_error("epoll_ctl: %s", strerror(errno));
            FCGX_Free(&connection->fcgx, 1);
            give_back(connection, NULL);
        }
    }
}

/* ---- requests ---- */

static void claim(struct connection *connection)
{
    int idle = STATE_IDLE;
    while (!atomic_compare_exchange_weak(&connection->state, &idle, STATE_IN_HAND)) {
        idle = STATE_IDLE;
        sched_yield(); /* it is being drained, or was let go this very moment */
    }
}

/* Whether the other side has closed it, and left nothing to read. */
static bool is_over(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

/* Reads a request's beginning. False: there was none, and the connection is closed. */
static bool receive(struct connection *connection, uint32_t events)
{
    FCGX_Request *fcgx = &connection->fcgx;
    claim(connection);
    connection->began_us = clock_us();
    bool is_there = true;
    if (events & ~(uint32_t)EPOLLIN)
        is_there = !is_over(fcgx->ipcFd);
    /* Where there is no request libfcgi closes the socket, and need not linger over it. */
    FCGX_Detach(fcgx);
    if (!is_there)
        FCGX_Free(fcgx, 1);
    else
        is_there = FCGX_Accept_r(fcgx) == 0;
    if (!is_there) {
        give_back(connection, NULL);
        return false;
    }
    FCGX_Attach(fcgx);
    atomic_fetch_add_explicit(&connection->set->in_flight, 1, memory_order_relaxed);
    return true;
}

struct connection *connections_next(struct connections *set)
{
    for (;;) {
        struct epoll_event event;
        if (epoll_wait(set->epoll_fd, &event, 1, -1) != 1)
            continue;
        if (event.data.ptr == &set->end_fd)
            return NULL;
        if (event.data.ptr == &set->listen_fd)
            accept_all(set);
        else if (receive(event.data.ptr, event.events))
            return event.data.ptr;
    }
}

/*
 * Sends the end of the reply: the streams in this order, so that all of it is one write (libfcgi's
 * FCGX_Finish_r does the same). What libfcgi has allocated stays until the connection's next
 * request is read, or its end: then a request's thread frees it, as one allocated it, and no
 * batcher.
 */
static bool finish(FCGX_Request *fcgx)
{
    int failures = FCGX_FClose(fcgx->err);
    failures |= FCGX_FClose(fcgx->out);
    failures |= FCGX_GetError(fcgx->in);
    return failures == 0 && fcgx->keepConnection;
}

void connection_done(struct connection *connection)
{
    struct connections *set = connection->set;
    bool is_kept = finish(&connection->fcgx);
    /* Armed while it is still in flight: whoever hears of it waits for its being let go. */
    if (is_kept && !arm(connection, EPOLL_CTL_MOD)) {
        log_error("epoll_ctl: %s", strerror(errno));
        is_kept = false; /* nobody would ever hear of it again */
    }
    atomic_fetch_sub_explicit(&set->in_flight, 1, memory_order_relaxed);
    if (!is_kept) {
        FCGX_Free(&connection->fcgx, 1);
        give_back(connection, NULL);
        return;
    }
    set_idle(connection); /* from here on it is another thread's */
}

int connections_drain(struct connections *set, int ms_max)
{
    accept_all(set);
    atomic_store(&set->is_draining, true);
    epoll_ctl(set->epoll_fd, EPOLL_CTL_DEL, set->listen_fd, NULL);
    shutdown(set->listen_fd, SHUT_RDWR);
    for (int i = 0; i < set->max; i++)
        drain(&set->all[i]);

    int64_t deadline_ms = clock_ms() + ms_max;
    for (;;) {
        int open, in_flight;
        connections_count(set, &open, &in_flight);
        if (open == 0 || clock_ms() >= deadline_ms)
            return open;
        usleep(DRAIN_STEP_MS * 1000);
    }
}
