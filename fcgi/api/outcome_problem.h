/*
 * How a refusal by PostgreSQL is told over HTTP: the problem that an outcome is, with its status.
 * One table. Any thread.
 */
#ifndef FCGI_API_OUTCOME_PROBLEM_H
#define FCGI_API_OUTCOME_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/settings.h"
#include "fcgi/http/problem.h"
#include "fcgi/http/reply.h"
#include "fcgi/store/outcome.h"

/* Whether it refuses what was asked: only then it is a problem. */
bool outcome_is_refusal(enum outcome outcome);

/* The problem that a refusal is; some statuses are settings, for clients that expect others. */
struct problem outcome_problem(enum outcome outcome, const struct settings *settings);

/* Replies so, as reply_problem() does. */
void reply_outcome(struct reply *reply, enum outcome outcome, const char *detail,
                   int64_t retry_after_s, const struct settings *settings);

/* The problem of that name, an outcome's or HTTP's own. False: there is none. */
bool problem_named(const char *name, size_t length, const struct settings *settings,
                   struct problem *problem) __attribute__((warn_unused_result));

#endif
