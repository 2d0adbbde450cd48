/* flashsale-fcgi: a worker of the sale, under spawn-fcgi behind a web server. */
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/log.h"
#include "common/options.h"
#include "fcgi/server/listen.h"
#include "fcgi/server/notify.h"
#include "worker.h"

enum {
    LISTEN_BACKLOG = 1024,
    /* Threads allocate little, and malloc would give each an arena of its own. */
    HEAPS = 2,
    OTHER_DESCRIPTORS = 128
};

/* One for each connection, and OTHER_DESCRIPTORS; the hard limit bounds them (getrlimit(2)). */
static void allow_descriptors(int connections_max)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)connections_max + OTHER_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < wanted)
        log_warning("open files are limited to %llu, so there will be fewer connections than "
                    "worker.connections_max = %d",
                    (unsigned long long)limit.rlim_cur, connections_max);
}

int main(int count, char **arguments)
{
    static const struct options_program program = {
        .name = "flashsale-fcgi",
        .purpose = "Answers checkouts and purchases behind a web server."};
    static struct settings settings;
    switch (options_read(count, arguments, &program, &settings)) {
    case OPTIONS_RUN:
        break;
    case OPTIONS_DONE:
        return EXIT_SUCCESS;
    case OPTIONS_REFUSED:
        return 2;
    }
    log_open(program.name, (enum log_level)settings.log.level);

    /* Only this thread takes signals, and only in sigtimedwait(). */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1); /* libfcgi has a handler for it that would end accepting */
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    mallopt(M_ARENA_MAX, HEAPS);
    /* A thread that wakes up does not preempt the running one (sched(7)): where processors are
       short this spares most context switches, and batches grow by themselves. */
    const struct sched_param priority = {.sched_priority = 0};
    if (sched_setscheduler(0, SCHED_BATCH, &priority) != 0)
        log_warning("SCHED_BATCH: %s", strerror(errno));

    allow_descriptors(settings.worker.connections_max);
    int listen_fd = settings.worker.listen[0] ? listen_at(settings.worker.listen, LISTEN_BACKLOG)
                                              : listen_given();
    if (listen_fd < 0)
        return EXIT_FAILURE;
    struct worker *worker = worker_start(&settings, listen_fd);
    log_info("%d threads, %d + %d batchers, up to %d connections: ready", settings.worker.threads,
             settings.batch.checkout_batchers, settings.batch.purchase_batchers,
             settings.worker.connections_max);
    notify(NOTIFY_READY);

    const struct timespec tick = {.tv_nsec = WORKER_TICK_MS * 1000000L};
    int signal_number;
    sigdelset(&signals, SIGUSR1);
    while ((signal_number = sigtimedwait(&signals, NULL, &tick)) < 0)
        worker_tick(worker);
    notify(NOTIFY_STOPPING);
    log_info("stopping on signal %d", signal_number);
    if (worker_stop(worker))
        log_info("stopped: every request in flight was answered");
    return EXIT_SUCCESS;
}
