/*
 * The generator's questions (--list, --audit, --dry-run), a file each. They change nothing. An
 * answer is text or JSON on a stream; a failure is logged. Not shared between threads.
 */
#ifndef GENERATOR_ASK_H
#define GENERATOR_ASK_H

#include <stdbool.h>
#include <stdio.h>

#include "common/json_writer.h"
#include "common/settings.h"
#include "store.h"
#include "task.h"

/* How long a statement, and a whole answer, may take: an audit reads days of the log. */
enum { ASK_STATEMENT_S_MAX = 600, ASK_S_MAX = 2 * ASK_STATEMENT_S_MAX };

struct ask {
    struct store *store;
    const struct settings *settings;
    const struct task *task;
    FILE *stream;
};

enum ask_result {
    ASK_ANSWERED,
    ASK_VIOLATED, /* answered: the audit found violations */
    ASK_FAILED
};

/*
 * Answers the task with one of the functions below; it must not be TASK_GENERATE. All is read in
 * one read-only transaction with one snapshot, which a standby can run too.
 */
enum ask_result ask_answer(const struct ask *ask) __attribute__((warn_unused_result));

/*
 * Prints the JSON text that `write` writes, and a line break. `write` may be called more than once,
 * and must write the same each time. False: out of memory, which is logged.
 */
bool ask_print_json(const struct ask *ask,
                    void (*write)(struct json_writer *json, const void *context),
                    const void *context) __attribute__((warn_unused_result));

/* All sales, the newest first. */
enum ask_result ask_list(const struct ask *ask) __attribute__((warn_unused_result));

/* A row for each violation in the sale's rows. */
enum ask_result ask_audit(const struct ask *ask) __attribute__((warn_unused_result));

/* The sales and partitions that generate() would make or drop now. */
enum ask_result ask_dry_run(const struct ask *ask) __attribute__((warn_unused_result));

#endif
