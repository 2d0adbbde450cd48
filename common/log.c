#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

enum {
    LINE_BYTES_MAX = 1024,
    LINES_MAX = 256, /* that wait to be written */
    EXIT_MS_MAX = 500,
    AGAIN_MS = 100 /* another process may have made standard error non-blocking: retry then */
};

struct line {
    size_t length;
    char bytes[LINE_BYTES_MAX];
};

static struct {
    const char *program;
    enum log_level level_max;
    bool is_running;       /* the log's thread writes; false: the calling thread does */
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t came;
    pthread_cond_t written;
    struct line lines[LINES_MAX];
    int first, count;        /* the thread may be writing the first */
    int64_t lost_unreported; /* lost since the last notice */
    _Atomic int64_t lost;
} logging = {.program = "flashsale",
             .level_max = LOG_LEVEL_INFO,
             .mutex = PTHREAD_MUTEX_INITIALIZER,
             .came = PTHREAD_COND_INITIALIZER};

bool log_enabled(enum log_level level)
{
    return level <= logging.level_max;
}

int64_t log_lost(void)
{
    return atomic_load(&logging.lost);
}

/* ---- lines ---- */

static void make_line(struct line *line, enum log_level level, const char *format,
                      va_list arguments)
{
    const size_t text_max = sizeof line->bytes - 2; /* leaves room for the line break */
    int length = snprintf(line->bytes, text_max, "<%d>%s: ", (int)level, logging.program);
    size_t used = length > 0 ? (size_t)length : 0;
    length = vsnprintf(line->bytes + used, text_max - used, format, arguments);
    if (length > 0)
        used += strlen(line->bytes + used);

    /* libpq's messages end in a line break, and may contain more of them and tabs. */
    while (used > 0 && (line->bytes[used - 1] == '\n' || line->bytes[used - 1] == ' '))
        used--;
    for (size_t i = 0; i < used; i++)
        if ((unsigned char)line->bytes[i] < 0x20 || line->bytes[i] == 0x7f)
            line->bytes[i] = ' ';
    line->bytes[used++] = '\n';
    line->length = used;
}

static void make_notice(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    make_line(line, LOG_LEVEL_WARNING, format, arguments);
    va_end(arguments);
}

/* Adds a line that tells how many were lost. The caller holds the lock and made sure of the room.
 */
static void add_notice(void)
{
    struct line *line = &logging.lines[(logging.first + logging.count++) % LINES_MAX];
    make_notice(line, "%" PRId64 " lines of this log were lost: nobody read them",
                logging.lost_unreported);
    logging.lost_unreported = 0;
}

static void count_lost(int64_t count)
{
    logging.lost_unreported += count;
    atomic_fetch_add(&logging.lost, count);
}

static void add_line(enum log_level level, const char *format, va_list arguments)
{
    struct line line;
    make_line(&line, level, format, arguments);
    if (!logging.is_running) {
        ssize_t written = write(STDERR_FILENO, line.bytes, line.length);
        (void)written; /* there is nowhere else to report it */
        return;
    }
    pthread_mutex_lock(&logging.mutex);
    if (logging.lost_unreported > 0 && logging.count < LINES_MAX - 1)
        add_notice();
    if (logging.lost_unreported == 0 && logging.count < LINES_MAX) {
        struct line *last = &logging.lines[(logging.first + logging.count++) % LINES_MAX];
        last->length = line.length;
        memcpy(last->bytes, line.bytes, line.length);
    } else {
        count_lost(1);
    }
    pthread_cond_signal(&logging.came);
    pthread_mutex_unlock(&logging.mutex);
}

void log_line(enum log_level level, const char *format, ...)
{
    if (!log_enabled(level))
        return;
    va_list arguments;
    va_start(arguments, format);
    add_line(level, format, arguments);
    va_end(arguments);
}

/* Logs what a library prints on stderr through stdio(3): a write function of fopencookie(3). */
static ssize_t take_printed(void *cookie, const char *bytes, size_t size)
{
    (void)cookie;
    if (size > 0)
        log_warning("%.*s", size < LINE_BYTES_MAX ? (int)size : LINE_BYTES_MAX, bytes);
    return (ssize_t)size;
}

/* ---- the thread ---- */

/* Writes the whole line; waits as long as nobody reads. False: the line is lost. */
static bool write_line(const struct line *line)
{
    for (size_t done = 0; done < line->length;) {
        ssize_t count = write(STDERR_FILENO, line->bytes + done, line->length - done);
        if (count > 0) {
            done += (size_t)count;
        } else if (count < 0 && errno == EAGAIN) {
            struct pollfd writable = {.fd = STDERR_FILENO, .events = POLLOUT};
            poll(&writable, 1, AGAIN_MS);
        } else if (count == 0 || errno != EINTR) {
            return false; /* the reader is gone (EPIPE), the disk is full (ENOSPC), ... */
        }
    }
    return true;
}

static void *log_main(void *argument)
{
    (void)argument;
    pthread_mutex_lock(&logging.mutex);
    for (;;) {
        while (logging.count == 0)
            pthread_cond_wait(&logging.came, &logging.mutex);
        /* No other thread touches the first line until it is taken out below. */
        const struct line *line = &logging.lines[logging.first];
        pthread_mutex_unlock(&logging.mutex);
        bool good = write_line(line);
        pthread_mutex_lock(&logging.mutex);
        logging.first = (logging.first + 1) % LINES_MAX;
        logging.count--;
        if (!good)
            count_lost(1);
        else if (logging.count == 0 && logging.lost_unreported > 0)
            add_notice();
        if (logging.count == 0)
            pthread_cond_broadcast(&logging.written);
    }
    return NULL;
}

bool log_flush(int ms_max)
{
    const struct timespec due = clock_timespec(clock_us() + (int64_t)ms_max * 1000);
    int timed_out = 0;
    pthread_mutex_lock(&logging.mutex);
    while (logging.is_running && logging.count > 0 && timed_out == 0)
        timed_out = pthread_cond_timedwait(&logging.written, &logging.mutex, &due);
    bool is_all = logging.count == 0;
    pthread_mutex_unlock(&logging.mutex);
    return is_all;
}

static void flush_at_exit(void)
{
    log_flush(EXIT_MS_MAX);
}

/* ---- start ---- */

static void fill_standard_descriptors(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

/* The thread blocks all signals, also the SIGPIPE of its own writes. */
static bool start_thread(void)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&logging.written, &attributes);
    pthread_condattr_destroy(&attributes);

    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pthread_t thread;
    bool good = pthread_create(&thread, NULL, log_main, NULL) == 0;
    if (good)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return good;
}

void log_open(const char *program, enum log_level level)
{
    logging.program = program;
    logging.level_max = level;
    if (logging.is_running)
        return;
    fill_standard_descriptors();
    logging.is_running = start_thread();
    if (!logging.is_running)
        return;
    /* glibc lets programs assign to stderr ("Standard Streams" in its manual). */
    FILE *printed = fopencookie(NULL, "w", (cookie_io_functions_t){.write = take_printed});
    if (printed && setvbuf(printed, NULL, _IOLBF, LINE_BYTES_MAX) == 0)
        stderr = printed;
    atexit(flush_at_exit);
}
