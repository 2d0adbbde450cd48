#include "connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "stream_fcgi.h"

/*
 * Who owns the connection's descriptor. Only the owner may close it. An idle connection must be
 * claimed before its descriptor is used.
 */
enum state {
    STATE_FREE,      /* there is no descriptor */
    STATE_IDLE,      /* epoll owns it */
    STATE_IN_FLIGHT, /* a thread that reads or answers a request owns it */
    STATE_CLAIMED    /* a thread drains it or cuts it off at this moment */
};

/* What an idle connection waits for. */
enum awaited {
    AWAITED_REQUEST,
    AWAITED_WRITABLE, /* the socket has room for the rest of a reply */
    AWAITED_END       /* the other side closes its end: until then the last reply could be lost */
};

enum {
    /* A web server sends a request in one go. One that stops half-way must not hold a thread. The
       same limit holds for what libfcgi answers by itself (FastCGI 1.0, section 4). */
    SOCKET_S_MAX = 5,
    /* From when a reply is written until the socket has taken all of it. */
    SEND_MS_MAX = 5000,
    /* From the end of the last reply until the other side closes its end. */
    END_MS_MAX = 2000,
    DISCARD_BYTES = 4096,
    DRAIN_STEP_MS = 5,
    PAUSE_MS = 200,       /* after accept(2) failed */
    LOG_PERIOD_MS = 10000 /* at most one line about pauses in that time */
};

struct connection {
    /* The owner's: */
    struct stream stream;
    enum awaited awaited;
    int64_t due_ms; /* by clock_ms(); then it is cut off, unless it awaits a request */
    int64_t began_us;
    /* The set's: */
    struct connections *set;
    struct connection *next_free;
    _Atomic int state;
};

struct connections {
    int listen_fd;
    int epoll_fd;
    int end_fd; /* an eventfd(2): readable once connections_end() was called */
    int max;
    struct connection *all;
    char *data;        /* the callers', of all connections */
    size_t data_bytes; /* of one */
    _Atomic bool is_draining;
    _Atomic int in_flight;
    _Atomic int unfinished; /* idle connections that await something other than a request */
    pthread_mutex_t mutex;  /* guards the members below */
    struct connection *free;
    int open;
    bool is_paused;    /* it does not listen: `max` connections are open, or accept(2) failed */
    int64_t resume_ms; /* it does not listen again before, by clock_ms() */
    int64_t logged_ms; /* when the last pause was logged, by clock_ms(); 0: never */
};

/* ---- start and end ---- */

static bool watch(struct connections *set, int operation, int fd, uint32_t events, void *what)
{
    struct epoll_event event = {.events = events, .data = {.ptr = what}};
    return epoll_ctl(set->epoll_fd, operation, fd, &event) == 0;
}

/* Watches a connection for what it awaits, once: the thread that gets the event claims it. */
static bool arm(struct connection *connection, int operation)
{
    uint32_t events = connection->awaited == AWAITED_WRITABLE ? EPOLLOUT : EPOLLIN | EPOLLRDHUP;
    return watch(connection->set, operation, stream_fd(&connection->stream), events | EPOLLONESHOT,
                 connection);
}

static bool listen_on(struct connections *set)
{
    return watch(set, EPOLL_CTL_ADD, set->listen_fd, EPOLLIN, &set->listen_fd);
}

/* False: libfcgi cannot be used. */
static bool prepare_all(struct connections *set)
{
    for (int i = set->max - 1; i >= 0; i--) {
        struct connection *connection = &set->all[i];
        if (!stream_init(&connection->stream))
            return false;
        connection->set = set;
        connection->next_free = set->free;
        set->free = connection;
    }
    return true;
}

struct connections *connections_new(int listen_fd, int max, size_t data_bytes)
{
    struct connections *set = calloc(1, sizeof *set);
    if (!set)
        return NULL;
    pthread_mutex_init(&set->mutex, NULL);
    set->listen_fd = listen_fd;
    set->max = max;
    set->all = calloc((size_t)max, sizeof *set->all);
    const size_t alignment = alignof(max_align_t);
    set->data_bytes = (data_bytes + alignment - 1) / alignment * alignment;
    set->data = calloc((size_t)max, set->data_bytes);
    set->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    set->end_fd = eventfd(0, EFD_CLOEXEC);
    if (!set->all || !set->data || set->epoll_fd < 0 || set->end_fd < 0 || !prepare_all(set) ||
        fcntl(listen_fd, F_SETFL, fcntl(listen_fd, F_GETFL) | O_NONBLOCK) != 0 || !listen_on(set) ||
        !watch(set, EPOLL_CTL_ADD, set->end_fd, EPOLLIN, &set->end_fd)) {
        connections_free(set);
        return NULL;
    }
    return set;
}

