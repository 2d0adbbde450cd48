#include "plan.h"

static const char sales_sql[] =
    "SELECT starts_at, ends_at, $4::integer AS items_total, $5::integer AS purchase_limit,"
    "       $3::integer AS hold_s, $6::boolean AS stays_open"
    " FROM flashsale.sale_plan($1::integer, $2::integer, $3::integer)";

#define PARTITIONS_ARGUMENTS                                                                       \
    "flashsale.attempt_partitions_until($1::integer, $2::integer), $3::integer"

static const char partitions_sql[] =
    "SELECT action, partition, day FROM flashsale.attempt_partitions_due(" PARTITIONS_ARGUMENTS ")";

static const char partitions_keep_sql[] =
    "SELECT made, dropped FROM flashsale.attempt_partitions(" PARTITIONS_ARGUMENTS ")";

void plan_sales(struct query *query, const struct settings *settings)
{
    query_begin(query, "looking for missing sales", sales_sql);
    query_integer(query, settings->sale.duration_s);
    query_integer(query, settings->sale.sales_ahead);
    query_integer(query, settings->sale.hold_s);
    query_integer(query, settings->sale.items_per_sale);
    query_integer(query, settings->sale.purchase_limit);
    query_text(query, settings->sale.stays_open_until_sold_out ? "t" : "f");
}

static void begin_partitions(struct query *query, const char *sql, const struct settings *settings)
{
    query_begin(query, "partitions of the log", sql);
    query_integer(query, settings->sale.duration_s);
    query_integer(query, settings->sale.sales_ahead);
    query_integer(query, settings->attempt.retention_days);
}

void plan_partitions(struct query *query, const struct settings *settings)
{
    begin_partitions(query, partitions_sql, settings);
}

void plan_partitions_keep(struct query *query, const struct settings *settings)
{
    begin_partitions(query, partitions_keep_sql, settings);
}
