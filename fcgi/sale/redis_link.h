/*
 * A connection to Redis for one thread. When it fails it is closed, and made anew after a pause
 * that grows while Redis keeps failing. An exchange appends commands, sends them together, and
 * reads their answers in order; all of it takes redis.timeout_ms at most.
 */
#ifndef FCGI_SALE_REDIS_LINK_H
#define FCGI_SALE_REDIS_LINK_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"

struct redis_link;
struct metrics;

enum redis_link_result { REDIS_LINK_DOWN, REDIS_LINK_OPEN, REDIS_LINK_ANEW };

/* NULL: out of memory. Does not connect. Once `stop_fd` is readable no answer is waited for. */
struct redis_link *redis_link_new(const struct settings *settings, struct metrics *metrics,
                                  int stop_fd);
void redis_link_free(struct redis_link *link);

/* Connects where there is no connection and the pause is over: REDIS_LINK_ANEW. */
enum redis_link_result redis_link_ensure(struct redis_link *link)
    __attribute__((warn_unused_result));

/* Appends a command of `count` words. False: it failed. */
bool redis_link_append(struct redis_link *link, int count, const char **words,
                       const size_t *lengths) __attribute__((warn_unused_result));

/* Sends what was appended; redis.timeout_ms begins. False: it failed. */
bool redis_link_send(struct redis_link *link) __attribute__((warn_unused_result));

/* The next answer, which may be an error; the caller frees it. NULL: it failed. */
redisReply *redis_link_read(struct redis_link *link);

/* Whether the last exchange failed because an answer was longer than 512 KiB. */
bool redis_link_was_flooded(const struct redis_link *link);

/* Closes the connection, as after an answer that was late or malformed: the next answer would be
   taken for another command's. */
void redis_link_fail(struct redis_link *link, const char *why);

/* An exchange went well. */
void redis_link_succeed(struct redis_link *link);

/* For poll(2): where it is readable between exchanges, Redis closed it. -1: there is none. */
int redis_link_fd(const struct redis_link *link);

#endif
