/* Connections of web servers that read slowly or not at all, over sockets with small buffers. */

#include "unit.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "fcgi/server/connection.h"
#include "tests/client/fastcgi.h"

enum {
    CONNECTIONS_MAX = 4,
    SOCKET_BYTES = 4096,
    LONG_REPLY = 200000, /* more than the sockets of both sides take */
    SEND_MS_MAX = 5000,  /* as connection.c has them */
    END_MS_MAX = 2000,
    SLACK_MS = 1000,
    AT_ONCE_MS = 200,
    KEEP_FLAG_AT = 10 /* in a request's bytes */
};

static int listen_fd;
static struct connections *set;
static pthread_t thread;
static struct sockaddr_in address;
static _Atomic int64_t done_ms; /* the longest time that connection_done() took */
static char reply[STREAM_REPLY_BYTES_MAX + 1];

/* The connection's data must be zero at first, and then keep what was written. */
struct data {
    int requests;
};

/* Answers each request with a count and REPLY_BYTES bytes. With UNREAD, the body is not read and
   the connection is closed after the reply. */
static void *answer_all(void *argument)
{
    (void)argument;
    struct connection *connection;
    while ((connection = connections_next(set))) {
        struct stream *stream = connection_stream(connection);
        struct data *data = connection_data(connection);
        size_t length = strtoul(stream_variable(stream, "REPLY_BYTES"), NULL, 10);
        char body[16];
        if (!*stream_variable(stream, "UNREAD"))
            stream_read(stream, body, sizeof body);
        else
            stream_close_after(stream);
        data->requests++;
        char head[16];
        int head_length = snprintf(head, sizeof head, "%d\n", data->requests);
        stream_write(stream, head, (size_t)head_length);
        stream_write(stream, reply, length);
        int64_t began_ms = clock_ms();
        connection_done(connection);
        int64_t took_ms = clock_ms() - began_ms;
        if (took_ms > done_ms)
            done_ms = took_ms;
    }
    return NULL;
}

