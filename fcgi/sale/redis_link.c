#include "redis_link.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/address.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "fcgi/metrics/metrics.h"
#include "lookup.h"

enum {
    PAUSE_MS_MIN = 100,
    PAUSE_MS_MAX = 1000,
    /* The pause goes on growing after a failure unless Redis was well for so long before; */
    WELL_MS = 250,
    /* the log says that it is up once it was well for so long. */
    LOG_UP_MS = 1000,
    PASSWORD_BYTES_MAX = 256,
    /* So much can be read within redis.timeout_ms. */
    ANSWER_BYTES_MAX = 512 << 10
};

struct redis_link {
    const struct settings *settings;
    struct metrics *metrics;
    redisContext *context; /* NULL: not connected */
    struct lookup *lookup; /* NULL: the address is a path */
    struct address address;
    int stop_fd;
    int64_t due_us; /* the end of the exchange */
    size_t bytes;   /* of the answer, so far */
    bool was_flooded;
    bool is_down_logged;
    int64_t retry_at_ms;
    int64_t pause_ms;
    int64_t well_since_ms; /* 0: not well */
};

struct redis_link *redis_link_new(const struct settings *settings, struct metrics *metrics,
                                  int stop_fd)
{
    struct redis_link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    link->settings = settings;
    link->metrics = metrics;
    link->stop_fd = stop_fd;
    link->pause_ms = PAUSE_MS_MIN;
    /* settings_check() read it before. */
    bool good = CHECK(address_read(&link->address, settings->redis.address, ADDRESS_REDIS_PORT));
    if (good && !link->address.is_unix) {
        link->lookup = lookup_new(link->address.host);
        good = link->lookup != NULL;
    }
    if (!good) {
        redis_link_free(link);
        return NULL;
    }
    return link;
}

void redis_link_free(struct redis_link *link)
{
    if (!link)
        return;
    redisFree(link->context);
    lookup_free(link->lookup);
    free(link);
}

void redis_link_fail(struct redis_link *link, const char *why)
{
    if (!link->is_down_logged)
        log_warning("Redis: %s; %s", why,
                    link->settings->redis.fail_open ? "going on without" : "checkouts are refused");
    if (link->well_since_ms != 0 && clock_ms() - link->well_since_ms >= WELL_MS)
        link->pause_ms = PAUSE_MS_MIN;
    link->well_since_ms = 0;
    link->is_down_logged = true;
    redisFree(link->context);
    link->context = NULL;
    link->retry_at_ms = clock_ms() + link->pause_ms;
    link->pause_ms *= 2;
    if (link->pause_ms > PAUSE_MS_MAX)
        link->pause_ms = PAUSE_MS_MAX;
    metrics_add(link->metrics, METRIC_REDIS_FAILURES, 0, 0, 1);
}

void redis_link_succeed(struct redis_link *link)
{
    if (link->well_since_ms == 0)
        link->well_since_ms = clock_ms();
    if (link->is_down_logged && clock_ms() - link->well_since_ms >= LOG_UP_MS) {
        log_warning("Redis: answers again");
        link->is_down_logged = false;
    }
}

bool redis_link_was_flooded(const struct redis_link *link)
{
    return link->was_flooded;
}

int redis_link_fd(const struct redis_link *link)
{
    return link->context ? link->context->fd : -1;
}

/* ---- an exchange ---- */

bool redis_link_append(struct redis_link *link, int count, const char **words,
                       const size_t *lengths)
{
    if (redisAppendCommandArgv(link->context, count, words, lengths) == REDIS_OK)
        return true;
    redis_link_fail(link, "out of memory");
    return false;
}

bool redis_link_send(struct redis_link *link)
{
    link->due_us = clock_us() + (int64_t)link->settings->redis.timeout_ms * 1000;
    link->was_flooded = false;
    for (int done = 0; !done;) {
        if (redisBufferWrite(link->context, &done) != REDIS_OK) {
            redis_link_fail(link, link->context->errstr);
            return false;
        }
        if (!done && clock_us() >= link->due_us) {
            redis_link_fail(link, "it does not read in time");
            return false;
        }
    }
    return true;
}

