#include "facts.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "common/address.h"
#include "common/clock.h"
#include "common/log.h"
#include "lookup.h"
#include "metrics.h"

/* A sale's facts are hashes: of numbers or, the last, of users. */
enum table { TABLE_SOLD, TABLE_HELD, TABLE_LIMIT, TABLES };

static const char *const table_names[TABLES] = {"sold", "held", "limit"};

/* Beside the numbers of the items sold: that all are. */
static const char all_sold[] = "all";

enum {
    KEY_BYTES_MAX = 64,
    NUMBER_BYTES_MAX = 12,
    TIME_BYTES_MAX = 24,
    BREAKER_MS_MIN = 100,
    BREAKER_MS_MAX = 5000,
    /* Who fails sooner than that was not well, and the breaker goes on growing; */
    WELL_MS = 250,
    /* and who was well for so long is told of. */
    TELL_MS = 1000,
    /* Keys outlive their sale a little: a worker's clock sets this, and it decides nothing. */
    KEEP_AFTER_SALE_MS = 60000
};

struct facts {
    const struct settings *settings;
    const char *name;
    struct metrics *metrics;
    redisContext *context; /* NULL: not connected */
    int sent;              /* commands whose replies nobody has waited for yet */
    bool is_down_told;
    struct lookup *lookup; /* NULL: the address is a path */
    struct address address;
    int64_t retry_at_ms; /* the breaker: not before */
    int64_t breaker_ms;
    int64_t well_since_ms;
    /* What is to be sent by facts_flush(): the facts, of one sale, and how long to keep them. */
    struct note *notes; /* lane.batch_max of them */
    int noted;
    int64_t noted_sale_us;
    int64_t keep_ms;
    /* One command: its name, a key, and up to two arguments a ticket, or one more. */
    const char **arguments;
    size_t *lengths;
    char (*numbers)[NUMBER_BYTES_MAX];
};

struct note {
    enum table table;
    size_t field_length, value_length;
    char field[PARAMETER_BYTES_MAX];
    char value[TIME_BYTES_MAX + PARAMETER_BYTES_MAX];
};

/* False: out of memory. */
static bool read_address(struct facts *facts)
{
    const char *text = facts->settings->redis.address;
    if (*text == '\0')
        return true;
    if (!address_read(&facts->address, text, ADDRESS_REDIS_PORT))
        return false; /* settings_check() let none of these through */
    if (!facts->address.is_unix)
        facts->lookup = lookup_new(facts->address.host);
    return facts->address.is_unix || facts->lookup;
}

