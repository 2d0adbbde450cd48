#include "refusal_cache.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/hash.h"
#include "fcgi/metrics/metrics.h"

enum {
    WAYS = 8,
    ITEM_SETS = REFUSAL_CACHE_ITEMS / WAYS,
    USER_SETS = REFUSAL_CACHE_USERS / WAYS,
    STRIPES = 64,
    CACHE_LINE = 64
};

/* A hash of the holder's name will do: PostgreSQL decides about a user with the same hash. */
struct item_entry {
    int64_t sale_made_us;
    int64_t until_us; /* INT64_MAX: sold */
    uint64_t holder;
    int32_t number; /* 0: empty */
    uint32_t epoch;
};

/* The whole name, for a user is refused by it. */
struct user_entry {
    int64_t sale_made_us;
    uint32_t epoch;
    uint8_t length; /* 0: empty */
    char user[USER_BYTES_MAX];
};

static_assert(sizeof(struct item_entry) == 32 && USER_BYTES_MAX <= UINT8_MAX,
              "two entries to a cache line, and a length that fits");

struct stripe {
    _Alignas(CACHE_LINE) pthread_mutex_t mutex;
};

struct refusal_cache {
    struct metrics *metrics;
    struct item_entry (*items)[WAYS];
    struct user_entry (*users)[WAYS];
    _Atomic uint32_t epoch;                        /* entries of other epochs are forgotten */
    _Atomic int64_t sold_out[REFUSAL_CACHE_SALES]; /* sale_made_us; 0: none */
    _Atomic unsigned sold_out_next;
    struct stripe item_stripes[STRIPES], user_stripes[STRIPES];
};

const char *refusal_name(enum refusal_kind kind)
{
    static const char *const names[REFUSAL_KINDS] = {[REFUSAL_NONE] = "none",
                                                     [REFUSAL_SOLD] = "sold",
                                                     [REFUSAL_HELD] = "held",
                                                     [REFUSAL_USER_LIMIT] = "user_limit",
                                                     [REFUSAL_SOLD_OUT] = "sold_out"};
    return names[kind];
}

const char *refusal_source_name(enum refusal_source source)
{
    static const char *const names[REFUSAL_SOURCES] = {
        [REFUSAL_OF_BATCH] = "batch", [REFUSAL_OF_REDIS] = "redis"};
    return names[source];
}

struct refusal_cache *refusal_cache_new(struct metrics *metrics)
{
    struct refusal_cache *cache = aligned_alloc(CACHE_LINE, sizeof *cache);
    if (!cache)
        return NULL;
    memset(cache, 0, sizeof *cache);
    cache->metrics = metrics;
    cache->items = calloc(ITEM_SETS, sizeof *cache->items);
    cache->users = calloc(USER_SETS, sizeof *cache->users);
    for (int i = 0; i < STRIPES; i++) {
        pthread_mutex_init(&cache->item_stripes[i].mutex, NULL);
        pthread_mutex_init(&cache->user_stripes[i].mutex, NULL);
    }
    if (!cache->items || !cache->users) {
        refusal_cache_free(cache);
        return NULL;
    }
    return cache;
}

void refusal_cache_free(struct refusal_cache *cache)
{
    if (!cache)
        return;
    for (int i = 0; i < STRIPES; i++) {
        pthread_mutex_destroy(&cache->item_stripes[i].mutex);
        pthread_mutex_destroy(&cache->user_stripes[i].mutex);
    }
    free(cache->items);
    free(cache->users);
    free(cache);
}

/* ---- finding an entry ---- */

/* Spreads the bits (the finalizer of SplitMix64). */
static uint64_t mix(uint64_t bits)
{
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebU;
    return bits ^ bits >> 31;
}

static uint64_t item_hash(int64_t sale_made_us, int32_t number)
{
    return mix((uint64_t)sale_made_us + 0x9e3779b97f4a7c15U * (uint32_t)number);
}

static uint64_t user_hash(int64_t sale_made_us, const char *user, size_t length)
{
    return mix((uint64_t)sale_made_us ^ hash_add(HASH_BEGIN, user, length));
}

static uint64_t holder_hash(const char *user, size_t length)
{
    return hash_add(HASH_BEGIN, user, length);
}

