/* What the generator is to do, from its command line. */
#ifndef GENERATOR_TASK_H
#define GENERATOR_TASK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/options.h"

enum task_kind {
    TASK_GENERATE, /* the default */
    TASK_LIST,
    TASK_AUDIT,
    TASK_DRY_RUN
};

struct task {
    enum task_kind kind;
    int32_t sale_id; /* TASK_AUDIT: the sale to audit */
    bool is_json;
};

/* The generator's own options, as given on the command line; NULL: not given. */
struct task_options {
    const char *list;
    const char *audit;
    const char *dry_run;
    const char *json;
};

enum { TASK_OPTIONS = 4 };

/* Fills the rows for struct options_program, the last one without a name, and clears `given`, which
   they point to. */
void task_options_own(struct task_options *given, struct options_own own[TASK_OPTIONS + 1]);

/* False: the options do not make a task; a line on `errors` says why, after the program's name. */
bool task_read(const struct task_options *given, const char *program, struct task *task,
               FILE *errors) __attribute__((warn_unused_result));

/* The part of the help about tasks and exit statuses. */
extern const char task_notes[];

#endif
