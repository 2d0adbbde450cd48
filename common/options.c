#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    OVERRIDES_MAX = 64,
    OWN_FIRST = 256 /* what getopt_long(3) returns for the first own option: no character is that */
};

static const struct option common_options[] = {{"config", required_argument, NULL, 'c'},
                                               {"option", required_argument, NULL, 'o'},
                                               {"test", no_argument, NULL, 't'},
                                               {"help", no_argument, NULL, 'h'},
                                               {"version", no_argument, NULL, 'v'}};

enum { COMMON_COUNT = sizeof common_options / sizeof common_options[0] };

struct command_line {
    const char *file;
    bool check_only;
    const char *overrides[OVERRIDES_MAX];
    int override_count;
};

static const struct options_own no_options = {.name = NULL};

static const struct options_own *own_of(const struct options_program *program)
{
    return program->own ? program->own : &no_options;
}

static void print_setting(const char *name, const char *meaning, void *context)
{
    (void)context;
    printf("  %-30s %s\n", name, meaning);
}

static void print_help(const struct options_program *program)
{
    printf("Usage: %s [OPTION]...\n"
           "%s\n\n"
           "  -c, --config FILE           read settings from FILE (else %s)\n"
           "  -o, --option NAME=VALUE     set one, over file and environment\n"
           "  -t, --test                  check the settings and exit\n",
           program->name, program->purpose, FLASHSALE_CONF);
    for (const struct options_own *own = own_of(program); own->name; own++) {
        char shown[32];
        snprintf(shown, sizeof shown, "%s%s%s", own->name, own->argument ? " " : "",
                 own->argument ? own->argument : "");
        printf("      --%-21s %s\n", shown, own->meaning);
    }
    printf("      --help                  print this and exit\n"
           "      --version               print the version and exit\n\n"
           "%sA variable sets a setting, too, over what the file says: " SETTINGS_VARIABLE_PREFIX
           "SALE_HOLD_S=60\nsets sale.hold_s.\n\n"
           "Settings:\n",
           program->notes ? program->notes : "");
    settings_each(print_setting, NULL);
}

/* The common options, then the program's own, as getopt_long(3) takes them. */
static void list_known(const struct options_own *own, struct option *known)
{
    memcpy(known, common_options, sizeof common_options);
    struct option *next = known + COMMON_COUNT;
    for (int i = 0; i < OPTIONS_OWN_MAX && own[i].name; i++)
        *next++ = (struct option){own[i].name, own[i].argument ? required_argument : no_argument,
                                  NULL, OWN_FIRST + i};
    *next = (struct option){0};
}

/* OPTIONS_RUN: the command line is valid and in *line. */
static enum options_result parse(int count, char **arguments, const struct options_program *program,
                                 struct command_line *line)
{
    const struct options_own *own = own_of(program);
    struct option known[COMMON_COUNT + OPTIONS_OWN_MAX + 1];
    list_known(own, known);
    int option;
    while ((option = getopt_long(count, arguments, "c:o:t", known, NULL)) != -1) {
        if (option >= OWN_FIRST) {
            const struct options_own *one = &own[option - OWN_FIRST];
            *one->given = one->argument ? optarg : one->name;
            continue;
        }
        switch (option) {
        case 'c':
            line->file = optarg;
            break;
        case 'o':
            if (line->override_count == OVERRIDES_MAX) {
                fprintf(stderr, "%s: -o: expected no more than %d\n", program->name, OVERRIDES_MAX);
                return OPTIONS_REFUSED;
            }
            line->overrides[line->override_count++] = optarg;
            break;
        case 't':
            line->check_only = true;
            break;
        case 'h':
            print_help(program);
            return OPTIONS_DONE;
        case 'v':
            printf("%s %s\n", program->name, FLASHSALE_VERSION);
            return OPTIONS_DONE;
        default:
            fprintf(stderr, "Try '%s --help'.\n", program->name);
            return OPTIONS_REFUSED;
        }
    }
    if (optind < count) {
        fprintf(stderr, "%s: %s: expected options only\n", program->name, arguments[optind]);
        return OPTIONS_REFUSED;
    }
    return OPTIONS_RUN;
}

enum options_result options_read(int count, char **arguments, const struct options_program *program,
                                 struct settings *settings)
{
    struct command_line line = {0};
    enum options_result result = parse(count, arguments, program, &line);
    if (result != OPTIONS_RUN)
        return result;

    const char *file = line.file;
    if (!file && access(FLASHSALE_CONF, F_OK) == 0)
        file = FLASHSALE_CONF;

    settings_default(settings);
    int variables = 0;
    bool good = !file || settings_read(settings, file, stderr);
    good = settings_environment(settings, environ, &variables, stderr) && good;
    for (int i = 0; i < line.override_count; i++)
        good = settings_override(settings, line.overrides[i], stderr) && good;
    good = good && settings_check(settings, stderr) &&
           (!line.check_only || settings_check_files(settings, stderr));

    if (!good) {
        fprintf(stderr, "%s: the settings are wrong: not started\n", program->name);
        return OPTIONS_REFUSED;
    }
    if (line.check_only) {
        printf("%s: the settings in %s are right", program->name,
               file ? file : "effect by default");
        if (variables > 0)
            printf(", with %d from the environment", variables);
        printf("\n");
        return OPTIONS_DONE;
    }
    return OPTIONS_RUN;
}
