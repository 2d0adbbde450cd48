#include "lookup.h"

#include <netdb.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"

enum { HOST_BYTES_MAX = 256 };

struct lookup {
    char host[HOST_BYTES_MAX];
    bool is_numeric;
    pthread_t thread;
    bool is_started;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t changed;
    bool is_wanted; /* the thread is to resolve the name, or is at it */
    bool is_ending;
    bool is_orphan; /* lookup_free() left the rest to the thread */
    bool has_failed;
    char address[INET6_ADDRSTRLEN]; /* "": none was found yet */
};

static bool resolve(const char *host, int flags, char address[INET6_ADDRSTRLEN])
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return false;
    bool good = getnameinfo(found->ai_addr, found->ai_addrlen, address, INET6_ADDRSTRLEN, NULL, 0,
                            NI_NUMERICHOST) == 0;
    freeaddrinfo(found);
    return good;
}

static void dispose(struct lookup *lookup)
{
    pthread_cond_destroy(&lookup->changed);
    pthread_mutex_destroy(&lookup->mutex);
    free(lookup);
}

static void *lookup_main(void *argument)
{
    struct lookup *lookup = argument;
    char address[INET6_ADDRSTRLEN];
    pthread_mutex_lock(&lookup->mutex);
    while (!lookup->is_ending) {
        if (!lookup->is_wanted) {
            pthread_cond_wait(&lookup->changed, &lookup->mutex);
            continue;
        }
        pthread_mutex_unlock(&lookup->mutex);
        bool good = resolve(lookup->host, 0, address);
        pthread_mutex_lock(&lookup->mutex);
        if (good)
            memcpy(lookup->address, address, sizeof address);
        lookup->has_failed = !good;
        lookup->is_wanted = false;
        pthread_cond_broadcast(&lookup->changed);
    }
    bool is_orphan = lookup->is_orphan;
    pthread_mutex_unlock(&lookup->mutex);
    if (is_orphan)
        dispose(lookup);
    return NULL;
}

struct lookup *lookup_new(const char *host)
{
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup)
        return NULL;
    size_t length = strlen(host);
    bool is_bracketed = length > 2 && host[0] == '[' && host[length - 1] == ']';
    snprintf(lookup->host, sizeof lookup->host, "%.*s", (int)(is_bracketed ? length - 2 : length),
             host + is_bracketed);
    pthread_mutex_init(&lookup->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&lookup->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    lookup->is_numeric = resolve(lookup->host, AI_NUMERICHOST, lookup->address);
    return lookup;
}

void lookup_free(struct lookup *lookup)
{
    if (!lookup)
        return;
    pthread_mutex_lock(&lookup->mutex);
    lookup->is_ending = true;
    lookup->is_orphan = lookup->is_wanted;
    bool is_orphan = lookup->is_orphan;
    pthread_t thread = lookup->thread;
    bool is_started = lookup->is_started;
    pthread_cond_broadcast(&lookup->changed);
    pthread_mutex_unlock(&lookup->mutex);
    if (is_orphan) {
        pthread_detach(thread);
        return;
    }
    if (is_started)
        pthread_join(thread, NULL);
    dispose(lookup);
}

/* The caller holds the lock. */
static void start(struct lookup *lookup)
{
    if (!lookup->is_started)
        lookup->is_started = pthread_create(&lookup->thread, NULL, lookup_main, lookup) == 0;
    lookup->is_wanted = lookup->is_started;
    pthread_cond_broadcast(&lookup->changed);
}

bool lookup_get(struct lookup *lookup, int ms_max, char address[INET6_ADDRSTRLEN])
{
    const struct timespec due = clock_timespec(clock_us() + (int64_t)ms_max * 1000);
    pthread_mutex_lock(&lookup->mutex);
    if (!lookup->is_numeric && !lookup->is_wanted)
        start(lookup);
    while (lookup->address[0] == '\0' && lookup->is_wanted && !lookup->has_failed &&
           pthread_cond_timedwait(&lookup->changed, &lookup->mutex, &due) == 0)
        ;
    memcpy(address, lookup->address, sizeof lookup->address);
    pthread_mutex_unlock(&lookup->mutex);
    return address[0] != '\0';
}
