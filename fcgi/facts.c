#include "facts.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "metrics.h"

enum {
    KEY_BYTES_MAX = 64 + PARAMETER_BYTES_MAX,
    VALUE_BYTES_MAX = 32 + PARAMETER_BYTES_MAX,
    BREAKER_MS_MIN = 100,
    BREAKER_MS_MAX = 5000,
    /* Keys outlive their sale a little: a worker's clock sets this, and it decides nothing. */
    KEEP_AFTER_SALE_MS = 60000
};

struct facts {
    const struct settings *settings;
    const char *name;
    struct metrics *metrics;
    redisContext *context; /* NULL: not connected */
    int sent;              /* commands whose replies nobody has waited for yet */
    int noted;             /* commands that are not sent yet */
    bool is_down_told;
    int64_t retry_at_ms; /* the breaker: not before */
    int64_t breaker_ms;
    /* One MGET: its name, a key for the sale, and two keys a ticket. */
    char (*keys)[KEY_BYTES_MAX];
    const char **arguments;
    size_t *lengths;
};

struct facts *facts_new(const struct settings *settings, const char *name, struct metrics *metrics)
{
    struct facts *facts = calloc(1, sizeof *facts);
    if (!facts)
        return NULL;
    size_t keys = 2 + 2 * (size_t)settings->lane.batch_max;
    facts->settings = settings;
    facts->name = name;
    facts->metrics = metrics;
    facts->breaker_ms = BREAKER_MS_MIN;
    facts->keys = calloc(keys, sizeof *facts->keys);
    facts->arguments = calloc(keys, sizeof *facts->arguments);
    facts->lengths = calloc(keys, sizeof *facts->lengths);
    if (!facts->keys || !facts->arguments || !facts->lengths) {
        facts_free(facts);
        return NULL;
    }
    return facts;
}

void facts_free(struct facts *facts)
{
    if (!facts)
        return;
    redisFree(facts->context);
    free(facts->keys);
    free(facts->arguments);
    free(facts->lengths);
    free(facts);
}

bool facts_wanted(const struct facts *facts)
{
    return facts->settings->redis.address[0] != '\0';
}

/*
 * Closes the connection: after a timeout the late answer would be taken for the next one's.
 * Opens the breaker, for longer each time until Redis answers again.
 */
static void fail(struct facts *facts, const char *what)
{
    if (!facts->is_down_told)
        log_warning("%s: Redis: %s; going on without", facts->name, what);
    facts->is_down_told = true;
    redisFree(facts->context);
    facts->context = NULL;
    facts->sent = 0;
    facts->noted = 0;
    facts->retry_at_ms = clock_ms() + facts->breaker_ms;
    facts->breaker_ms *= 2;
    if (facts->breaker_ms > BREAKER_MS_MAX)
        facts->breaker_ms = BREAKER_MS_MAX;
    metrics_add(facts->metrics, METRIC_BREAKER_OPENINGS, 0, 0, 1);
}

/*
 * Reads the replies to what was sent and not waited for, and then, if `reply` is not NULL, the one
 * to a command just appended. An error reply is a failure: Redis is of no use as it is.
 */
static bool read_replies(struct facts *facts, redisReply **reply)
{
    int count = facts->sent + (reply ? facts->noted + 1 : 0);
    for (int i = 0; i < count; i++) {
        redisReply *one = NULL;
        if (redisGetReply(facts->context, (void **)&one) != REDIS_OK) {
            fail(facts, facts->context->errstr);
            return false;
        }
        if (one->type == REDIS_REPLY_ERROR) {
            fail(facts, one->str);
            freeReplyObject(one);
            return false;
        }
        if (reply && i == count - 1)
            *reply = one;
        else
            freeReplyObject(one);
    }
    facts->sent = 0;
    if (reply)
        facts->noted = 0; /* they went out in front of it */
    return true;
}

static bool authenticate(struct facts *facts)
{
    char password[256] = "";
    const char *path = facts->settings->redis.password_file;
    const char *user = facts->settings->redis.user;
    if (!*path)
        return true;

    FILE *file = fopen(path, "re");
    if (!file || !fgets(password, sizeof password, file)) {
        if (file)
            fclose(file);
        fail(facts, "the password file cannot be read");
        return false;
    }
    fclose(file);
    password[strcspn(password, "\r\n")] = '\0';

    redisReply *reply = *user ? redisCommand(facts->context, "AUTH %s %s", user, password)
                              : redisCommand(facts->context, "AUTH %s", password);
    explicit_bzero(password, sizeof password);
    bool good = reply && reply->type != REDIS_REPLY_ERROR;
    if (!good)
        fail(facts, reply ? reply->str : facts->context->errstr);
    if (reply)
        freeReplyObject(reply);
    return good;
}