/* Starts no thread: the test itself calls connections_next(). */
static int start_alone(void **state)
{
    (void)state;
    socklen_t length = sizeof address;
    const int bytes = SOCKET_BYTES;
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* Accepted sockets inherit it. */
    setsockopt(listen_fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    assert_int_equal(bind(listen_fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(listen_fd, (struct sockaddr *)&address, &length), 0);
    assert_int_equal(listen(listen_fd, CONNECTIONS_MAX), 0);
    for (size_t i = 0; i < sizeof reply; i++)
        reply[i] = (char)('a' + i % 23);
    set = connections_new(listen_fd, CONNECTIONS_MAX, sizeof(struct data));
    assert_non_null(set);
    done_ms = 0;
    return 0;
}

static int stop_alone(void **state)
{
    (void)state;
    connections_free(set);
    return close(listen_fd);
}

static int start(void **state)
{
    start_alone(state);
    return pthread_create(&thread, NULL, answer_all, NULL);
}

static int stop(void **state)
{
    assert_int_equal(connections_drain(set, SEND_MS_MAX + SLACK_MS), 0);
    connections_end(set);
    pthread_join(thread, NULL);
    return stop_alone(state);
}

static int open_connection(void)
{
    const int bytes = SOCKET_BYTES;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void ask(int fd, const char *reply_bytes, const char *unread, bool is_kept)
{
    static struct fastcgi_request request;
    fastcgi_begin(&request);
    request.bytes[KEEP_FLAG_AT] = is_kept;
    fastcgi_variable(&request, "REPLY_BYTES", 11, reply_bytes, strlen(reply_bytes));
    fastcgi_variable(&request, "UNREAD", 6, unread, strlen(unread));
    fastcgi_body(&request, unread, strlen(unread));
    assert_int_equal(send(fd, request.bytes, request.length, MSG_NOSIGNAL), request.length);
}

/* Reads one reply, at most 1,000 bytes at a time, and checks each record's header. Returns the
   length of the output. */
static size_t read_reply(int fd, char *output, size_t size)
{
    size_t used = 0;
    for (;;) {
        unsigned char header[8];
        assert_int_equal(recv(fd, header, sizeof header, MSG_WAITALL), sizeof header);
        assert_int_equal(header[0], 1);
        assert_int_equal(header[2] << 8 | header[3], 1);
        size_t length = (size_t)(header[4] << 8 | header[5]) + header[6];
        if (header[1] == 3) { /* the end of the request */
            char end[8];
            assert_int_equal(length, sizeof end);
            assert_int_equal(recv(fd, end, sizeof end, MSG_WAITALL), sizeof end);
            return used;
        }
        assert_int_equal(header[1], 6);
        assert_true(used + length <= size);
        for (size_t got = 0; got < length;) {
            size_t some = length - got < 1000 ? length - got : 1000;
            assert_int_equal(recv(fd, output + used + got, some, MSG_WAITALL), some);
            got += some;
        }
        used += length;
    }
}

static void expect_reply(int fd, int request, size_t reply_bytes)
{
    static char output[LONG_REPLY + 16];
    char head[16];
    int head_length = snprintf(head, sizeof head, "%d\n", request);
    assert_int_equal(read_reply(fd, output, sizeof output), (size_t)head_length + reply_bytes);
    assert_memory_equal(output, head, head_length);
    assert_memory_equal(output + head_length, reply, reply_bytes);
}

/* How many milliseconds the worker takes to close the connection, while nothing is read. */
static int64_t await_close(int fd, int ms_max)
{
    int64_t began_ms = clock_ms();
    struct pollfd closed = {.fd = fd, .events = 0};
    while (clock_ms() - began_ms < ms_max) {
        connections_tick(set);
        if (poll(&closed, 1, 20) == 1)
            break;
        int open, in_flight;
        connections_count(set, &open, &in_flight);
        if (open == 0)
            break;
    }
    return clock_ms() - began_ms;
}

static void test_replies_are_whole(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 65526, 65527, 131054, 131055, LONG_REPLY};
    int fd = open_connection();
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char bytes[16];
        snprintf(bytes, sizeof bytes, "%zu", lengths[i]);
        ask(fd, bytes, "", true);
        usleep(20000); /* so that the socket has no room for the longer ones */
        expect_reply(fd, (int)i + 1, lengths[i]);
    }
    close(fd);
    assert_true(done_ms < AT_ONCE_MS);
}

static void test_a_peer_that_does_not_read_is_cut_off(void **state)
{
    (void)state;
    int fds[CONNECTIONS_MAX - 1];
    for (int i = 0; i < CONNECTIONS_MAX - 1; i++) {
        fds[i] = open_connection();
        ask(fds[i], "200000", "", true);
    }
    /* The same thread answers others meanwhile. */
    int fd = open_connection();
    int64_t began_ms = clock_ms();
    ask(fd, "1000", "", true);
    expect_reply(fd, 1, 1000);
    assert_true(clock_ms() - began_ms < AT_ONCE_MS);
    close(fd);

    int64_t took_ms = await_close(-1, SEND_MS_MAX + SLACK_MS);
    assert_in_range(took_ms, SEND_MS_MAX - SLACK_MS, SEND_MS_MAX + SLACK_MS - 1);
    for (int i = 0; i < CONNECTIONS_MAX - 1; i++)
        close(fds[i]);
    assert_true(done_ms < AT_ONCE_MS);
}

static void test_a_peer_that_does_not_close_is_cut_off(void **state)
{
    (void)state;
    int fd = open_connection();
    ask(fd, "1000", "", false);
    expect_reply(fd, 1, 1000);
    int64_t took_ms = await_close(-1, END_MS_MAX + SLACK_MS);
    assert_in_range(took_ms, END_MS_MAX - SLACK_MS, END_MS_MAX + SLACK_MS - 1);
    close(fd);
    assert_true(done_ms < AT_ONCE_MS);
}

/* A body that is not read must not cause a reset, which would lose the reply. */
static void test_a_refused_body_is_discarded(void **state)
{
    (void)state;
    static char body[60000];
    memset(body, 'x', sizeof body - 1);
    int fd = open_connection();
    ask(fd, "100000", body, true);
    usleep(20000);
    expect_reply(fd, 1, 100000);
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    close(fd);
}

static void test_draining_waits_for_a_reply(void **state)
{
    (void)state;
    int fd = open_connection();
    ask(fd, "100000", "", true);
    usleep(20000);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) { /* it reads while the parent drains */
        usleep(100000);
        static char output[LONG_REPLY];
        _exit(read_reply(fd, output, sizeof output) == 100002 ? 0 : 1);
    }
    close(fd);
    assert_int_equal(connections_drain(set, SEND_MS_MAX + SLACK_MS), 0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* ---- misuse ---- */

static struct connection *answered;

static void done_twice(void)
{
    connection_done(answered);
}

/* Too many parts: the reply is not sent. */
static void write_too_many_parts(void)
{
    for (int i = 0; i <= STREAM_PARTS_MAX; i++)
        stream_write(connection_stream(answered), "x", 1);
}

static void write_too_much(void)
{
    stream_write(connection_stream(answered), reply, STREAM_REPLY_BYTES_MAX + 1);
    connection_done(answered);
}

static void take_request(int fd)
{
    ask(fd, "", "", true);
    answered = connections_next(set);
    assert_non_null(answered);
}

static void test_misuse(void **state)
{
    (void)state;
    char byte;
    int fd = open_connection();
    take_request(fd);
    connection_done(answered);
    assert_true(check_stops(done_twice));
    assert_true(check_says(done_twice, "STATE_IN_FLIGHT"));

    take_request(fd);
    assert_true(check_stops(write_too_many_parts));
    assert_true(check_says(write_too_many_parts, "part_count < STREAM_PARTS_MAX"));
    connection_done(answered);
    while (recv(fd, &byte, 1, MSG_DONTWAIT) == 1)
        ; /* the first reply */
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    close(fd);

    fd = open_connection();
    take_request(fd);
    assert_true(check_stops(write_too_much));
    assert_true(check_says(write_too_much, "length <= STREAM_REPLY_BYTES_MAX"));
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_replies_are_whole, start, stop),
        cmocka_unit_test_setup_teardown(test_a_peer_that_does_not_read_is_cut_off, start, stop),
        cmocka_unit_test_setup_teardown(test_a_peer_that_does_not_close_is_cut_off, start, stop),
        cmocka_unit_test_setup_teardown(test_a_refused_body_is_discarded, start, stop),
        cmocka_unit_test_setup_teardown(test_draining_waits_for_a_reply, start, stop),
        cmocka_unit_test_setup_teardown(test_misuse, start_alone, stop_alone)};
    return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
