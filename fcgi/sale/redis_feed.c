#include "redis_feed.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "fcgi/metrics/metrics.h"
#include "redis_link.h"
#include "refusal_text.h"

enum {
    /* In one exchange: refusals sent, and entries read of each stream. */
    ADDED_MAX = 256,
    READ_MAX = 1000,
    KEY_BYTES_MAX = 48,
    ID_BYTES_MAX = 48,
    NUMBER_BYTES_MAX = 24,
    WORDS_MAX = 8,
    /* So often an exchange proves that Redis takes what is added, by adding to a stream of its own.
     */
    PROVE_MS = 1000,
    PROOF_KEEP_MS = 60000
};

static_assert(REFUSAL_CACHE_ITEMS == 131072, "the length of a stream, as below");
static const char stream_length_max[] = "131072";

struct stream {
    int64_t sale_made_us;  /* 0: unused, or the stream of proofs */
    int64_t keep_until_ms; /* by clock_ms() */
    char key[KEY_BYTES_MAX];
    char last_id[ID_BYTES_MAX]; /* of the last entry that was read */
    bool is_kept_anew;          /* this exchange says how long to keep it */
    bool is_foreign;            /* not written by workers alone: to be deleted */
};

/* How many answers of each kind an exchange awaits, in this order. */
struct awaited {
    int deleted, added, expiring, newest, read;
};

struct redis_feed {
    struct redis_link *link;
    struct refusal_cache *cache;
    struct metrics *metrics;
    struct stream proof;
    struct stream streams[REFUSAL_CACHE_SALES];
    int64_t proved_ms;
    bool is_proving; /* in this exchange */
    int added_count;
    struct refusal added[ADDED_MAX];
    struct stream *added_to[ADDED_MAX];
};

struct redis_feed *redis_feed_new(const struct settings *settings, struct refusal_cache *cache,
                                  struct metrics *metrics, int stop_fd)
{
    struct redis_feed *feed = calloc(1, sizeof *feed);
    if (!feed)
        return NULL;
    feed->cache = cache;
    feed->metrics = metrics;
    feed->link = redis_link_new(settings, metrics, stop_fd);
    if (!feed->link) {
        free(feed);
        return NULL;
    }
    snprintf(feed->proof.key, sizeof feed->proof.key, "flashsale:proof:refusals");
    return feed;
}

void redis_feed_free(struct redis_feed *feed)
{
    if (!feed)
        return;
    redis_link_free(feed->link);
    free(feed);
}

int redis_feed_fd(const struct redis_feed *feed)
{
    return redis_link_fd(feed->link);
}

/* ---- sales ---- */

static struct stream *find_stream(struct redis_feed *feed, int64_t sale_made_us)
{
    for (int i = 0; i < REFUSAL_CACHE_SALES; i++)
        if (feed->streams[i].sale_made_us == sale_made_us)
            return &feed->streams[i];
    return NULL;
}

/* One that is unused or no longer needed, or else the one that is kept for the shortest time. */
static struct stream *find_replaceable(struct redis_feed *feed)
{
    struct stream *stream = &feed->streams[0];
    for (int i = 1; i < REFUSAL_CACHE_SALES; i++)
        if (feed->streams[i].keep_until_ms < stream->keep_until_ms)
            stream = &feed->streams[i];
    return stream;
}

static void begin_stream(struct stream *stream)
{
    snprintf(stream->last_id, sizeof stream->last_id, "0-0");
}

void redis_feed_open_sale(struct redis_feed *feed, int64_t sale_made_us, int64_t keep_ms)
{
    struct stream *stream = find_stream(feed, sale_made_us);
    if (!stream) {
        stream = find_replaceable(feed);
        for (int i = 0; i < feed->added_count; i++)
            if (feed->added_to[i] == stream)
                return; /* it is still to be sent; a batcher repeats that the sale is open */
        *stream = (struct stream){.sale_made_us = sale_made_us};
        snprintf(stream->key, sizeof stream->key, "flashsale:%" PRId64 ":refusals", sale_made_us);
        begin_stream(stream);
    }
    stream->keep_until_ms = clock_ms() + keep_ms;
}

