/*
 * The command line that both programs share:
 *   -c FILE  -t  -o name=value  --help  --version
 */
#ifndef COMMON_OPTIONS_H
#define COMMON_OPTIONS_H

#include <stdbool.h>

#include "settings.h"

#define FLASHSALE_VERSION "0.1.0"

/* Where the programs look for their settings when no -c says so; it may be missing. */
#define FLASHSALE_CONF "/etc/flashsale/flashsale.conf"

enum options_result {
    OPTIONS_RUN,    /* settings are read and right: go on */
    OPTIONS_DONE,   /* -t, --help or --version was answered: exit 0 */
    OPTIONS_REFUSED /* what is wrong was told on standard error: exit 2 */
};

/* Reads the command line, the file it names and what it overrides, in this order. */
enum options_result options_read(int count, char **arguments, const char *program,
                                 const char *purpose, struct settings *settings)
    __attribute__((warn_unused_result));

#endif
