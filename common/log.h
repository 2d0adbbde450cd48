/*
 * Log lines on standard error, each with its priority in front as sd-daemon(3) describes
 * ("<3>..."), so that journald files them. Any thread may log: a line is one write(2).
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>

enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

/* Lines less urgent than `level` are dropped. Called once, before other threads exist. */
void log_open(const char *program, enum log_level level);

/* Whether lines of this level are written: ask before work that only a line needs. */
bool log_enabled(enum log_level level);

/* Writes one line; what is longer than 1,000 bytes is cut. Control characters become spaces. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
