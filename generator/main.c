/*
 * The hourly program: makes the current sale and the next ones if they are missing. It also lists
 * and audits sales, and shows what it would make.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/options.h"
#include "generate.h"
#include "query.h"
#include "store.h"
#include "task.h"

#define PROGRAM "flashsale-generator"

enum { EXIT_SETTINGS = 2, EXIT_NOT_ANSWERED = 3 };

/*
 * The exit status of a run that took too long. The server limits each statement; an alarm limits
 * the run if the server does not answer at all. Sales made until then stay.
 */
static volatile sig_atomic_t status_given_up;

static void give_up(int signal_number)
{
    static const char line[] = "<3>" PROGRAM ": PostgreSQL did not answer in time: given up\n";
    (void)signal_number;
    struct pollfd writable = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&writable, 1, 0) == 1) {
        ssize_t written = write(STDERR_FILENO, line, sizeof line - 1);
        (void)written;
    }
    _exit(status_given_up);
}

static void limit_run(int seconds, int status)
{
    status_given_up = status;
    struct sigaction action = {.sa_handler = give_up};
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    alarm((unsigned)seconds);
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

/* Both tasks return the exit status. */

static int make_sales(struct store *store, const struct settings *settings)
{
    int sales = settings->sale.sales_ahead + 1;
    int sale_s_max = generate_statement_s_max(settings->sale.items_per_sale);
    limit_run(LOCK_S_MAX + STATEMENT_S_BASE + sales * sale_s_max, EXIT_FAILURE);
    const double began_s = now_s();
    struct generate_report report = {0};
    bool good = store_connect(store) && generate(store, settings, &report);
    if (good || report.sales_made > 0)
        print_summary(&report, settings, now_s() - began_s);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int answer(struct store *store, const struct settings *settings, const struct task *task)
{
    static const int statuses[] = {[QUERY_ANSWERED] = EXIT_SUCCESS,
                                   [QUERY_VIOLATED] = EXIT_FAILURE,
                                   [QUERY_FAILED] = EXIT_NOT_ANSWERED};
    limit_run(QUERY_S_MAX, EXIT_NOT_ANSWERED);
    if (!store_connect(store))
        return EXIT_NOT_ANSWERED;
    const struct query query = {store, settings, task, stdout};
    enum query_result result = query_answer(&query);
    /* An answer that could not be written counts as a failure. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        log_error("writing the answer: %s", strerror(errno));
        result = QUERY_FAILED;
    }
    return statuses[result];
}

int main(int count, char **arguments)
{
    struct task_options given;
    struct options_own own[TASK_OPTIONS + 1];
    task_options_own(&given, own);
    const struct options_program program = {
        .name = PROGRAM,
        .purpose = "Makes the current sale and the next ones, where they are missing.",
        .own = own,
        .notes = task_notes};
    struct settings settings;
    switch (options_read(count, arguments, &program, &settings)) {
    case OPTIONS_DONE:
        return EXIT_SUCCESS;
    case OPTIONS_REFUSED:
        return EXIT_SETTINGS;
    case OPTIONS_RUN:
        break;
    }
    struct task task;
    if (!task_read(&given, PROGRAM, &task, stderr))
        return EXIT_SETTINGS;
    log_open(PROGRAM, (enum log_level)settings.log.level);

    bool is_making = task.kind == TASK_GENERATE;
    int sale_s_max = generate_statement_s_max(settings.sale.items_per_sale);
    const struct store_limits limits = {
        .statement_s_max = is_making ? sale_s_max : QUERY_STATEMENT_S_MAX,
        .lock_s_max = is_making ? LOCK_S_MAX : QUERY_STATEMENT_S_MAX,
        .is_for_writing = is_making};
    struct store *store = store_new(&settings, &limits);
    if (!store) {
        log_error("out of memory");
        return is_making ? EXIT_FAILURE : EXIT_NOT_ANSWERED;
    }
    int status = is_making ? make_sales(store, &settings) : answer(store, &settings, &task);
    store_free(store);
    return status;
}
