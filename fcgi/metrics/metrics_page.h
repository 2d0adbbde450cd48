/*
 * The page that Prometheus reads, in its text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Any thread.
 */
#ifndef FCGI_METRICS_METRICS_PAGE_H
#define FCGI_METRICS_METRICS_PAGE_H

#include "common/text.h"
#include "metrics.h"

#define METRICS_PAGE_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Adds all metrics of metric_table, and those of each worker. */
void metrics_page_add(struct text *page, const struct metrics *metrics,
                      const struct metrics_census *census);

/* Adds the lines before a metric's rows: its help and its type. */
void metrics_page_head(struct text *page, const char *name, const char *type, const char *help);

/* Adds a row with one label, or without one: then `label` is NULL. */
void metrics_page_row(struct text *page, const char *name, const char *label,
                      const char *label_value, int64_t value);

#endif
