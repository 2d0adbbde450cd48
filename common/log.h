/*
 * Log lines on standard error, each with its priority in front as sd-daemon(3) describes
 * ("<3>..."), so that journald files them. Any thread may log, and none waits for whoever reads: a
 * thread of the log's own writes, a line a write(2). What it cannot get rid of in time is lost, and
 * counted; once lines go through again, one of them tells how many were lost.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

/*
 * Lines less urgent than `level` are dropped. Called before other threads exist: it starts the
 * log's. What libraries print on stderr (stdio(3)) becomes lines, too. At exit(3) the log has half
 * a second to write what is left. Where standard input, output or error is closed, it is /dev/null
 * from here on: no socket must get its number.
 */
void log_open(const char *program, enum log_level level);

/* Whether lines of this level are written: ask before work that only a line needs. */
bool log_enabled(enum log_level level);

/*
 * Writes one line; what is longer than 1,000 bytes is cut. Control characters become spaces. Before
 * log_open() it is written at once.
 */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Waits until all lines so far are written, at most `ms_max`. False: some are not. */
bool log_flush(int ms_max);

/* Lines lost so far: nobody read them, or they could not be written. */
int64_t log_lost(void);

#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
