#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"

enum { INTERVAL_MS = 100 };

/* Returns to the beginning of the line and erases it (ECMA-48, EL). */
#define LINE_CLEAR "\r\033[K"

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
    int64_t now = clock_ms();
    if (progress->shown_ms != 0 && now - progress->shown_ms < INTERVAL_MS)
        return;
    progress->shown_ms = now;
    dprintf(STDERR_FILENO, LINE_CLEAR "%s: %d of %d items, %d%%", progress->subject, done,
            progress->total, (int)((int64_t)done * 100 / progress->total));
}

void progress_end(struct progress *progress)
{
    if (progress->is_terminal && progress->shown_ms != 0)
        dprintf(STDERR_FILENO, LINE_CLEAR);
    progress->shown_ms = 0;
}
