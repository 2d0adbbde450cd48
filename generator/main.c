/* The hourly program: makes the current sale and those ahead where they are missing. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/database.h"
#include "common/log.h"
#include "common/options.h"
#include "generate.h"

#define PROGRAM "flashsale-generator"

enum { EXIT_SETTINGS = 2, SUMMARY_MAX = 160 };

/*
 * The server limits each statement; this limits the run where the server does not answer at all.
 * What was made until then stays made.
 */
static void give_up(int signal_number)
{
    static const char line[] = "<3>" PROGRAM ": PostgreSQL did not answer in time: given up\n";
    (void)signal_number;
    ssize_t written = write(STDERR_FILENO, line, sizeof line - 1);
    (void)written;
    _exit(EXIT_FAILURE);
}

static void limit_run(const struct settings *settings)
{
    int sales = settings->sale.sales_ahead + 1;
    int sale_s_max = generate_statement_s_max(settings->sale.items_per_sale);
    struct sigaction action = {.sa_handler = give_up};
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    alarm((unsigned)(LOCK_S_MAX + STATEMENT_S_BASE + sales * sale_s_max));
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void print_summary(const struct generate_report *report, const struct settings *settings,
                          double seconds)
{
    const char *plural = report->sales_made == 1 ? "" : "s";
    if (report->sales_made == 0)
        printf("nothing to do: the current sale and the next %d exist", settings->sale.sales_ahead);
    else
        printf("generated %d sale%s (%d", report->sales_made, plural, (int)report->sale_id_first);
    if (report->sales_made > 1)
        printf("%s%d", report->sales_made == 2 ? ", " : " to ", (int)report->sale_id_last);
    if (report->sales_made > 0)
        printf(") with %d items each in %.2f s", settings->sale.items_per_sale, seconds);
    printf("; %d partition%s made, %d dropped\n", report->partitions_made,
           report->partitions_made == 1 ? "" : "s", report->partitions_dropped);
}

int main(int count, char **arguments)
{
    struct settings settings;
    switch (options_read(count, arguments, PROGRAM,
                         "Makes the current sale and the next ones, where they are missing.",
                         &settings)) {
    case OPTIONS_DONE:
        return EXIT_SUCCESS;
    case OPTIONS_REFUSED:
        return EXIT_SETTINGS;
    case OPTIONS_RUN:
        break;
    }
    log_open(PROGRAM, (enum log_level)settings.log.level);
    limit_run(&settings);

    const double began_s = now_s();
    const struct database_options options = {
        .conninfo = settings.database.generator_conninfo,
        .name = "generator",
        .connect_ms_max = settings.database.connect_ms_max,
        .statement_ms_max = generate_statement_s_max(settings.sale.items_per_sale) * 1000};
    struct database *database = database_new(&options);
    struct generate_report report = {0};
    bool good = database && database_ensure(database) &&
                generate(database_connection(database), &settings, &report);
    if (good || report.sales_made > 0)
        print_summary(&report, &settings, now_s() - began_s);
    database_free(database);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
