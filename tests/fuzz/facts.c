/*
 * What Redis answers. An input that begins as an answer on the wire does, with "*", is one, as
 * it is; any other is the hold of the first ticket's item, in an answer that is otherwise right.
 * The connection is a pair of sockets: the answer waits in it, and then comes its end.
 */
#include "fcgi/facts.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "fcgi/metrics.h"
#include "fuzz.h"

enum { TICKETS = 2, ANSWER_MAX = 16384, NUMBER = 4711 };

static const char user[] = "amy";
/* What a new connection is tried with goes well. */
static const char proof[] = ":1\r\n:1\r\n*1\r\n$1\r\n1\r\n";
static int redis_fd; /* facts.c's end */
static struct metrics *metrics;

/* In place of hiredis's own (ld(1), --wrap). */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
redisContext *__wrap_redisConnectUnixWithTimeout(const char *path, const struct timeval timeout);
redisContext *__wrap_redisConnectUnixWithTimeout(const char *path, const struct timeval timeout)
{
    (void)path;
    (void)timeout;
    return redisConnectFd(redis_fd);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* Asks for the facts about two checkouts, the second for a named sale, with this answer. */
static void ask(const char *answer, size_t length, struct fact known[TICKETS])
{
    static struct settings settings;
    if (settings.lane.batch_max == 0) {
        settings_default(&settings);
        strcpy(settings.redis.address, "unix:/redis");
        log_open("fuzz", LOG_LEVEL_ERROR);
        metrics = metrics_open("");
        assert(metrics);
    }
    int ends[2];
    assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    assert(send(ends[0], proof, strlen(proof), 0) == (ssize_t)strlen(proof));
    assert(send(ends[0], answer, length, 0) == (ssize_t)length);
    shutdown(ends[0], SHUT_WR);
    redis_fd = ends[1];

    struct ticket of_open_sale = {.user = user, .user_length = strlen(user)};
    struct ticket of_sale = of_open_sale;
    of_open_sale.code.number = of_sale.code.number = NUMBER;
    of_sale.code.sale_id = 17;
    struct ticket *const tickets[TICKETS] = {&of_open_sale, &of_sale};
    struct facts *facts = facts_new(&settings, "fuzz", metrics);
    assert(facts);
    facts_ask(facts, 1, tickets, TICKETS, known);
    if (facts_are_out_of_reach(facts))
        assert(known[0].kind == FACT_NONE);
    facts_free(facts);
    close(ends[0]);
}

static void check(const struct fact known[TICKETS])
{
    assert(known[0].kind <= FACT_SOLD_OUT);
    assert(known[0].kind == FACT_HELD || known[0].until_us == INT64_MAX);
    /* The sale that these facts are about may be another one. */
    assert(known[1].kind == FACT_NONE && known[1].until_us == INT64_MAX);
}

/* Whether it is a hold, but not the user's own: a time, one space, and then the name alone. */
static bool is_hold_of_another(const char *value, size_t size)
{
    size_t digits = strspn(value, "0123456789");
    if (digits == 0 || value[digits] != ' ')
        return false;
    const char *name = value + digits + 1;
    size_t length = size - digits - 1;
    return length != strlen(user) || memcmp(name, user, length) != 0;
}

static void check_hold(const uint8_t *data, size_t size, const struct fact *known)
{
    char value[ANSWER_MAX];
    memcpy(value, data, size);
    value[size] = '\0';
    assert(known->kind == (is_hold_of_another(value, size) ? FACT_HELD : FACT_NONE));
}

/*
 * hiredis makes room for as many elements as an answer says it has, and Redis, which is ours, does
 * not lie about that: such answers are left out.
 */
static bool has_huge_array(const uint8_t *data, size_t size)
{
    size_t digits = 0;
    bool is_array = false;
    for (size_t i = 0; i < size && digits < 6; i++) {
        is_array = data[i] == '*' || (is_array && data[i] >= '0' && data[i] <= '9');
        digits = is_array ? digits + (data[i] != '*') : 0;
    }
    return digits >= 6;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char answer[ANSWER_MAX];
    struct fact known[TICKETS], again[TICKETS];
    bool is_hold = size == 0 || data[0] != '*';
    size_t length = 0;
    if (size > ANSWER_MAX / 2 || has_huge_array(data, size))
        return 0;
    if (is_hold)
        length = (size_t)snprintf(answer, sizeof answer,
                                  "*3\r\n$-1\r\n$-1\r\n$-1\r\n*2\r\n$%zu\r\n", size);
    memcpy(answer + length, data, size);
    length += size;
    if (is_hold)
        length += (size_t)snprintf(answer + length, sizeof answer - length,
                                   "\r\n$17\r\n1790000000000 bob\r\n*2\r\n$-1\r\n$1\r\n1\r\n");
    ask(answer, length, known);
    check(known);
    if (is_hold)
        check_hold(data, size, &known[0]);
    ask(answer, length, again);
    assert(known[0].kind == again[0].kind);
    assert(known[0].until_us == again[0].until_us);
    return 0;
}
