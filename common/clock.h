/* The monotonic clock: the time since some moment in the past (clock_gettime(2), CLOCK_MONOTONIC).
   Any thread. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline int64_t clock_ms(void)
{
    return clock_us() / 1000;
}

/* A duration in whole seconds, rounded up. 0 for one that is over (`span_us` 0 or less). */
static inline int64_t clock_whole_seconds(int64_t span_us)
{
    return span_us <= 0 ? 0 : (span_us + 999999) / 1000000;
}

/* Converts a time of clock_us(), for functions that wait until a time. */
static inline struct timespec clock_timespec(int64_t time_us)
{
    return (struct timespec){.tv_sec = time_us / 1000000, .tv_nsec = time_us % 1000000 * 1000};
}

#endif