bool redis_feed_add(struct redis_feed *feed, const struct refusal *refusal)
{
    struct stream *stream = find_stream(feed, refusal->sale_made_us);
    if (feed->added_count == ADDED_MAX)
        return false;
    if (!stream) {
        metrics_add(feed->metrics, METRIC_REFUSALS_DROPPED, 0, 0, 1);
        return true;
    }
    feed->added[feed->added_count] = *refusal;
    feed->added_to[feed->added_count++] = stream;
    return true;
}

/* ---- what is sent ---- */

struct command {
    int count;
    const char *words[WORDS_MAX];
    size_t lengths[WORDS_MAX];
};

static void add_bytes(struct command *command, const char *bytes, size_t length)
{
    command->words[command->count] = bytes;
    command->lengths[command->count++] = length;
}

static void add_word(struct command *command, const char *word)
{
    add_bytes(command, word, strlen(word));
}

static bool append(struct redis_feed *feed, struct command *command)
{
    return redis_link_append(feed->link, command->count, command->words, command->lengths);
}

static bool append_delete(struct redis_feed *feed, struct stream *stream, struct awaited *awaited)
{
    struct command command = {0};
    if (!stream->is_foreign)
        return true;
    stream->is_foreign = false;
    awaited->deleted++;
    add_word(&command, "DEL");
    add_word(&command, stream->key);
    return append(feed, &command);
}

static bool append_add(struct redis_feed *feed, struct stream *stream, const char *length_max,
                       const char *field, const char *value, size_t length)
{
    struct command command = {0};
    stream->is_kept_anew = true;
    add_word(&command, "XADD");
    add_word(&command, stream->key);
    add_word(&command, "MAXLEN");
    add_word(&command, "~");
    add_word(&command, length_max);
    add_word(&command, "*");
    add_word(&command, field);
    add_bytes(&command, value, length);
    return append(feed, &command);
}

static bool append_expire(struct redis_feed *feed, struct stream *stream, struct awaited *awaited)
{
    char keep[NUMBER_BYTES_MAX];
    struct command command = {0};
    if (!stream->is_kept_anew)
        return true;
    stream->is_kept_anew = false;
    awaited->expiring++;
    int64_t keep_ms = stream->keep_until_ms - clock_ms();
    snprintf(keep, sizeof keep, "%" PRId64, keep_ms > 1 ? keep_ms : 1);
    add_word(&command, "PEXPIRE");
    add_word(&command, stream->key);
    add_word(&command, keep);
    return append(feed, &command);
}

static bool append_newest(struct redis_feed *feed, const struct stream *stream,
                          struct awaited *awaited)
{
    struct command command = {0};
    awaited->newest++;
    add_word(&command, "XREVRANGE");
    add_word(&command, stream->key);
    add_word(&command, "+");
    add_word(&command, "-");
    add_word(&command, "COUNT");
    add_word(&command, "1");
    return append(feed, &command);
}

static bool append_read(struct redis_feed *feed, const struct stream *stream)
{
    char count[NUMBER_BYTES_MAX];
    struct command command = {0};
    snprintf(count, sizeof count, "%d", READ_MAX);
    add_word(&command, "XREAD");
    add_word(&command, "COUNT");
    add_word(&command, count);
    add_word(&command, "STREAMS");
    add_word(&command, stream->key);
    add_word(&command, stream->last_id);
    return append(feed, &command);
}

static bool is_open(const struct stream *stream)
{
    return stream->sale_made_us != 0 && stream->keep_until_ms > clock_ms();
}

static bool append_adds(struct redis_feed *feed, struct awaited *awaited)
{
    for (int i = 0; i < feed->added_count; i++) {
        char value[REFUSAL_TEXT_MAX];
        size_t length = refusal_write(&feed->added[i], value);
        if (!append_add(feed, feed->added_to[i], stream_length_max,
                        refusal_name(feed->added[i].kind), value, length))
            return false;
        awaited->added++;
    }
    if (!feed->is_proving)
        return true;
    /* Redis may answer reads and refuse writes. And a worker may have added the first entry of a
       stream, and ended before it said how long to keep it. */
    feed->proof.keep_until_ms = clock_ms() + PROOF_KEEP_MS;
    for (int i = 0; i < REFUSAL_CACHE_SALES; i++)
        feed->streams[i].is_kept_anew |= is_open(&feed->streams[i]);
    awaited->added++;
    return append_add(feed, &feed->proof, "1", "proof", "1", 1);
}

