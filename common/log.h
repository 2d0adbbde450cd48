/*
 * Log lines on standard error, each with a priority prefix for journald ("<3>...", sd-daemon(3)).
 * Any thread may log, and none waits for the reader: a thread of the log writes each line with one
 * write(2). When its queue of 256 lines is full, lines are lost and counted; once lines can be
 * written again, a line tells how many were lost.
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
 * Starts the log's thread; call it before other threads exist. Lines less urgent than `level` are
 * dropped. What libraries print on stderr (stdio(3)) becomes log lines too. At exit(3) the log has
 * half a second to write what is left. If standard input, output or error is closed, it becomes
 * /dev/null, so that no socket gets its number.
 */
void log_open(const char *program, enum log_level level);

/* Whether lines of this level are written; for work that is done only to log it. */
bool log_enabled(enum log_level level);

/*
 * Logs one line of at most 1,021 bytes, prefix included; a longer one is cut. Control characters
 * become spaces. Before log_open() the calling thread writes it.
 */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Waits until all lines are written, for at most `ms_max`. False: some are not. */
bool log_flush(int ms_max);

/* How many lines were lost: nobody read them, or they could not be written. */
int64_t log_lost(void);

#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