static bool connect_anew(struct facts *facts)
{
    const char *address = facts->settings->redis.address;
    int timeout_ms = facts->settings->redis.timeout_ms;
    struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    const char *colon = strrchr(address, ':');

    if (strncmp(address, "unix:", 5) == 0) {
        facts->context = redisConnectUnixWithTimeout(address + 5, timeout);
    } else {
        char host[256];
        int length = colon ? (int)(colon - address) : (int)strlen(address);
        snprintf(host, sizeof host, "%.*s", length, address);
        facts->context = redisConnectWithTimeout(host, colon ? atoi(colon + 1) : 6379, timeout);
    }
    if (!facts->context || facts->context->err) {
        fail(facts, facts->context ? facts->context->errstr : "out of memory");
        return false;
    }
    if (redisSetTimeout(facts->context, timeout) != REDIS_OK) {
        fail(facts, "the timeout could not be set");
        return false;
    }
    return authenticate(facts);
}

bool facts_are_out_of_reach(const struct facts *facts)
{
    return facts_wanted(facts) && !facts->context;
}

/* A connection, if there is one or the breaker lets one be tried. */
static bool connected(struct facts *facts)
{
    if (facts->context)
        return true;
    return facts_wanted(facts) && clock_ms() >= facts->retry_at_ms && connect_anew(facts);
}

/* An answer came: the breaker closes. */
static void succeed(struct facts *facts)
{
    if (facts->is_down_told)
        log_warning("%s: Redis: answers again", facts->name);
    facts->is_down_told = false;
    facts->breaker_ms = BREAKER_MS_MIN;
}

void facts_ensure(struct facts *facts)
{
    if (!connected(facts))
        return;
    redisReply *reply = NULL;
    if (redisAppendCommand(facts->context, "PING") != REDIS_OK) {
        fail(facts, "out of memory");
        return;
    }
    if (!read_replies(facts, &reply))
        return;
    freeReplyObject(reply);
    succeed(facts);
}

static void key_of_sale(char key[KEY_BYTES_MAX], size_t *length, int64_t sale_made_us)
{
    *length = (size_t)snprintf(key, KEY_BYTES_MAX, "flashsale:%" PRId64 ":sold_out", sale_made_us);
}

static void key_of_item(char key[KEY_BYTES_MAX], size_t *length, int64_t sale_made_us,
                        int32_t number)
{
    *length = (size_t)snprintf(key, KEY_BYTES_MAX, "flashsale:%" PRId64 ":item:%" PRId32,
                               sale_made_us, number);
}

static void key_of_user(char key[KEY_BYTES_MAX], size_t *length, int64_t sale_made_us,
                        const char *user, size_t user_length)
{
    size_t used = (size_t)snprintf(key, KEY_BYTES_MAX, "flashsale:%" PRId64 ":user:", sale_made_us);
    memcpy(key + used, user, user_length);
    *length = used + user_length;
}

/* What an item's value says to this user: "sold", or "held UNTIL_US USER". */
static struct fact read_item(const redisReply *value, const struct ticket *ticket)
{
    static const char sold[] = "sold", held[] = "held ";
    const struct fact none = {FACT_NONE, INT64_MAX};
    if (value->type != REDIS_REPLY_STRING)
        return none;
    if (value->len == strlen(sold) && memcmp(value->str, sold, value->len) == 0)
        return (struct fact){FACT_SOLD, INT64_MAX};

    /* hiredis ends every string with a zero that is not part of it. */
    if (strncmp(value->str, held, strlen(held)) != 0)
        return none;
    char *end;
    const char *time = value->str + strlen(held);
    int64_t until_us = strtoll(time, &end, 10);
    if (*time < '0' || *time > '9' || *end != ' ')
        return none;
    const char *user = end + 1; /* one space; the next may be the user's own */
    size_t length = value->len - (size_t)(user - value->str);
    bool is_own = length == ticket->user_length && memcmp(user, ticket->user, length) == 0;
    return is_own ? none : (struct fact){FACT_HELD, until_us};
}

static bool ask(struct facts *facts, int keys, redisReply **reply)
{
    facts->arguments[0] = "MGET";
    facts->lengths[0] = 4;
    if (redisAppendCommandArgv(facts->context, keys + 1, facts->arguments, facts->lengths) !=
        REDIS_OK) {
        fail(facts, "out of memory");
        return false;
    }
    if (!read_replies(facts, reply))
        return false;
    if ((*reply)->type != REDIS_REPLY_ARRAY || (*reply)->elements != (size_t)keys) {
        freeReplyObject(*reply);
        fail(facts, "an answer of another kind than asked for");
        return false;
    }
    succeed(facts);
    return true;
}