struct facts *facts_new(const struct settings *settings, const char *name, struct metrics *metrics)
{
    struct facts *facts = calloc(1, sizeof *facts);
    if (!facts)
        return NULL;
    size_t count = (size_t)settings->lane.batch_max;
    facts->settings = settings;
    facts->name = name;
    facts->metrics = metrics;
    facts->breaker_ms = BREAKER_MS_MIN;
    facts->notes = calloc(count, sizeof *facts->notes);
    facts->arguments = calloc(3 + 2 * count, sizeof *facts->arguments);
    facts->lengths = calloc(3 + 2 * count, sizeof *facts->lengths);
    facts->numbers = calloc(count, sizeof *facts->numbers);
    if (!facts->notes || !facts->arguments || !facts->lengths || !facts->numbers ||
        !read_address(facts)) {
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
    lookup_free(facts->lookup);
    free(facts->notes);
    free(facts->arguments);
    free(facts->lengths);
    free(facts->numbers);
    free(facts);
}

static bool is_wanted(const struct facts *facts)
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
    if (facts->well_since_ms != 0 && clock_ms() - facts->well_since_ms >= WELL_MS)
        facts->breaker_ms = BREAKER_MS_MIN;
    facts->well_since_ms = 0;
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

/* The next reply, or NULL. An error reply is a failure: Redis is of no use as it is. */
static redisReply *read_reply(struct facts *facts)
{
    redisReply *reply = NULL;
    if (redisGetReply(facts->context, (void **)&reply) != REDIS_OK) {
        fail(facts, facts->context->errstr);
        return NULL;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        fail(facts, reply->str);
        freeReplyObject(reply);
        return NULL;
    }
    return reply;
}

/* Reads the replies to what was sent and not waited for. */
static bool catch_up(struct facts *facts)
{
    for (; facts->sent > 0; facts->sent--) {
        redisReply *reply = read_reply(facts);
        if (!reply)
            return false;
        freeReplyObject(reply);
    }
    if (facts->is_down_told && facts->well_since_ms != 0 &&
        clock_ms() - facts->well_since_ms >= TELL_MS) {
        log_warning("%s: Redis: answers again", facts->name);
        facts->is_down_told = false;
    }
    return true;
}

static bool authenticate(struct facts *facts)
{
    char password[256] = "";
    const char *path = facts->settings->redis.password_file;
    const char *user = facts->settings->redis.user;
    if (!*path)
        return true;

    /* Of a pipe nobody may ever write to the other end (open(2)). */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (!file || !fgets(password, sizeof password, file)) {
        if (file)
            fclose(file);
        else if (fd >= 0)
            close(fd);
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

/* Has a fact of no sale noted, for a moment: who reads is not yet one who writes. */
static bool prove(struct facts *facts)
{
    static const char *const commands[] = {"HSET flashsale:proof proof 1",
                                           "PEXPIRE flashsale:proof 60000",
                                           "HMGET flashsale:proof proof"};
    enum { COMMANDS = sizeof commands / sizeof commands[0] };
    for (int i = 0; i < COMMANDS; i++) {
        if (redisAppendCommand(facts->context, commands[i]) != REDIS_OK) {
            fail(facts, "out of memory");
            return false;
        }
    }
    facts->sent += COMMANDS;
    if (!catch_up(facts))
        return false;
    if (facts->well_since_ms == 0)
        facts->well_since_ms = clock_ms();
    return true;
}

static bool connect_anew(struct facts *facts)
{
    int timeout_ms = facts->settings->redis.timeout_ms;
    struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    if (!facts->lookup) {
        facts->context = redisConnectUnixWithTimeout(facts->address.path, timeout);
    } else {
        char host[INET6_ADDRSTRLEN];
        if (!lookup_get(facts->lookup, timeout_ms, host)) {
            fail(facts, "the name of its host cannot be looked up");
            return false;
        }
        facts->context = redisConnectWithTimeout(host, facts->address.port, timeout);
    }
    if (!facts->context || facts->context->err) {
        fail(facts, facts->context ? facts->context->errstr : "out of memory");
        return false;
    }
    if (redisSetTimeout(facts->context, timeout) != REDIS_OK) {
        fail(facts, "the timeout could not be set");
        return false;
    }
    return authenticate(facts) && prove(facts);
}

bool facts_are_out_of_reach(const struct facts *facts)
{
    return is_wanted(facts) && !facts->context;
}

/* A connection, if there is one or the breaker lets one be tried. */
static bool connected(struct facts *facts)
{
    if (facts->context)
        return true;
    return is_wanted(facts) && clock_ms() >= facts->retry_at_ms && connect_anew(facts);
}

void facts_ensure(struct facts *facts)
{
    if (facts->context)
        prove(facts);
    else
        connected(facts);
}

/* ---- what is asked ---- */

/* Adds a command of `count` arguments behind its name and its key. */
static bool append(struct facts *facts, const char *name, int64_t sale_made_us, enum table table,
                   int count)
{
    char key[KEY_BYTES_MAX];
    facts->arguments[0] = name;
    facts->lengths[0] = strlen(name);
    facts->arguments[1] = key;
    facts->lengths[1] = (size_t)snprintf(key, sizeof key, "flashsale:%" PRId64 ":%s", sale_made_us,
                                         table_names[table]);
    if (redisAppendCommandArgv(facts->context, 2 + count, facts->arguments, facts->lengths) ==
        REDIS_OK)
        return true;
    fail(facts, "out of memory");
    return false;
}

static void argue(struct facts *facts, int index, const char *bytes, size_t length)
{
    facts->arguments[2 + index] = bytes;
    facts->lengths[2 + index] = length;
}

/* The next reply, if it is `count` values. */
static redisReply *read_values(struct facts *facts, size_t count)
{
    redisReply *reply = read_reply(facts);
    if (reply && (reply->type != REDIS_REPLY_ARRAY || reply->elements != count)) {
        freeReplyObject(reply);
        fail(facts, "an answer of another kind than asked for");
        return NULL;
    }
    return reply;
}

static bool is_there(const redisReply *value)
{
    return value->type == REDIS_REPLY_STRING;
}

/* What "UNTIL_US USER" says to this ticket's user. */
static struct fact read_hold(const redisReply *value, const struct ticket *ticket)
{
    const struct fact none = {FACT_NONE, INT64_MAX};
    if (!is_there(value) || *value->str < '0' || *value->str > '9')
        return none;
    /* hiredis ends every string with a zero that is not part of it. */
    char *end;
    int64_t until_us = strtoll(value->str, &end, 10);
    if (*end != ' ')
        return none;
    const char *user = end + 1; /* one space; the next may be the user's own */
    size_t length = value->len - (size_t)(user - value->str);
    bool is_own = length == ticket->user_length && memcmp(user, ticket->user, length) == 0;
    return is_own ? none : (struct fact){FACT_HELD, until_us};
}

static bool send_questions(struct facts *facts, int64_t sale_made_us, struct ticket *const *tickets,
                           int count)
{
    for (int i = 0; i < count; i++) {
        int length = snprintf(facts->numbers[i], sizeof facts->numbers[i], "%" PRId32,
                              tickets[i]->code.number); /* any and none have no field that is set */
        argue(facts, i, facts->numbers[i], (size_t)length);
    }
    argue(facts, count, all_sold, strlen(all_sold));
    if (!append(facts, "HMGET", sale_made_us, TABLE_SOLD, count + 1) ||
        !append(facts, "HMGET", sale_made_us, TABLE_HELD, count))
        return false;
    for (int i = 0; i < count; i++)
        argue(facts, i, tickets[i]->user, tickets[i]->user_length);
    return append(facts, "HMGET", sale_made_us, TABLE_LIMIT, count);
}

/* What was answered the caller frees, also where the rest is missing: then this is false. */
static bool read_answers(struct facts *facts, int count, redisReply *answers[TABLES])
{
    bool good = catch_up(facts);
    for (int table = 0; good && table < TABLES; table++) {
        answers[table] = read_values(facts, (size_t)count + (table == TABLE_SOLD));
        good = answers[table] != NULL;
    }
    return good;
}

void facts_ask(struct facts *facts, int64_t sale_made_us, struct ticket *const *tickets, int count,
               struct fact *known)
{
    for (int i = 0; i < count; i++)
        known[i] = (struct fact){FACT_NONE, INT64_MAX};
    if (!connected(facts))
        return;
    metrics_add(facts->metrics, METRIC_FACTS_ASKED, 0, 0, count);

    redisReply *answers[TABLES] = {NULL};
    if (send_questions(facts, sale_made_us, tickets, count) &&
        read_answers(facts, count, answers)) {
        redisReply **sold = answers[TABLE_SOLD]->element, **held = answers[TABLE_HELD]->element,
                   **limit = answers[TABLE_LIMIT]->element;
        for (int i = 0; i < count; i++) {
            if (tickets[i]->code.sale_id != 0 || tickets[i]->code.number < 0)
                continue; /* of another sale, perhaps, or no item */
            if (is_there(limit[i]))
                known[i].kind = FACT_USER_LIMIT;
            else if (is_there(sold[count]))
                known[i].kind = FACT_SOLD_OUT;
            else if (is_there(sold[i]))
                known[i].kind = FACT_SOLD;
            else
                known[i] = read_hold(held[i], tickets[i]);
        }
    }
    for (int table = 0; table < TABLES; table++)
        freeReplyObject(answers[table]);
}

/* ---- what is noted ---- */

void facts_note(struct facts *facts, int64_t sale_made_us, const char *user, size_t user_length,
                const struct verdict *verdict, enum fact_kind kind)
{
    if (!facts->context || kind == FACT_NONE || facts->noted == facts->settings->lane.batch_max)
        return;
    /* What is noted at once is of one sale: of another, open beside it, nothing is noted then. */
    if (facts->noted > 0 && facts->noted_sale_us != sale_made_us)
        return;
    struct note *note = &facts->notes[facts->noted++];
    facts->noted_sale_us = sale_made_us;
    /* A sale may stay open beyond its end. */
    int64_t left_ms = (verdict->sale_ends_us - verdict->decided_us) / 1000;
    facts->keep_ms = (left_ms > 0 ? left_ms : 0) + KEEP_AFTER_SALE_MS;

    note->table = TABLE_SOLD;
    note->field_length =
        (size_t)snprintf(note->field, sizeof note->field, "%" PRId32, verdict->code.number);
    note->value[0] = '1';
    note->value_length = 1;
    if (kind == FACT_SOLD_OUT) {
        note->field_length = strlen(all_sold);
        memcpy(note->field, all_sold, note->field_length);
    } else if (kind == FACT_USER_LIMIT) {
        note->table = TABLE_LIMIT;
        note->field_length = user_length;
        memcpy(note->field, user, user_length);
    } else if (kind == FACT_HELD) {
        note->table = TABLE_HELD;
        note->value_length =
            (size_t)snprintf(note->value, sizeof note->value, "%" PRId64 " ", verdict->expires_us);
        memcpy(note->value + note->value_length, user, user_length);
        note->value_length += user_length;
    }
}

/* Adds the commands for the notes of a table, if there are any. */
static bool append_notes(struct facts *facts, enum table table)
{
    int count = 0;
    for (int i = 0; i < facts->noted; i++) {
        const struct note *note = &facts->notes[i];
        if (note->table != table)
            continue;
        argue(facts, count++, note->field, note->field_length);
        argue(facts, count++, note->value, note->value_length);
    }
    if (count == 0)
        return true;
    if (!append(facts, "HSET", facts->noted_sale_us, table, count))
        return false;
    facts->sent++;
    char keep[TIME_BYTES_MAX];
    argue(facts, 0, keep, (size_t)snprintf(keep, sizeof keep, "%" PRId64, facts->keep_ms));
    if (!append(facts, "PEXPIRE", facts->noted_sale_us, table, 1))
        return false;
    facts->sent++;
    return true;
}

void facts_flush(struct facts *facts)
{
    int noted = facts->noted;
    if (!facts->context || noted == 0 || !catch_up(facts))
        return;
    for (int table = 0; table < TABLES; table++)
        if (!append_notes(facts, (enum table)table))
            return;
    facts->noted = 0;
    for (int done = 0; !done;) {
        if (redisBufferWrite(facts->context, &done) != REDIS_OK) {
            fail(facts, facts->context->errstr);
            return;
        }
    }
    metrics_add(facts->metrics, METRIC_FACTS_NOTED, 0, 0, noted);
}
