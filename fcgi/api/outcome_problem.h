/*
 * A table of the problems and statuses by which HTTP clients learn of PostgreSQL's refusals. Any
 * thread.
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

/* Whether the outcome is a refusal. Only refusals have a problem. */
bool outcome_is_refusal(enum outcome outcome);

/* The problem of a refusal. Some statuses are settings, for clients that expect others. */
struct problem outcome_problem(enum outcome outcome, const struct settings *settings);

/* Makes the reply to a refusal, as reply_problem() does. */
void reply_outcome(struct reply *reply, enum outcome outcome, const char *detail,
                   int64_t retry_after_s, const struct settings *settings);

/* Finds the problem with that name, an outcome's or one of problem.h. False: there is none. */
bool problem_named(const char *name, size_t length, const struct settings *settings,
                   struct problem *problem) __attribute__((warn_unused_result));

#endif