void facts_ask(struct facts *facts, int64_t sale_made_us, struct ticket *const *tickets, int count,
               struct fact *known)
{
    for (int i = 0; i < count; i++)
        known[i] = (struct fact){FACT_NONE, INT64_MAX};
    if (!connected(facts))
        return;

    key_of_sale(facts->keys[1], &facts->lengths[1], sale_made_us);
    facts->arguments[1] = facts->keys[1];
    for (int i = 0; i < count; i++) {
        int item = 2 + 2 * i, user = item + 1;
        int32_t number = tickets[i]->code.number; /* any and none have no key that is set */
        key_of_item(facts->keys[item], &facts->lengths[item], sale_made_us, number);
        key_of_user(facts->keys[user], &facts->lengths[user], sale_made_us, tickets[i]->user,
                    tickets[i]->user_length);
        facts->arguments[item] = facts->keys[item];
        facts->arguments[user] = facts->keys[user];
    }
    metrics_add(facts->metrics, METRIC_FACTS_ASKED, 0, 0, count);
    redisReply *reply;
    if (!ask(facts, 1 + 2 * count, &reply))
        return;

    bool is_sold_out = reply->element[0]->type == REDIS_REPLY_STRING;
    for (int i = 0; i < count; i++) {
        if (tickets[i]->code.sale_id != 0 || tickets[i]->code.number < 0)
            continue; /* of another sale, perhaps, or no item */
        if (reply->element[2 + 2 * i]->type == REDIS_REPLY_STRING)
            known[i].kind = FACT_USER_LIMIT;
        else if (is_sold_out)
            known[i].kind = FACT_SOLD_OUT;
        else
            known[i] = read_item(reply->element[1 + 2 * i], tickets[i]);
    }
    freeReplyObject(reply);
}

static void set(struct facts *facts, const char *key, size_t key_length, const char *value,
                size_t value_length, int64_t keep_ms, bool is_only_if_new)
{
    char keep[24];
    int keep_length = snprintf(keep, sizeof keep, "%" PRId64, keep_ms);
    const char *arguments[] = {"SET", key, value, "PX", keep, "NX"};
    const size_t lengths[] = {3, key_length, value_length, 2, (size_t)keep_length, 2};
    if (redisAppendCommandArgv(facts->context, is_only_if_new ? 6 : 5, arguments, lengths) ==
        REDIS_OK)
        facts->noted++;
}

void facts_note(struct facts *facts, int64_t sale_made_us, const char *user, size_t user_length,
                const struct verdict *verdict, enum fact_kind kind)
{
    char key[KEY_BYTES_MAX], value[VALUE_BYTES_MAX] = "sold";
    size_t key_length = 0, value_length = strlen(value);
    int64_t keep_ms = (verdict->sale_ends_us - verdict->decided_us) / 1000 + KEEP_AFTER_SALE_MS;
    if (!facts->context)
        return;

    switch (kind) {
    case FACT_NONE:
        return;
    case FACT_HELD:
        keep_ms = (verdict->expires_us - verdict->decided_us) / 1000;
        if (keep_ms <= 0)
            return;
        value_length =
            (size_t)snprintf(value, sizeof value, "held %" PRId64 " ", verdict->expires_us);
        memcpy(value + value_length, user, user_length);
        value_length += user_length;
        key_of_item(key, &key_length, sale_made_us, verdict->code.number);
        break;
    case FACT_SOLD:
        key_of_item(key, &key_length, sale_made_us, verdict->code.number);
        break;
    case FACT_USER_LIMIT:
        key_of_user(key, &key_length, sale_made_us, user, user_length);
        break;
    case FACT_SOLD_OUT:
        key_of_sale(key, &key_length, sale_made_us);
        break;
    }
    /* A hold must not hide that the item was sold meanwhile. */
    set(facts, key, key_length, value, value_length, keep_ms, kind == FACT_HELD);
}

void facts_flush(struct facts *facts)
{
    if (!facts->context || facts->noted == 0 || !read_replies(facts, NULL))
        return;
    int done = 0;
    while (!done) {
        if (redisBufferWrite(facts->context, &done) != REDIS_OK) {
            fail(facts, facts->context->errstr);
            return;
        }
    }
    metrics_add(facts->metrics, METRIC_FACTS_NOTED, 0, 0, facts->noted);
    facts->sent = facts->noted;
    facts->noted = 0;
}
