/*
 * Redis's replies when a sale's stream is read. An input that begins as a reply does on the wire is
 * sent as it is. Any other input is one entry, a field and a value with a space between, in a valid
 * reply. The connection is a pair of sockets: the reply waits in it, followed by the end.
 */
#include "fcgi/sale/redis_feed.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "fcgi/metric_labels.h"
#include "fcgi/sale/refusal_text.h"
#include "fuzz.h"

enum { ANSWER_MAX = 16384, NUMBER = 4711 };

#define SALE INT64_C(1790000000000000)

static const char user[] = "amy";
/* The replies before: two entries were added, two expiries were set, and the stream has no more. */
static const char added[] = "$3\r\n1-1\r\n$3\r\n1-1\r\n:1\r\n:1\r\n*0\r\n";
static int redis_fd; /* redis_link.c's end */
static struct settings settings;
static struct metrics *metrics;
static struct refusal_cache *cache;

/* Replaces hiredis's function (ld(1), --wrap). */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
redisContext *__wrap_redisConnectUnixWithTimeout(const char *path, const struct timeval timeout);
redisContext *__wrap_redisConnectUnixWithTimeout(const char *path, const struct timeval timeout)
{
    (void)path;
    (void)timeout;
    return redisConnectFd(redis_fd);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static int64_t learned(void)
{
    struct metrics_census census;
    metrics_take_census(metrics, &census);
    return metrics_sum(metrics, &census, METRIC_REFUSALS_LEARNED, REFUSAL_OF_REDIS, 0);
}

static void begin(void)
{
    if (cache)
        return;
    settings_default(&settings);
    strcpy(settings.redis.address, "unix:/redis");
    log_open("fuzz", LOG_LEVEL_ERROR);
    metrics = metrics_open("", &metric_labels);
    assert(metrics);
    cache = refusal_cache_new(metrics);
    assert(cache);
}

/* Reads this answer into a cache that knows only one sold item. */
static void read_answer(const char *answer, size_t length)
{
    int ends[2];
    assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    assert(send(ends[0], added, strlen(added), 0) == (ssize_t)strlen(added));
    assert(send(ends[0], answer, length, 0) == (ssize_t)length);
    shutdown(ends[0], SHUT_WR);
    redis_fd = ends[1];

    const struct refusal sold = {
        .kind = REFUSAL_SOLD, .number = NUMBER, .sale_made_us = SALE, .until_us = INT64_MAX};
    refusal_cache_clear(cache);
    assert(refusal_cache_put(cache, &sold, REFUSAL_OF_BATCH));
    struct redis_feed *feed = redis_feed_new(&settings, cache, metrics, -1);
    assert(feed);
    redis_feed_open_sale(feed, SALE, 60000);
    assert(redis_feed_add(feed, &sold));
    enum redis_feed_result result = redis_feed_exchange(feed);
    assert(result == REDIS_FEED_DOWN ? redis_feed_fd(feed) == -1 : redis_feed_fd(feed) == redis_fd);
    redis_feed_free(feed);
    close(ends[0]);
}

/* Whatever came, the known refusal stays, and nothing is known of another sale. */
static void check(void)
{
    int64_t until_us;
    enum refusal_kind kind =
        refusal_cache_lookup(cache, SALE, NUMBER, user, strlen(user), &until_us);
    assert(kind == REFUSAL_SOLD || kind == REFUSAL_USER_LIMIT || kind == REFUSAL_SOLD_OUT);
    assert(until_us == INT64_MAX);
    assert(refusal_cache_lookup(cache, SALE + 1, NUMBER, user, strlen(user), &until_us) ==
           REFUSAL_NONE);
}

/* A refusal that is read from a value is written back as the same value. */
static void check_entry(const char *field, size_t field_length, const char *value, size_t length,
                        int64_t learned_of_it)
{
    struct refusal refusal;
    char again[REFUSAL_TEXT_MAX];
    int64_t until_us;
    if (!refusal_read(field, field_length, value, length, &refusal)) {
        assert(learned_of_it == 0);
        return;
    }
    assert(strlen(refusal_name(refusal.kind)) == field_length);
    assert(refusal_write(&refusal, again) == length && memcmp(again, value, length) == 0);
    bool is_known = refusal.kind <= REFUSAL_HELD && refusal.number == NUMBER;
    assert(learned_of_it == !is_known);

    refusal.user[0] ^= 1; /* another user: a hold does not refuse its own */
    enum refusal_kind kind =
        refusal_cache_lookup(cache, SALE, refusal.number, refusal.user,
                             refusal.kind == REFUSAL_HELD ? refusal.user_length : 0, &until_us);
    if (refusal.kind == REFUSAL_USER_LIMIT)
        return;
    assert(kind == (is_known ? REFUSAL_SOLD : refusal.kind));
    assert(until_us == (is_known ? INT64_MAX : refusal.until_us));
}

/*
 * hiredis allocates as many elements as an answer announces. Redis, which the operator runs, sends
 * no wrong number, so such answers are left out.
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

static bool is_answer(const uint8_t *data, size_t size)
{
    return size > 0 && strchr("*$+-:", data[0]) && data[0] != '\0';
}

/* An answer with one entry. */
static size_t write_answer(char answer[ANSWER_MAX], const char *field, size_t field_length,
                           const char *value, size_t length)
{
    size_t at = (size_t)snprintf(answer, ANSWER_MAX,
                                 "*1\r\n*2\r\n$3\r\nkey\r\n*1\r\n*2\r\n$3\r\n5-1\r\n*2\r\n$%zu\r\n",
                                 field_length);
    memcpy(answer + at, field, field_length);
    at += field_length;
    at += (size_t)snprintf(answer + at, ANSWER_MAX - at, "\r\n$%zu\r\n", length);
    memcpy(answer + at, value, length);
    at += length;
    return at + (size_t)snprintf(answer + at, ANSWER_MAX - at, "\r\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char answer[ANSWER_MAX];
    if (size > ANSWER_MAX / 2 || has_huge_array(data, size))
        return 0;
    begin();
    if (is_answer(data, size)) {
        read_answer((const char *)data, size);
        check();
        return 0;
    }
    const char *field = (const char *)data;
    const char *space = size > 0 ? memchr(data, ' ', size) : NULL;
    size_t field_length = space ? (size_t)(space - field) : size;
    const char *value = space ? space + 1 : field + size;
    size_t length = size - (size_t)(value - field);

    size_t answer_length = write_answer(answer, field, field_length, value, length);
    int64_t before = learned();
    read_answer(answer, answer_length);
    check();
    check_entry(field, field_length, value, length, learned() - before);
    return 0;
}
