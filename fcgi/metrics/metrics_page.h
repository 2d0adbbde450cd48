/*
 * Metrics as Prometheus reads them: text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */
#ifndef FCGI_METRICS_METRICS_PAGE_H
#define FCGI_METRICS_METRICS_PAGE_H

#include "common/text.h"
#include "metrics.h"

#define METRICS_PAGE_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* All of metric_table, and which workers there are. */
void metrics_page_add(struct text *page, const struct metrics *metrics,
                      const struct metrics_census *census);

/* What stands in front of a metric's rows. */
void metrics_page_head(struct text *page, const char *name, const char *type, const char *help);

/* A row without labels, or with one; `value` is a whole number. */
void metrics_page_row(struct text *page, const char *name, const char *label, const char *is,
                      int64_t value);

#endif
