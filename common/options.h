/*
 * The command line:
 *   -c FILE  -t  -o name=value  --help  --version
 * and what a program has beyond these.
 */
#ifndef COMMON_OPTIONS_H
#define COMMON_OPTIONS_H

#include <stdbool.h>

#include "settings.h"

#define FLASHSALE_VERSION "0.1.0"

/* Where the programs look for their settings when no -c says so; it may be missing. */
#define FLASHSALE_CONF "/etc/flashsale/flashsale.conf"

enum { OPTIONS_OWN_MAX = 8 };

/* A long option that one program has. */
struct options_own {
    const char *name;     /* without its dashes */
    const char *argument; /* what the help calls its argument; NULL: it takes none */
    const char *meaning;
    const char **given; /* set to its argument, or to its name where it takes none */
};

struct options_program {
    const char *name;
    const char *purpose;
    const struct options_own *own; /* OPTIONS_OWN_MAX at most, and one without a name; or NULL */
    const char *notes;             /* what the help says behind the options; NULL: nothing */
};

enum options_result {
    OPTIONS_RUN,    /* settings are read and right: go on */
    OPTIONS_DONE,   /* -t, --help or --version was answered: exit 0 */
    OPTIONS_REFUSED /* what is wrong was told on standard error: exit 2 */
};

/* Reads the command line, the file that it names, the environment over the file, and over both what
   the command line overrides. */
enum options_result options_read(int count, char **arguments, const struct options_program *program,
                                 struct settings *settings) __attribute__((warn_unused_result));

#endif
