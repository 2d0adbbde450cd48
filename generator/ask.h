/*
 * What is asked of the generator and changes nothing: a file each. An answer is text or JSON on a
 * stream; why there is none is logged.
 */
#ifndef GENERATOR_ASK_H
#define GENERATOR_ASK_H

#include <stdbool.h>
#include <stdio.h>

#include "common/json_writer.h"
#include "common/settings.h"
#include "store.h"
#include "task.h"

/* How long a statement may take: an audit reads days of the log. */
enum { ASK_STATEMENT_S_MAX = 600, ASK_S_MAX = 2 * ASK_STATEMENT_S_MAX };

struct ask {
    struct store *store;
    const struct settings *settings;
    const struct task *task;
    FILE *stream;
};

enum ask_result {
    ASK_ANSWERED,
    ASK_VIOLATED, /* answered, and something must not be as it is */
    ASK_FAILED
};

/*
 * Answers whichever of the below the task is, of which TASK_GENERATE is none, in a transaction that
 * sees one moment and can change nothing; also on a standby.
 */
enum ask_result ask_answer(const struct ask *ask) __attribute__((warn_unused_result));

/*
 * Writes one JSON text, as `write` has it, and a line's end. `write` may be called more than once.
 * False: out of memory, which is logged.
 */
bool ask_print_json(const struct ask *ask,
                    void (*write)(struct json_writer *json, const void *context),
                    const void *context) __attribute__((warn_unused_result));

/* All sales, the newest first. */
enum ask_result ask_list(const struct ask *ask) __attribute__((warn_unused_result));

/* A row for each thing about the sale that must not be. */
enum ask_result ask_audit(const struct ask *ask) __attribute__((warn_unused_result));

/* What generate() would do now. */
enum ask_result ask_dry_run(const struct ask *ask) __attribute__((warn_unused_result));

#endif