void connections_free(struct connections *set)
{
    for (int i = 0; set->all && i < set->max; i++)
        if (set->all[i].state != STATE_FREE)
            stream_close(&set->all[i].stream);
    if (set->epoll_fd >= 0)
        close(set->epoll_fd);
    if (set->end_fd >= 0)
        close(set->end_fd);
    pthread_mutex_destroy(&set->mutex);
    free(set->all);
    free(set->data);
    free(set);
}

struct stream *connection_stream(struct connection *connection)
{
    return &connection->stream;
}

void *connection_data(struct connection *connection)
{
    const struct connections *set = connection->set;
    return set->data + (size_t)(connection - set->all) * set->data_bytes;
}

int64_t connection_began_us(const struct connection *connection)
{
    return connection->began_us;
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

/* False: it is in flight, or free. True: no other thread uses it until it is idle again. */
static bool claim_idle(struct connection *connection)
{
    int idle = STATE_IDLE;
    return atomic_compare_exchange_strong(&connection->state, &idle, STATE_CLAIMED);
}

/* Takes no new request on an idle connection: a web server that writes to it now gets an error at
   once, and asks another worker. What it wrote before is still read and answered. */
static void drain(struct connection *connection)
{
    if (!claim_idle(connection))
        return; /* its owner drains it afterwards */
    shutdown(stream_fd(&connection->stream), SHUT_RD);
    atomic_store(&connection->state, STATE_IDLE);
}

/* Shuts down connections that are overdue. That is an event, and a request thread closes them. */
static void cut_off_late(struct connections *set)
{
    if (atomic_load(&set->unfinished) == 0)
        return;
    int64_t now_ms = clock_ms();
    for (int i = 0; i < set->max; i++) {
        struct connection *connection = &set->all[i];
        if (!claim_idle(connection))
            continue;
        if (connection->awaited != AWAITED_REQUEST && now_ms >= connection->due_ms)
            shutdown(stream_fd(&connection->stream), SHUT_RDWR);
        atomic_store(&connection->state, STATE_IDLE);
    }
}

/* Its owner gives it back to epoll. */
static void set_idle(struct connection *connection)
{
    atomic_store(&connection->state, STATE_IDLE);
    if (atomic_load(&connection->set->is_draining))
        drain(connection);
}

/* ---- accept ---- */

/* Stops listening until a connection is closed or PAUSE_MS have passed. The caller holds
   the lock. */
static void pause_listening(struct connections *set, const char *why)
{
    set->resume_ms = clock_ms() + PAUSE_MS;
    if (set->is_paused)
        return;
    set->is_paused = true;
    epoll_ctl(set->epoll_fd, EPOLL_CTL_DEL, set->listen_fd, NULL);
    if (set->logged_ms != 0 && clock_ms() - set->logged_ms < LOG_PERIOD_MS)
        return;
    set->logged_ms = clock_ms();
    log_warning("%d connections, and no more for now: %s", set->open, why);
}

/* Listens again if a connection is free. What fails is tried again at the next tick. The caller
   holds the lock. */
static void resume_listening(struct connections *set)
{
    if (set->is_paused && set->free && !atomic_load(&set->is_draining))
        set->is_paused = !listen_on(set);
}

void connections_tick(struct connections *set)
{
    pthread_mutex_lock(&set->mutex);
    if (clock_ms() >= set->resume_ms)
        resume_listening(set);
    pthread_mutex_unlock(&set->mutex);
    cut_off_late(set);
}

/* A free connection for a new socket. NULL: `max` connections are open. */
static struct connection *take_free(struct connections *set)
{
    pthread_mutex_lock(&set->mutex);
    struct connection *connection = set->free;
    if (connection) {
        set->free = connection->next_free;
        set->open++;
    } else {
        pause_listening(set, "worker.connections_max is reached");
    }
    pthread_mutex_unlock(&set->mutex);
    return connection;
}

/* Frees a connection whose socket is closed, or that got none. `why`: accept(2) failed, and this
   is its error; else NULL. */
static void give_back(struct connection *connection, const char *why)
{
    struct connections *set = connection->set;
    atomic_store(&connection->state, STATE_FREE);
    pthread_mutex_lock(&set->mutex);
    connection->next_free = set->free;
    set->free = connection;
    if (CHECK(set->open > 0))
        set->open--;
    if (why)
        pause_listening(set, why);
    else
        resume_listening(set);
    pthread_mutex_unlock(&set->mutex);
}

static void close_now(struct connection *connection)
{
    stream_close(&connection->stream);
    give_back(connection, NULL);
}

static void set_options(int fd)
{
    const struct timeval wait_max = {.tv_sec = SOCKET_S_MAX};
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait_max, sizeof wait_max);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait_max, sizeof wait_max);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* where it is TCP */
}