/* Where no stream is open the stream of proofs is read, so that Redis has to answer. */
static bool append_all(struct redis_feed *feed, struct stream *read[REFUSAL_CACHE_SALES],
                       struct awaited *awaited)
{
    feed->is_proving = clock_ms() - feed->proved_ms >= PROVE_MS;
    bool good = append_delete(feed, &feed->proof, awaited);
    for (int i = 0; good && i < REFUSAL_CACHE_SALES; i++)
        good = append_delete(feed, &feed->streams[i], awaited);
    good = good && append_adds(feed, awaited) && append_expire(feed, &feed->proof, awaited);
    for (int i = 0; good && i < REFUSAL_CACHE_SALES; i++)
        good = append_expire(feed, &feed->streams[i], awaited);

    for (int i = 0; i < REFUSAL_CACHE_SALES; i++)
        if (is_open(&feed->streams[i]))
            read[awaited->read++] = &feed->streams[i];
    for (int i = 0; good && feed->is_proving && i < awaited->read; i++)
        good = append_newest(feed, read[i], awaited);
    if (awaited->read == 0) {
        read[awaited->read++] = &feed->proof;
        begin_stream(&feed->proof);
    }
    for (int i = 0; good && i < awaited->read; i++)
        good = append_read(feed, read[i]);
    return good;
}

/* ---- what is answered ---- */

/* Whether an error says that the key is no stream, or that nothing can be added to it. */
static bool is_about_stream(const char *error)
{
    return strncmp(error, "WRONGTYPE", strlen("WRONGTYPE")) == 0 ||
           strncmp(error, "ERR", strlen("ERR")) == 0;
}

/* The next answer; NULL: it failed. An error about `stream`, unless that is NULL, marks it. */
static redisReply *read_answer(struct redis_feed *feed, struct stream *stream)
{
    redisReply *reply = redis_link_read(feed->link);
    if (!reply) {
        if (stream && redis_link_was_flooded(feed->link))
            stream->is_foreign = true;
        return NULL;
    }
    if (reply->type != REDIS_REPLY_ERROR)
        return reply;
    if (stream && is_about_stream(reply->str))
        stream->is_foreign = true;
    redis_link_fail(feed->link, reply->str);
    freeReplyObject(reply);
    return NULL;
}

static bool pass_answers(struct redis_feed *feed, int count)
{
    for (; count > 0; count--) {
        redisReply *reply = read_answer(feed, NULL);
        if (!reply)
            return false;
        freeReplyObject(reply);
    }
    return true;
}

/* Counts the refusals that Redis took in `arrived`. */
static bool read_added(struct redis_feed *feed, int count, int *arrived)
{
    for (int i = 0; i < count; i++) {
        bool is_proof = i >= feed->added_count;
        redisReply *reply = read_answer(feed, is_proof ? &feed->proof : feed->added_to[i]);
        if (!reply)
            return false;
        freeReplyObject(reply);
        if (is_proof)
            feed->proved_ms = clock_ms();
        else
            (*arrived)++;
    }
    return true;
}

static bool is_array(const redisReply *reply, size_t length_min)
{
    return reply->type == REDIS_REPLY_ARRAY && reply->elements >= length_min;
}

static bool is_text(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS;
}

/* Takes an entry: its id, and fields and values in turn. False: it is malformed. */
static bool take_entry(struct redis_feed *feed, struct stream *stream, const redisReply *entry)
{
    if (!is_array(entry, 2) || !is_text(entry->element[0]) ||
        (size_t)entry->element[0]->len >= sizeof stream->last_id ||
        entry->element[1]->type != REDIS_REPLY_ARRAY)
        return false;
    const redisReply *id = entry->element[0], *pairs = entry->element[1];
    memcpy(stream->last_id, id->str, (size_t)id->len);
    stream->last_id[id->len] = '\0';
    for (size_t i = 0; i + 1 < pairs->elements; i += 2) {
        const redisReply *field = pairs->element[i], *value = pairs->element[i + 1];
        struct refusal refusal;
        if (!is_text(field) || !is_text(value) ||
            !refusal_read(field->str, (size_t)field->len, value->str, (size_t)value->len, &refusal))
            continue;
        refusal.sale_made_us = stream->sale_made_us;
        refusal_cache_put(feed->cache, &refusal, REFUSAL_OF_REDIS);
    }
    return true;
}

