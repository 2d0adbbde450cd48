/*
 * The generator's queries (--list, --audit, --dry-run), a file each. They change nothing. An
 * answer is text or JSON on a stream; a failure is logged. Not shared between threads.
 */
#ifndef GENERATOR_QUERY_H
#define GENERATOR_QUERY_H

#include <stdbool.h>
#include <stdio.h>

#include "common/json_writer.h"
#include "common/settings.h"
#include "store.h"
#include "task.h"

/* How long a statement, and a whole answer, may take: an audit reads days of the log. */
enum { QUERY_STATEMENT_S_MAX = 600, QUERY_S_MAX = 2 * QUERY_STATEMENT_S_MAX };

struct query {
    struct store *store;
    const struct settings *settings;
    const struct task *task;
    FILE *stream;
};

enum query_result {
    QUERY_ANSWERED,
    QUERY_VIOLATED, /* answered: the audit found violations */
    QUERY_FAILED
};

/*
 * Answers the task with one of the functions below; it must not be TASK_GENERATE. All is read in
 * one read-only transaction with one snapshot, which a standby can run too.
 */
enum query_result query_answer(const struct query *query) __attribute__((warn_unused_result));

/*
 * Prints the JSON text that `write` writes, and a line break. `write` may be called more than once,
 * and must write the same each time. False: out of memory, which is logged.
 */
bool query_print_json(const struct query *query,
                      void (*write)(struct json_writer *json, const void *context),
                      const void *context) __attribute__((warn_unused_result));

/* All sales, the newest first. */
enum query_result query_list(const struct query *query) __attribute__((warn_unused_result));

/* A row for each violation in the sale's rows. */
enum query_result query_audit(const struct query *query) __attribute__((warn_unused_result));

/* The sales and partitions that generate() would make or drop now. */
enum query_result query_dry_run(const struct query *query) __attribute__((warn_unused_result));

#endif
