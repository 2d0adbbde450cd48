/* What the command line has the generator do. */
#ifndef GENERATOR_TASK_H
#define GENERATOR_TASK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/options.h"

enum task_kind {
    TASK_GENERATE, /* unless told otherwise */
    TASK_LIST,
    TASK_AUDIT,
    TASK_DRY_RUN
};

struct task {
    enum task_kind kind;
    int32_t sale_id; /* of the sale to audit */
    bool is_json;
};

/* The options of the generator's own, as they were given; NULL: not. */
struct task_options {
    const char *list;
    const char *audit;
    const char *dry_run;
    const char *json;
};

enum { TASK_OPTIONS = 4 };

/* Rows for struct options_program, behind them one without a name. */
void task_options_own(struct task_options *given, struct options_own own[TASK_OPTIONS + 1]);

/* False: what was given makes no task; why is told on `errors`, as the program's word. */
bool task_read(const struct task_options *given, const char *program, struct task *task,
               FILE *errors) __attribute__((warn_unused_result));

/* What the help says of the tasks, and of exit statuses. */
extern const char task_notes[];

#endif
