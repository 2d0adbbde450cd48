#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OVERRIDES_MAX = 64 };

struct command_line {
    const char *file;
    bool check_only;
    const char *overrides[OVERRIDES_MAX];
    int override_count;
};

static void print_setting(const char *name, const char *meaning, void *context)
{
    (void)context;
    printf("  %-30s %s\n", name, meaning);
}

static void print_help(const char *program, const char *purpose)
{
    printf("Usage: %s [-t] [-c FILE] [-o NAME=VALUE]...\n"
           "%s\n\n"
           "  -c, --config FILE           read settings from FILE (else %s)\n"
           "  -o, --option NAME=VALUE     set one, over what the file says\n"
           "  -t, --test                  check the settings and exit\n"
           "      --help                  print this and exit\n"
           "      --version               print the version and exit\n\n"
           "Settings:\n",
           program, purpose, FLASHSALE_CONF);
    settings_each(print_setting, NULL);
}

/* OPTIONS_RUN: the command line is sound, and what it asks for is still to be done. */
static enum options_result parse(int count, char **arguments, const char *program,
                                 const char *purpose, struct command_line *line)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'}, {"option", required_argument, NULL, 'o'},
        {"test", no_argument, NULL, 't'},         {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(count, arguments, "c:o:t", known, NULL)) != -1) {
        switch (option) {
        case 'c':
            line->file = optarg;
            break;
        case 'o':
            if (line->override_count == OVERRIDES_MAX) {
                fprintf(stderr, "%s: -o: expected no more than %d\n", program, OVERRIDES_MAX);
                return OPTIONS_REFUSED;
            }
            line->overrides[line->override_count++] = optarg;
            break;
        case 't':
            line->check_only = true;
            break;
        case 'h':
            print_help(program, purpose);
            return OPTIONS_DONE;
        case 'v':
            printf("%s %s\n", program, FLASHSALE_VERSION);
            return OPTIONS_DONE;
        default:
            fprintf(stderr, "Try '%s --help'.\n", program);
            return OPTIONS_REFUSED;
        }
    }
    if (optind < count) {
        fprintf(stderr, "%s: %s: expected options only\n", program, arguments[optind]);
        return OPTIONS_REFUSED;
    }
    return OPTIONS_RUN;
}

enum options_result options_read(int count, char **arguments, const char *program,
                                 const char *purpose, struct settings *settings)
{
    struct command_line line = {0};
    enum options_result result = parse(count, arguments, program, purpose, &line);
    if (result != OPTIONS_RUN)
        return result;

    const char *file = line.file;
    if (!file && access(FLASHSALE_CONF, F_OK) == 0)
        file = FLASHSALE_CONF;

    settings_default(settings);
    bool good = !file || settings_read(settings, file, stderr);
    for (int i = 0; i < line.override_count; i++)
        good = settings_override(settings, line.overrides[i], stderr) && good;
    good = good && settings_check(settings, stderr);

    if (!good) {
        fprintf(stderr, "%s: the settings are wrong: not started\n", program);
        return OPTIONS_REFUSED;
    }
    if (line.check_only) {
        printf("%s: the settings in %s are right\n", program, file ? file : "effect by default");
        return OPTIONS_DONE;
    }
    return OPTIONS_RUN;
}