/* Takes XREAD's answer about one stream: nothing, or its key and entries. False: it is malformed.
 */
static bool take_entries(struct redis_feed *feed, struct stream *stream, const redisReply *reply,
                         bool *is_more)
{
    if (reply->type == REDIS_REPLY_NIL)
        return true;
    if (!is_array(reply, 1) || !is_array(reply->element[0], 2) ||
        reply->element[0]->element[1]->type != REDIS_REPLY_ARRAY)
        return false;
    const redisReply *entries = reply->element[0]->element[1];
    if (stream == &feed->proof)
        return true;
    *is_more |= entries->elements >= READ_MAX;
    for (size_t i = 0; i < entries->elements; i++)
        if (!take_entry(feed, stream, entries->element[i]))
            return false;
    return true;
}

/* Whether one id, as in "MILLISECONDS-NUMBER", comes before the other. */
static bool is_before(const char *one, const char *other)
{
    char *one_end, *other_end;
    unsigned long long one_ms = strtoull(one, &one_end, 10);
    unsigned long long other_ms = strtoull(other, &other_end, 10);
    if (one_ms != other_ms)
        return one_ms < other_ms;
    return strtoull(one_end + (*one_end == '-'), NULL, 10) <
           strtoull(other_end + (*other_end == '-'), NULL, 10);
}

/*
 * A stream that ends before the last entry read is another one, and is read from its beginning:
 * Redis was emptied and its clock was set back, or somebody had added an entry with an id of their
 * own.
 */
static bool read_newest(struct redis_feed *feed, struct stream *const *streams, int count)
{
    for (int i = 0; i < count; i++) {
        redisReply *reply = read_answer(feed, streams[i]);
        if (!reply)
            return false;
        const redisReply *entry = is_array(reply, 1) ? reply->element[0] : NULL;
        bool is_known = entry && is_array(entry, 1) && is_text(entry->element[0]);
        if (!is_known || is_before(entry->element[0]->str, streams[i]->last_id))
            begin_stream(streams[i]);
        freeReplyObject(reply);
    }
    return true;
}

static bool read_streams(struct redis_feed *feed, struct stream *const *streams, int count,
                         bool *is_more)
{
    for (int i = 0; i < count; i++) {
        redisReply *reply = read_answer(feed, streams[i]);
        if (!reply)
            return false;
        bool good = take_entries(feed, streams[i], reply, is_more);
        freeReplyObject(reply);
        if (!good) {
            redis_link_fail(feed->link, "an answer of another kind than asked for");
            return false;
        }
    }
    return true;
}

/* It may be another Redis, or an empty one: streams are read again, and the proof is due. */
static void begin_anew(struct redis_feed *feed)
{
    for (int i = 0; i < REFUSAL_CACHE_SALES; i++)
        begin_stream(&feed->streams[i]);
    feed->proved_ms = clock_ms() - PROVE_MS;
}

enum redis_feed_result redis_feed_exchange(struct redis_feed *feed)
{
    struct awaited awaited = {0};
    struct stream *read[REFUSAL_CACHE_SALES];
    bool is_more = false;
    enum redis_link_result link = redis_link_ensure(feed->link);
    if (link == REDIS_LINK_ANEW)
        begin_anew(feed);
    int arrived = 0;
    bool good = link != REDIS_LINK_DOWN && append_all(feed, read, &awaited) &&
                redis_link_send(feed->link) && pass_answers(feed, awaited.deleted) &&
                read_added(feed, awaited.added, &arrived) && pass_answers(feed, awaited.expiring) &&
                read_newest(feed, read, awaited.newest) &&
                read_streams(feed, read, awaited.read, &is_more);
    metrics_add(feed->metrics, METRIC_REFUSALS_SHARED, 0, 0, arrived);
    metrics_add(feed->metrics, METRIC_REFUSALS_DROPPED, 0, 0, feed->added_count - arrived);
    feed->added_count = 0;
    if (!good)
        return REDIS_FEED_DOWN;
    redis_link_succeed(feed->link);
    return is_more ? REDIS_FEED_MORE : REDIS_FEED_DONE;
}