/* Waits for more of the answers, and reads it. */
static bool read_more(struct redis_link *link)
{
    int64_t left_us = link->due_us - clock_us();
    struct pollfd ready[2] = {{.fd = link->context->fd, .events = POLLIN},
                              {.fd = link->stop_fd, .events = POLLIN}};
    if (left_us <= 0 || poll(ready, 2, (int)(left_us / 1000) + 1) == 0) {
        redis_link_fail(link, "no answer in time");
        return false;
    }
    if (ready[1].revents != 0) {
        link->is_down_logged = true; /* the worker stops: that is not for the log */
        redis_link_fail(link, "not waited for");
        return false;
    }
    size_t before = link->context->reader->len;
    if (redisBufferRead(link->context) != REDIS_OK) {
        redis_link_fail(link, link->context->errstr);
        return false;
    }
    link->bytes += link->context->reader->len - before;
    if (link->bytes > ANSWER_BYTES_MAX) {
        link->was_flooded = true;
        redis_link_fail(link, "an answer that is too long");
        return false;
    }
    return true;
}

redisReply *redis_link_read(struct redis_link *link)
{
    link->bytes = 0;
    for (;;) {
        void *reply = NULL;
        if (redisGetReplyFromReader(link->context, &reply) != REDIS_OK) {
            redis_link_fail(link, link->context->errstr);
            return NULL;
        }
        if (reply)
            return reply;
        if (!read_more(link))
            return NULL;
    }
}

/* ---- connecting ---- */

/* Reads redis.password_file, "" where none is set. False: it cannot be read. */
static bool read_password(const char *path, char password[PASSWORD_BYTES_MAX])
{
    password[0] = '\0';
    if (!*path)
        return true;
    /* O_NONBLOCK: a pipe may have no writer, ever (open(2)). */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    bool good = file && fgets(password, PASSWORD_BYTES_MAX, file);
    if (file)
        fclose(file);
    else if (fd >= 0)
        close(fd);
    password[strcspn(password, "\r\n")] = '\0';
    return good;
}

static bool authenticate(struct redis_link *link)
{
    char password[PASSWORD_BYTES_MAX];
    const char *user = link->settings->redis.user;
    if (!read_password(link->settings->redis.password_file, password)) {
        redis_link_fail(link, "the password file cannot be read");
        return false;
    }
    if (!password[0])
        return true;

    const char *words[3] = {"AUTH"};
    size_t lengths[3] = {4};
    int count = 1;
    if (*user) {
        words[count] = user;
        lengths[count++] = strlen(user);
    }
    words[count] = password;
    lengths[count++] = strlen(password);
    bool good = redis_link_append(link, count, words, lengths) && redis_link_send(link);
    explicit_bzero(password, sizeof password);
    redisReply *reply = good ? redis_link_read(link) : NULL;
    good = reply && reply->type != REDIS_REPLY_ERROR;
    if (reply && !good)
        redis_link_fail(link, reply->str);
    if (reply)
        freeReplyObject(reply);
    return good;
}

static bool connect_anew(struct redis_link *link)
{
    int timeout_ms = link->settings->redis.timeout_ms;
    struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    if (!link->lookup) {
        link->context = redisConnectUnixWithTimeout(link->address.path, timeout);
    } else {
        char host[INET6_ADDRSTRLEN];
        if (!lookup_get(link->lookup, timeout_ms, host)) {
            redis_link_fail(link, "the name of its host cannot be looked up");
            return false;
        }
        link->context = redisConnectWithTimeout(host, link->address.port, timeout);
    }
    if (!link->context || link->context->err) {
        redis_link_fail(link, link->context ? link->context->errstr : "out of memory");
        return false;
    }
    if (redisSetTimeout(link->context, timeout) != REDIS_OK) {
        redis_link_fail(link, "the timeout could not be set");
        return false;
    }
    return authenticate(link);
}

enum redis_link_result redis_link_ensure(struct redis_link *link)
{
    if (link->context)
        return REDIS_LINK_OPEN;
    if (clock_ms() < link->retry_at_ms || !connect_anew(link))
        return REDIS_LINK_DOWN;
    return REDIS_LINK_ANEW;
}