/* Accepts all connections that wait. */
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
        stream_open(&connection->stream, fd);
        connection->awaited = AWAITED_REQUEST;
        if (arm(connection, EPOLL_CTL_ADD)) {
            set_idle(connection);
        } else {
            log_error("epoll_ctl: %s", strerror(errno));
            close_now(connection);
        }
    }
}

/* ---- requests and replies ---- */

static void claim(struct connection *connection)
{
    int idle = STATE_IDLE;
    while (!atomic_compare_exchange_weak(&connection->state, &idle, STATE_IN_FLIGHT)) {
        idle = STATE_IDLE;
        sched_yield(); /* another thread has it, and makes it idle within this moment */
    }
    if (connection->awaited != AWAITED_REQUEST)
        atomic_fetch_sub(&connection->set->unfinished, 1);
}

/* Makes it idle. Whatever it awaits, except a request, has a deadline. */
static void await(struct connection *connection, enum awaited awaited)
{
    connection->awaited = awaited;
    /* It is armed while it is still in flight: a thread that gets the event waits in claim(). */
    if (!arm(connection, EPOLL_CTL_MOD)) {
        log_error("epoll_ctl: %s", strerror(errno));
        close_now(connection); /* no event would come for it */
        return;
    }
    if (awaited != AWAITED_REQUEST)
        atomic_fetch_add(&connection->set->unfinished, 1);
    set_idle(connection); /* from here on another thread may own it */
}

static void replied(struct connection *connection)
{
    int in_flight = atomic_fetch_sub_explicit(&connection->set->in_flight, 1, memory_order_relaxed);
    (void)CHECK(in_flight > 0);
}

/* What the connection awaits after its reply, or a part of it, was sent. */
static void after_send(struct connection *connection, enum stream_result result)
{
    int fd = stream_fd(&connection->stream);
    switch (result) {
    case STREAM_PARTIAL:
        await(connection, AWAITED_WRITABLE);
        return;
    case STREAM_KEPT:
        replied(connection);
        await(connection, AWAITED_REQUEST);
        return;
    case STREAM_ENDED:
        shutdown(fd, SHUT_WR);
        break;
    case STREAM_BROKEN:
        shutdown(fd, SHUT_RDWR); /* epoll reports that, too */
        break;
    }
    replied(connection);
    connection->due_ms = clock_ms() + END_MS_MAX;
    await(connection, AWAITED_END);
}

void connection_done(struct connection *connection)
{
    /* A second call would answer another request. */
    if (!CHECK(atomic_load(&connection->state) == STATE_IN_FLIGHT))
        return;
    connection->due_ms = clock_ms() + SEND_MS_MAX;
    after_send(connection, stream_send(&connection->stream));
}

/* Reads and drops what comes after the last request. False: the other side has closed its end. */
static bool discard(int fd)
{
    char bytes[DISCARD_BYTES];
    ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Whether the other side has closed it, and nothing is left to read. */
static bool is_at_end(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

/* Reads a request up to its body. False: there was none, and the connection is closed. */
static bool receive(struct connection *connection, uint32_t events)
{
    connection->began_us = clock_us();
    if (events & ~(uint32_t)EPOLLIN && is_at_end(stream_fd(&connection->stream))) {
        close_now(connection);
        return false;
    }
    if (!stream_begin(&connection->stream)) {
        give_back(connection, NULL);
        return false;
    }
    atomic_fetch_add_explicit(&connection->set->in_flight, 1, memory_order_relaxed);
    return true;
}

/* Handles an event of an idle connection. True: there is a request. */
static bool on_event(struct connection *connection, uint32_t events)
{
    claim(connection);
    switch (connection->awaited) {
    case AWAITED_WRITABLE:
        after_send(connection, stream_send_rest(&connection->stream));
        return false;
    case AWAITED_END:
        if (discard(stream_fd(&connection->stream)))
            await(connection, AWAITED_END);
        else
            close_now(connection);
        return false;
    case AWAITED_REQUEST:
        break;
    }
    return receive(connection, events);
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
        else if (on_event(event.data.ptr, event.events))
            return event.data.ptr;
    }
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
        cut_off_late(set);
        connections_count(set, &open, &in_flight);
        if (open == 0 || clock_ms() >= deadline_ms)
            return open;
        usleep(DRAIN_STEP_MS * 1000);
    }
}
