#include "faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The allocator's functions are called before a sanitizer is initialized. */
#define UNCHECKED __attribute__((no_sanitize("address", "thread", "undefined")))

static _Atomic int armed = FAULTS; /* enum fault; FAULTS: none */
static _Atomic int calls_left;
static _Atomic bool is_lasting_one;
static _Atomic bool has_failed;
static _Thread_local bool is_spared;

/* Libraries that end the process without memory, and the addresses of their code. */
static struct {
    const char *name;
    uintptr_t begin;
    uintptr_t end;
} spared[] = {{.name = "libfcgi"}, {.name = "libhiredis"}};

enum { SPARED = sizeof spared / sizeof spared[0] };

static int find_spared(struct dl_phdr_info *object, size_t size, void *context)
{
    (void)size;
    int *found = context;
    for (int i = 0; i < SPARED; i++) {
        if (!strstr(object->dlpi_name, spared[i].name))
            continue;
        for (int j = 0; j < object->dlpi_phnum; j++) {
            const ElfW(Phdr) *part = &object->dlpi_phdr[j];
            if (part->p_type == PT_LOAD && (part->p_flags & PF_X)) {
                spared[i].begin = object->dlpi_addr + part->p_vaddr;
                spared[i].end = spared[i].begin + part->p_memsz;
            }
        }
        (*found)++;
    }
    return 0;
}

void faults_open(void)
{
    int found = 0;
    dl_iterate_phdr(find_spared, &found);
    if (found != SPARED)
        abort();
}

void faults_spare_thread(void)
{
    is_spared = true;
}

void faults_arm(enum fault fault, int n, bool is_lasting)
{
    atomic_store(&has_failed, false);
    atomic_store(&is_lasting_one, is_lasting);
    atomic_store(&calls_left, n);
    atomic_store(&armed, (int)fault);
}

bool faults_disarm(void)
{
    atomic_store(&armed, FAULTS);
    return atomic_load(&has_failed);
}

/* Whether this call is to fail. */
UNCHECKED static bool fails(enum fault fault)
{
    if (atomic_load(&armed) != (int)fault || is_spared)
        return false;
    int left = atomic_fetch_sub(&calls_left, 1);
    if (left != 1 && !(left < 1 && atomic_load(&is_lasting_one)))
        return false;
    atomic_store(&has_failed, true);
    return true;
}

/* ---- memory: these call the C library's functions, or the sanitizer's ---- */

UNCHECKED static bool memory_fails(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    for (int i = 0; i < SPARED; i++)
        if (at >= spared[i].begin && at < spared[i].end)
            return false;
    if (!fails(FAULT_MEMORY))
        return false;
    errno = ENOMEM;
    return true;
}

UNCHECKED void *malloc(size_t size)
{
    static void *(*next)(size_t);
    if (!next)
        next = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
    return memory_fails(__builtin_return_address(0)) ? NULL : next(size);
}

UNCHECKED void *calloc(size_t count, size_t size)
{
    static void *(*next)(size_t, size_t);
    if (!next)
        next = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
    return memory_fails(__builtin_return_address(0)) ? NULL : next(count, size);
}

UNCHECKED void *realloc(void *bytes, size_t size)
{
    static void *(*next)(void *, size_t);
    if (!next)
        next = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
    return memory_fails(__builtin_return_address(0)) ? NULL : next(bytes, size);
}

/* ---- libpq and hiredis: functions that may fail replace theirs ---- */

/* Memory that the C library allocates for hiredis, as by strdup(3), does not fail either. */

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,bugprone-macro-parentheses)
 */
#define WRAP(fault, type, name, failure, parameters, arguments)                                    \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        if (fails(fault))                                                                          \
            return (failure);                                                                      \
        bool was_spared = is_spared;                                                               \
        is_spared |= (fault) == FAULT_REDIS;                                                       \
        type returned = __real_##name arguments;                                                   \
        is_spared = was_spared;                                                                    \
        return returned;                                                                           \
    }

WRAP(FAULT_POSTGRESQL, PGconn *, PQconnectdbParams, NULL,
     (const char *const *keywords, const char *const *values, int expand),
     (keywords, values, expand))
WRAP(FAULT_POSTGRESQL, int, PQsendPrepare, 0,
     (PGconn * connection, const char *name, const char *query, int count, const Oid *types),
     (connection, name, query, count, types))
WRAP(FAULT_POSTGRESQL, int, PQsendQueryPrepared, 0,
     (PGconn * connection, const char *name, int count, const char *const *values,
      const int *lengths, const int *formats, int result_format),
     (connection, name, count, values, lengths, formats, result_format))
WRAP(FAULT_POSTGRESQL, int, PQconsumeInput, 0, (PGconn * connection), (connection))
WRAP(FAULT_POSTGRESQL, int, PQsocket, -1, (const PGconn *connection), (connection))
WRAP(FAULT_POSTGRESQL, ConnStatusType, PQstatus, CONNECTION_BAD, (const PGconn *connection),
     (connection))
WRAP(FAULT_POSTGRESQL, ExecStatusType, PQresultStatus, PGRES_FATAL_ERROR, (const PGresult *result),
     (result))

/* libpq reads a result for which there is no memory, and drops it. */
PGresult *__real_PQgetResult(PGconn *connection);
PGresult *__wrap_PQgetResult(PGconn *connection);
PGresult *__wrap_PQgetResult(PGconn *connection)
{
    PGresult *result = __real_PQgetResult(connection);
    if (!fails(FAULT_POSTGRESQL))
        return result;
    PQclear(result);
    return NULL;
}

WRAP(FAULT_REDIS, redisContext *, redisConnectUnixWithTimeout, NULL,
     (const char *path, const struct timeval timeout), (path, timeout))
WRAP(FAULT_REDIS, int, redisSetTimeout, REDIS_ERR,
     (redisContext * context, const struct timeval timeout), (context, timeout))
WRAP(FAULT_REDIS, int, redisAppendCommandArgv, REDIS_ERR,
     (redisContext * context, int count, const char **arguments, const size_t *lengths),
     (context, count, arguments, lengths))
WRAP(FAULT_REDIS, int, redisBufferWrite, REDIS_ERR, (redisContext * context, int *done),
     (context, done))
WRAP(FAULT_REDIS, int, redisBufferRead, REDIS_ERR, (redisContext * context), (context))
WRAP(FAULT_REDIS, int, redisGetReplyFromReader, REDIS_ERR, (redisContext * context, void **reply),
     (context, reply))
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,bugprone-macro-parentheses) */
