/*
 * What a run is to do, as the settings want it and the database says it is not done yet
 * (sql/deploy/generator.sql).
 */
#ifndef GENERATOR_PLAN_H
#define GENERATOR_PLAN_H

#include "common/settings.h"
#include "query.h"

/* The columns of a missing sale, in the order in which sale_add() takes them. */
enum plan_sale {
    PLAN_STARTS_AT,
    PLAN_ENDS_AT,
    PLAN_ITEMS_TOTAL,
    PLAN_PURCHASE_LIMIT,
    PLAN_HOLD_S,
    PLAN_STAYS_OPEN,
    PLAN_SALE_COLUMNS
};

/* A row for each sale that is missing, the first to begin first. */
void plan_sales(struct query *query, const struct settings *settings);

/* A row for each partition of the log that is to be made or dropped. */
void plan_partitions(struct query *query, const struct settings *settings);

/* Does that: one row, how many were made and how many dropped. */
void plan_partitions_keep(struct query *query, const struct settings *settings);

#endif
