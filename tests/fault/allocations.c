/*
 * Counts the calls to the allocator by the program's own code, and its calls that have json-c read.
 * ld(1) replaces these functions in that code only (--wrap). When the program ends, the count is
 * written to the file $ALLOCATIONS.PID.
 */
#include <json-c/json_tokener.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
struct json_object *__real_json_tokener_parse_ex(struct json_tokener *tokener, const char *text,
                                                 int length);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);
struct json_object *__wrap_json_tokener_parse_ex(struct json_tokener *tokener, const char *text,
                                                 int length);

static _Atomic long allocations;

void *__wrap_malloc(size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text)
{
    atomic_fetch_add(&allocations, 1);
    return __real_strdup(text);
}

struct json_object *__wrap_json_tokener_parse_ex(struct json_tokener *tokener, const char *text,
                                                 int length)
{
    atomic_fetch_add(&allocations, 1);
    return __real_json_tokener_parse_ex(tokener, text, length);
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

__attribute__((destructor)) static void write_count(void)
{
    char path[256];
    const char *where = getenv("ALLOCATIONS");
    snprintf(path, sizeof path, "%s.%d", where ? where : "allocations", (int)getpid());
    FILE *file = fopen(path, "w");
    if (!file)
        return;
    fprintf(file, "%ld\n", atomic_load(&allocations));
    fclose(file);
}
