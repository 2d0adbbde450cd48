#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { INTERVAL_MS = 100 };

/* Back to the line's beginning, and erase it (ECMA-48, EL). */
#define LINE_CLEAR "\r\033[K"

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, const char *subject, int total)
{
    progress->is_terminal = isatty(STDERR_FILENO) == 1;
    snprintf(progress->subject, sizeof progress->subject, "%s", subject);
    progress->total = total;
    progress->shown_ms = 0;
}

void progress_show(struct progress *progress, int done)
{
    if (!progress->is_terminal || progress->total == 0)
        return;
    int64_t now = now_ms();
    if (progress->shown_ms != 0 && now - progress->shown_ms < INTERVAL_MS)
        return;
    progress->shown_ms = now;
    fprintf(stderr, LINE_CLEAR "%s: %d of %d items, %d%%", progress->subject, done, progress->total,
            (int)((int64_t)done * 100 / progress->total));
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->is_terminal && progress->shown_ms != 0) {
        fputs(LINE_CLEAR, stderr);
        fflush(stderr);
    }
    progress->shown_ms = 0;
}
