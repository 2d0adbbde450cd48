#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

enum { FLUSH_MS_MAX = 1000 };

bool check_failed(const char *condition, const char *file, int line)
{
    log_error("%s:%d: a fault of the program: %s does not hold", file, line, condition);
    const char *checks = getenv("CHECKS");
    if (checks && strcmp(checks, "stop") == 0) {
        log_flush(FLUSH_MS_MAX);
        abort();
    }
    return false;
}
