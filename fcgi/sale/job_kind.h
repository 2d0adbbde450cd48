/*
 * The kinds of jobs. Each kind has batchers of its own, and a row of the table in batch.h.
 */
#ifndef FCGI_SALE_JOB_KIND_H
#define FCGI_SALE_JOB_KIND_H

#include <stdbool.h>

#include "fcgi/store/outcome.h"

enum job_kind { JOB_CHECKOUT, JOB_PURCHASE, JOB_KINDS };

/* As logs and metrics have it: a word. */
const char *job_kind_name(enum job_kind kind);

/* Whether a job of that kind can end with the outcome. */
bool job_kind_may_end(enum job_kind kind, enum outcome outcome);

#endif