/* False: another thread has it, and a batcher does not wait. */
static bool lock(pthread_mutex_t *mutex, enum refusal_source source)
{
    return source == REFUSAL_OF_BATCH ? pthread_mutex_trylock(mutex) == 0
                                      : pthread_mutex_lock(mutex) == 0;
}

static struct item_entry *find_item(struct item_entry set[WAYS], int64_t sale_made_us,
                                    int32_t number, uint32_t epoch)
{
    for (int way = 0; way < WAYS; way++)
        if (set[way].number == number && set[way].sale_made_us == sale_made_us &&
            set[way].epoch == epoch)
            return &set[way];
    return NULL;
}

static struct user_entry *find_user(struct user_entry set[WAYS], int64_t sale_made_us,
                                    const char *user, size_t length, uint32_t epoch)
{
    for (int way = 0; way < WAYS; way++)
        if (set[way].length == length && set[way].sale_made_us == sale_made_us &&
            set[way].epoch == epoch && memcmp(set[way].user, user, length) == 0)
            return &set[way];
    return NULL;
}

/* ---- reading ---- */

static bool is_sold_out(const struct refusal_cache *cache, int64_t sale_made_us)
{
    for (int i = 0; i < REFUSAL_CACHE_SALES; i++)
        if (atomic_load_explicit(&cache->sold_out[i], memory_order_relaxed) == sale_made_us)
            return true;
    return false;
}

static bool is_at_limit(struct refusal_cache *cache, int64_t sale_made_us, const char *user,
                        size_t length, uint32_t epoch)
{
    uint64_t set = user_hash(sale_made_us, user, length) % USER_SETS;
    pthread_mutex_t *mutex = &cache->user_stripes[set % STRIPES].mutex;
    if (length == 0 || !lock(mutex, REFUSAL_OF_BATCH))
        return false;
    bool is = find_user(cache->users[set], sale_made_us, user, length, epoch) != NULL;
    pthread_mutex_unlock(mutex);
    return is;
}

enum refusal_kind refusal_cache_lookup(struct refusal_cache *cache, int64_t sale_made_us,
                                       int32_t number, const char *user, size_t user_length,
                                       int64_t *until_us)
{
    uint32_t epoch = atomic_load_explicit(&cache->epoch, memory_order_relaxed);
    *until_us = INT64_MAX;
    if (sale_made_us == 0 || number < 0)
        return REFUSAL_NONE;
    if (is_at_limit(cache, sale_made_us, user, user_length, epoch))
        return REFUSAL_USER_LIMIT;
    if (is_sold_out(cache, sale_made_us))
        return REFUSAL_SOLD_OUT;

    uint64_t set = item_hash(sale_made_us, number) % ITEM_SETS;
    pthread_mutex_t *mutex = &cache->item_stripes[set % STRIPES].mutex;
    if (number == 0 || !lock(mutex, REFUSAL_OF_BATCH))
        return REFUSAL_NONE;
    enum refusal_kind kind = REFUSAL_NONE;
    const struct item_entry *entry = find_item(cache->items[set], sale_made_us, number, epoch);
    if (entry && entry->until_us == INT64_MAX) {
        kind = REFUSAL_SOLD;
    } else if (entry && entry->holder != holder_hash(user, user_length)) {
        kind = REFUSAL_HELD;
        *until_us = entry->until_us;
    }
    pthread_mutex_unlock(mutex);
    return kind;
}

/* ---- keeping ---- */

static bool put_sold_out(struct refusal_cache *cache, int64_t sale_made_us)
{
    if (is_sold_out(cache, sale_made_us))
        return false;
    unsigned next = atomic_fetch_add(&cache->sold_out_next, 1) % REFUSAL_CACHE_SALES;
    atomic_store_explicit(&cache->sold_out[next], sale_made_us, memory_order_relaxed);
    return true;
}

/* Whether the first is less useful: it is forgotten, of an earlier sale, or ends earlier. */
static bool is_worse_item(const struct item_entry *one, const struct item_entry *other,
                          uint32_t epoch)
{
    bool is_old = one->number == 0 || one->epoch != epoch;
    bool is_other_old = other->number == 0 || other->epoch != epoch;
    if (is_old || is_other_old)
        return is_old && !is_other_old;
    if (one->sale_made_us != other->sale_made_us)
        return one->sale_made_us < other->sale_made_us;
    return one->until_us < other->until_us;
}

