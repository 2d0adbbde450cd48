#include "plan.h"

static const char sales_sql[] =
    "SELECT lower(gap) AS starts_at, upper(gap) AS ends_at, $4::integer AS items_total,"
    "       $5::integer AS purchase_limit, $3::integer AS hold_s, $6::boolean AS stays_open"
    " FROM generate_series(0, $2::integer) ahead"
    " CROSS JOIN LATERAL (SELECT (floor(extract(epoch FROM now()) / $1::integer) + ahead)"
    "                            * $1::integer AS start_s) place"
    " CROSS JOIN LATERAL (SELECT tstzrange(to_timestamp(start_s::double precision),"
    "                                      to_timestamp((start_s + $1::integer)"
    "                                                   ::double precision)) AS wanted) w"
    " CROSS JOIN LATERAL unnest(tstzmultirange(wanted) - coalesce("
    "     (SELECT range_agg(tstzrange(s.starts_at, s.ends_at)) FROM flashsale.sale s"
    "      WHERE NOT s.beside_others AND tstzrange(s.starts_at, s.ends_at) && wanted), "
    "tstzmultirange())) gap"
    " WHERE upper(gap) > now()"
    "   AND upper(gap) - lower(gap) >= make_interval(secs => $3::integer)"
    " ORDER BY lower(gap)";

/* The log needs partitions for the days to come; a month ahead is enough for an hourly run. */
#define PARTITIONS_ARGUMENTS                                                                       \
    "least(to_timestamp(((floor(extract(epoch FROM now()) / $1::integer) + $2::integer + 1)"       \
    "                    * $1::integer)::double precision),"                                       \
    "      now() + interval '31 days'), $3::integer"

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
