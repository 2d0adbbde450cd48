/*
 * The command line:
 *   -c FILE  -t  -o name=value  --help  --version
 * and a program's own long options. Read before other threads exist.
 */
#ifndef COMMON_OPTIONS_H
#define COMMON_OPTIONS_H

#include <stdbool.h>

#include "settings.h"

#define FLASHSALE_VERSION "0.1.0"

/* The settings file that is read without -c; it may be missing. */
#define FLASHSALE_CONF "/etc/flashsale/flashsale.conf"

enum { OPTIONS_OWN_MAX = 8 };

/* A long option of one program. */
struct options_own {
    const char *name;     /* without dashes */
    const char *argument; /* the argument's name in the help; NULL: it takes none */
    const char *meaning;
    const char **given; /* set to the argument, or to the name if it takes none */
};

struct options_program {
    const char *name;
    const char *purpose;
    const struct options_own *own; /* at most OPTIONS_OWN_MAX, then one without a name; or NULL */
    const char *notes;             /* the help prints them after the options; or NULL */
};

enum options_result {
    OPTIONS_RUN,    /* the settings are read and valid: go on */
    OPTIONS_DONE,   /* -t, --help or --version was answered: exit 0 */
    OPTIONS_REFUSED /* the errors were printed on standard error: exit 2 */
};

/* Reads the command line and the settings: the file that it names, over that the environment, over
   both the command line's -o. Arguments that `given` points to stay the caller's. */
enum options_result options_read(int count, char **arguments, const struct options_program *program,
                                 struct settings *settings) __attribute__((warn_unused_result));

#endif