/* The caller holds the lock. */
static bool put_item(struct refusal_cache *cache, struct item_entry set[WAYS],
                     const struct item_entry *new)
{
    struct item_entry *entry = find_item(set, new->sale_made_us, new->number, new->epoch);
    if (entry && entry->until_us >= new->until_us)
        return false;
    if (!entry) {
        entry = &set[0];
        for (int way = 1; way < WAYS; way++)
            if (is_worse_item(&set[way], entry, new->epoch))
                entry = &set[way];
        if (entry->number != 0 && entry->epoch == new->epoch) {
            metrics_add(cache->metrics, METRIC_REFUSALS_EVICTED, 0, 0, 1);
            if (is_worse_item(new, entry, new->epoch))
                return true;
        }
    }
    *entry = *new;
    return true;
}

/* The caller holds the lock. Among entries of one sale the hash picks which one goes. */
static bool put_user(struct refusal_cache *cache, struct user_entry set[WAYS],
                     const struct refusal *refusal, uint64_t hash, uint32_t epoch)
{
    if (find_user(set, refusal->sale_made_us, refusal->user, refusal->user_length, epoch))
        return false;
    struct user_entry *entry = &set[hash >> 61];
    for (int way = 0; way < WAYS; way++) {
        if (set[way].length == 0 || set[way].epoch != epoch) {
            entry = &set[way];
            break;
        }
        if (set[way].sale_made_us < entry->sale_made_us)
            entry = &set[way];
    }
    if (entry->length != 0 && entry->epoch == epoch)
        metrics_add(cache->metrics, METRIC_REFUSALS_EVICTED, 0, 0, 1);
    entry->sale_made_us = refusal->sale_made_us;
    entry->epoch = epoch;
    entry->length = refusal->user_length;
    memcpy(entry->user, refusal->user, refusal->user_length);
    return true;
}

static bool keep(struct refusal_cache *cache, const struct refusal *refusal,
                 enum refusal_source source)
{
    uint32_t epoch = atomic_load_explicit(&cache->epoch, memory_order_relaxed);
    bool is_user = refusal->kind == REFUSAL_USER_LIMIT;
    if (refusal->kind == REFUSAL_SOLD_OUT)
        return put_sold_out(cache, refusal->sale_made_us);

    uint64_t hash = is_user ? user_hash(refusal->sale_made_us, refusal->user, refusal->user_length)
                            : item_hash(refusal->sale_made_us, refusal->number);
    uint64_t set = hash % (is_user ? USER_SETS : ITEM_SETS);
    pthread_mutex_t *mutex =
        &(is_user ? cache->user_stripes : cache->item_stripes)[set % STRIPES].mutex;
    const struct item_entry entry = {.sale_made_us = refusal->sale_made_us,
                                     .until_us = refusal->kind == REFUSAL_SOLD ? INT64_MAX
                                                                               : refusal->until_us,
                                     .holder = holder_hash(refusal->user, refusal->user_length),
                                     .number = refusal->number,
                                     .epoch = epoch};
    if (!lock(mutex, source))
        return true;
    bool is_new = is_user ? put_user(cache, cache->users[set], refusal, hash, epoch)
                          : put_item(cache, cache->items[set], &entry);
    pthread_mutex_unlock(mutex);
    return is_new;
}

bool refusal_cache_put(struct refusal_cache *cache, const struct refusal *refusal,
                       enum refusal_source source)
{
    bool is_item = refusal->kind == REFUSAL_SOLD || refusal->kind == REFUSAL_HELD;
    if (!CHECK(refusal->kind > REFUSAL_NONE && refusal->kind < REFUSAL_KINDS) ||
        !CHECK(refusal->sale_made_us != 0 && refusal->user_length <= USER_BYTES_MAX) ||
        !CHECK(refusal->kind != REFUSAL_USER_LIMIT || refusal->user_length > 0) ||
        !CHECK(refusal->number > 0 || !is_item))
        return false;
    if (!keep(cache, refusal, source))
        return false;
    metrics_add(cache->metrics, METRIC_REFUSALS_LEARNED, source, 0, 1);
    return true;
}

void refusal_cache_clear(struct refusal_cache *cache)
{
    atomic_fetch_add(&cache->epoch, 1);
    for (int i = 0; i < REFUSAL_CACHE_SALES; i++)
        atomic_store_explicit(&cache->sold_out[i], 0, memory_order_relaxed);
}
