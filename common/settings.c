#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <libconfig.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "address.h"
#include "conninfo.h"
#include "origin.h"
#include "source.h"
#include "utf8.h"

enum setting_type { SETTING_INTEGER, SETTING_BOOLEAN, SETTING_TEXT, SETTING_CHOICE };

struct choice {
    const char *word;
    int value;
};

static const struct choice log_levels[] = {{"error", LOG_LEVEL_ERROR},
                                           {"warning", LOG_LEVEL_WARNING},
                                           {"info", LOG_LEVEL_INFO},
                                           {"debug", LOG_LEVEL_DEBUG},
                                           {NULL, 0}};

static const struct choice identities[] = {
    {"parameter", IDENTITY_PARAMETER}, {"remote_user", IDENTITY_REMOTE_USER}, {NULL, 0}};

static const struct choice dialects[] = {{"default", DIALECT_DEFAULT},
                                         {"a", DIALECT_A},
                                         {"b", DIALECT_B},
                                         {"c", DIALECT_C},
                                         {"d", DIALECT_D},
                                         {"e", DIALECT_E},
                                         {NULL, 0}};

static const struct choice unknown_items[] = {
    {"refuse", UNKNOWN_ITEM_REFUSE}, {"any", UNKNOWN_ITEM_ANY}, {NULL, 0}};

/* Whether the code that uses a text will understand it; if not, `why` says what is expected. */
typedef bool check_text(const char *text, char *why, size_t size);

struct setting {
    const char *name;
    enum setting_type type;
    size_t offset; /* in struct settings */
    int min;       /* integers */
    int max;       /* integers; texts: the size of the array */
    const struct choice *choices;
    check_text *check;    /* texts; NULL: any text is valid */
    const char *fallback; /* the default, as it would be written after "name=" */
    const char *meaning;
};

/* Whether a connection string may contain a password. */
static bool has_secret(const char *text)
{
    const char *scheme = strstr(text, "://");
    return strstr(text, "password") || (scheme && strchr(scheme, '@'));
}

/* The text as an error line may show it: without control characters and without secrets. */
static const char *showable(const struct setting *setting, const char *text)
{
    if (!utf8_is_plain(text))
        return "text with other bytes";
    return setting->check && has_secret(text) ? "text that is not shown" : text;
}

static bool check_listen(const char *text, char *why, size_t size)
{
    /* libfcgi takes a text with a colon for a port. */
    snprintf(why, size, "the path of a socket, without a colon");
    return !strchr(text, ':');
}

static bool check_address(const char *text, char *why, size_t size)
{
    struct address ignored;
    snprintf(why, size, "%s", address_expected);
    return !*text || address_read(&ignored, text, ADDRESS_REDIS_PORT);
}

static bool check_conninfo(const char *text, char *why, size_t size)
{
    char fault[256];
    if (conninfo_check(text, fault, sizeof fault))
        return true;
    /* libpq quotes the whole of a URI. */
    bool is_shown = !has_secret(text) || !strstr(fault, "://");
    snprintf(why, size, "a connection string as libpq has them: %s", is_shown ? fault : "not this");
    return false;
}

static bool check_origins(const char *text, char *why, size_t size)
{
    snprintf(why, size,
             "origins as browsers send them, separated by blanks: https://shop.example, in lower "
             "case, without a path and without the usual port");
    for (struct span word = origin_next(&text); word.length > 0; word = origin_next(&text))
        if (!origin_is_valid(word))
            return false;
    return true;
}

/* Browsers take two slashes, or one and a backslash, for another host (URL Standard). */
static bool check_login_url(const char *text, char *why, size_t size)
{
    snprintf(why, size, "an address with https: or http:, or a path that begins with one slash");
    bool is_url = strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
    bool is_path = text[0] == '/' && text[1] != '/';
    return !*text || ((is_url || is_path) && !strpbrk(text, "\\ "));
}

/* A row for each setting. Versions of clang-format would lay them out differently. */
/* clang-format off */
#define AT(member) offsetof(struct settings, member)
#define INTEGER(group, name, min, max, fallback, meaning) \
    {#group "." #name, SETTING_INTEGER, AT(group.name), min, max, NULL, NULL, fallback, meaning}
#define BOOLEAN(group, name, fallback, meaning) \
    {#group "." #name, SETTING_BOOLEAN, AT(group.name), 0, 0, NULL, NULL, fallback, meaning}
#define TEXT(group, name, check, fallback, meaning) \
    {#group "." #name, SETTING_TEXT, AT(group.name), \
     0, (int)sizeof(((struct settings *)0)->group.name), NULL, check, fallback, meaning}
#define CHOICE(group, name, choices, fallback, meaning) \
    {#group "." #name, SETTING_CHOICE, AT(group.name), 0, 0, choices, NULL, fallback, meaning}

static const struct setting setting_table[] = {
    TEXT(worker, listen, check_listen, "",
         "path of the socket to listen on; empty: the one inherited as standard input"),
    INTEGER(worker, threads, 1, 64, "4", "threads that read requests; each takes but a moment"),
    INTEGER(worker, connections_max, 1, 60000, "1024",
            "connections of web servers at once, each with one request in flight at most"),
    INTEGER(worker, keepalive_connections_max, 0, 59999, "512",
            "idle connections the web servers may keep: their processes times their keepalive"),
    INTEGER(worker, wait_ms_max, 10, 60000, "1500",
            "how long a request waits for its turn before it is answered 503"),
    INTEGER(worker, stop_ms_max, 10, 60000, "1500",
            "how long a stopping worker waits for requests in flight"),
    INTEGER(batch, checkout_batchers, 1, 16, "1", "batchers, and so connections, for checkouts"),
    INTEGER(batch, purchase_batchers, 1, 16, "1", "batchers, and so connections, for purchases"),
    INTEGER(batch, size_max, 1, 256, "128", "requests decided in one transaction, at most"),
    INTEGER(batch, linger_us_max, 0, 100000, "5000",
            "how long a busy batcher waits for a batch to fill, at most"),
    TEXT(database, worker_conninfo, check_conninfo, "dbname=flashsale user=flashsale_worker",
         "how workers reach PostgreSQL: a libpq connection string"),
    TEXT(database, generator_conninfo, check_conninfo, "dbname=flashsale user=flashsale_generator",
         "how the generator reaches PostgreSQL"),
    INTEGER(database, connect_ms_max, 1000, 60000, "2000",
            "how long a connection to one host may take; whole seconds count"),
    INTEGER(database, statement_ms_max, 50, 60000, "1000",
            "how long a batch may take before it is given up"),
    TEXT(redis, address, check_address, "",
         "host:port, [IPv6]:port or unix:/path of Redis; empty: go without"),
    TEXT(redis, user, NULL, "", "user to authenticate as; empty: the default user"),
    TEXT(redis, password_file, NULL, "", "file whose first line is the password; empty: none"),
    INTEGER(redis, timeout_ms, 1, 10000, "50", "how long an answer of Redis may take"),
    BOOLEAN(
        redis, fail_open, "true",
        "without Redis let PostgreSQL decide alone (true) or refuse checkouts with 503 (false)"),
    INTEGER(sale, items_per_sale, 1, 1000000, "10000", "items of a sale"),
    INTEGER(sale, duration_s, 1, 604800, "3600",
            "how long a sale is open; sales begin at multiples of it since 1970, UTC"),
    INTEGER(sale, hold_s, 1, 86400, "30", "how long a checkout reserves an item"),
    INTEGER(sale, purchase_limit, 1, 1000, "10", "items of a sale that one user may buy"),
    INTEGER(sale, holds_max, -1, 1000, "-1",
            "items that one user may hold at once; -1: as many as purchase_limit, 0: any number"),
    INTEGER(sale, draw_s, 0, 604800, "0",
            "within how many seconds each user's turn comes, at a time that is drawn; 0: at once"),
    INTEGER(sale, sales_ahead, 0, 1000, "1", "sales to generate after the current one"),
    INTEGER(sale, generated_every_s, 0, 604800, "3600",
            "how often a timer runs the generator; 0: no timer does"),
    BOOLEAN(sale, stays_open_until_sold_out, "false",
            "whether a sale goes on beyond its end until it is sold out, beside the next ones"),
    CHOICE(sale, unknown_item, unknown_items, "refuse",
           "what an id that names no item gets: \"refuse\" (404) or \"any\" item"),
    INTEGER(attempt, retention_days, 1, 36500, "30", "how long the log of attempts is kept"),
    CHOICE(http, identity, identities, "parameter",
           "who the user is: the one that \"parameter\" user_id names, or the web server's "
           "\"remote_user\""),
    CHOICE(http, dialect, dialects, "default",
           "whose texts replies have: \"default\", or those of an earlier service, \"a\" to \"e\""),
    INTEGER(http, body_bytes_max, 0, 1048576, "16384", "longest request body that is read"),
    INTEGER(http, status_unavailable, 400, 499, "412",
            "status of held, sold, sold_out, sale_closed, not_yet"),
    INTEGER(http, status_limit, 400, 499, "429", "status of user_limit and hold_limit"),
    INTEGER(http, status_unknown_code, 400, 499, "404", "status of unknown_code"),
    INTEGER(http, user_rate, 0, 10000, "10",
            "requests that one user may send in a second, on average; 0: no limit"),
    INTEGER(http, user_burst, 1, 10000, "50", "requests that one user may send at once"),
    TEXT(http, allow_origin, check_origins, "",
         "other origins whose pages may send a POST if users log in, separated by blanks"),
    TEXT(http, login_url, check_login_url, "", "where users log in; empty: /me tells no address"),
    TEXT(metrics, file, NULL, "/dev/shm/flashsale-metrics",
         "file that all workers of a host count in; empty: each worker for itself"),
    CHOICE(log, level, log_levels, "info",
           "least urgent lines to log: \"error\", \"warning\", \"info\" or \"debug\""),
};
/* clang-format on */

enum { SETTING_COUNT = sizeof setting_table / sizeof setting_table[0] };

/* Where a value came from, for the error line. */
struct origin {
    const char *file;     /* NULL: a variable or the command line */
    const char *variable; /* NULL: the command line, unless there is a file */
    int line;
    FILE *errors;
};

static const struct setting *setting_find(const char *name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (strcmp(setting_table[i].name, name) == 0)
            return &setting_table[i];
    return NULL;
}

static void print_origin(const struct origin *origin)
{
    if (origin->file)
        fprintf(origin->errors, "%s:%d: ", origin->file, origin->line);
    else
        fprintf(origin->errors, "%s: ", origin->variable ? origin->variable : "-o");
}

static bool refuse(const struct origin *origin, const struct setting *setting, const char *value)
{
    print_origin(origin);
    fprintf(origin->errors, "%s = %s: expected ", setting->name, showable(setting, value));
    switch (setting->type) {
    case SETTING_INTEGER:
        fprintf(origin->errors, "a whole number from %d to %d", setting->min, setting->max);
        break;
    case SETTING_BOOLEAN:
        fprintf(origin->errors, "true or false");
        break;
    case SETTING_TEXT:
        fprintf(origin->errors, "a string of at most %d bytes, UTF-8 without control characters",
                setting->max - 1);
        break;
    case SETTING_CHOICE:
        for (const struct choice *choice = setting->choices; choice->word; choice++)
            fprintf(origin->errors, "%s\"%s\"", choice == setting->choices ? "" : " or ",
                    choice->word);
        break;
    }
    fprintf(origin->errors, " (%s)\n", setting->meaning);
    return false;
}

static bool store_integer(struct settings *settings, const struct setting *setting, long long value)
{
    if (value < setting->min || value > setting->max)
        return false;
    *(int *)((char *)settings + setting->offset) = (int)value;
    return true;
}

static bool store_word(struct settings *settings, const struct setting *setting, const char *text)
{
    char *member = (char *)settings + setting->offset;
    if (setting->type == SETTING_TEXT) {
        size_t size = strlen(text) + 1;
        if (size > (size_t)setting->max || !utf8_is_plain(text))
            return false;
        memcpy(member, text, size);
        return true;
    }
    for (const struct choice *choice = setting->choices; choice->word; choice++)
        if (strcasecmp(choice->word, text) == 0) {
            *(int *)member = choice->value;
            return true;
        }
    return false;
}

/* Stores the value that a command line, a variable or the table's default gives as text. */
static bool store_text(struct settings *settings, const struct setting *setting, const char *text)
{
    bool *member = (bool *)((char *)settings + setting->offset);
    char *end;
    switch (setting->type) {
    case SETTING_INTEGER: {
        long long value = strtoll(text, &end, 10); /* beyond 64 bits: LLONG_MAX, out of bounds */
        return (*text == '-' || (*text >= '0' && *text <= '9')) && !*end &&
               store_integer(settings, setting, value);
    }
    case SETTING_BOOLEAN:
        if (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0)
            return false;
        *member = strcasecmp(text, "true") == 0;
        return true;
    case SETTING_TEXT:
    case SETTING_CHOICE:
        return store_word(settings, setting, text);
    }
    return false;
}

void settings_default(struct settings *settings)
{
    memset(settings, 0, sizeof *settings);
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (!store_text(settings, &setting_table[i], setting_table[i].fallback))
            abort(); /* the table contradicts itself */
}

int settings_holds_max(const struct settings *settings)
{
    int holds_max = settings->sale.holds_max;
    return holds_max < 0 ? settings->sale.purchase_limit : holds_max;
}

/* Checks a stored value with its setting's check. */
static bool is_usable(const struct settings *settings, const struct setting *setting,
                      const struct origin *origin)
{
    char why[384];
    const char *text = (const char *)settings + setting->offset;
    if (!setting->check || setting->check(text, why, sizeof why))
        return true;
    print_origin(origin);
    fprintf(origin->errors, "%s = %s: expected %s\n", setting->name, showable(setting, text), why);
    return false;
}

static bool set_text(struct settings *settings, const struct setting *setting, const char *text,
                     const struct origin *origin)
{
    return store_text(settings, setting, text) ? is_usable(settings, setting, origin)
                                               : refuse(origin, setting, text);
}

static bool read_setting(struct settings *settings, const struct setting *setting,
                         const config_setting_t *node, const struct origin *origin)
{
    char shown[SETTING_TEXT_MAX + 32] = "a group or list";
    bool stored = false;
    switch (config_setting_type(node)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        snprintf(shown, sizeof shown, "%lld", config_setting_get_int64(node));
        stored = setting->type == SETTING_INTEGER &&
                 store_integer(settings, setting, config_setting_get_int64(node));
        break;
    case CONFIG_TYPE_FLOAT:
        snprintf(shown, sizeof shown, "%g", config_setting_get_float(node));
        break;
    case CONFIG_TYPE_BOOL:
        snprintf(shown, sizeof shown, "%s", config_setting_get_bool(node) ? "true" : "false");
        stored = setting->type == SETTING_BOOLEAN && store_text(settings, setting, shown);
        break;
    case CONFIG_TYPE_STRING:
        snprintf(shown, sizeof shown, "\"%s\"", config_setting_get_string(node));
        stored = (setting->type == SETTING_TEXT || setting->type == SETTING_CHOICE) &&
                 store_word(settings, setting, config_setting_get_string(node));
        break;
    default:
        break;
    }
    return stored ? is_usable(settings, setting, origin) : refuse(origin, setting, shown);
}

static struct origin origin_of(const struct source *source, int line, FILE *errors)
{
    struct origin origin = {.errors = errors};
    origin.file = source_position(source, line, &origin.line);
    return origin;
}

/* Settings that had another name before 0.1.0. */
static const struct {
    const char *before, *now;
} renamed[] = {{"lane.checkout_count", "batch.checkout_batchers"},
               {"lane.purchase_count", "batch.purchase_batchers"},
               {"lane.batch_max", "batch.size_max"},
               {"lane.gather_us_max", "batch.linger_us_max"},
               {"worker.kept_connections_max", "worker.keepalive_connections_max"}};

static void report_unknown(const struct origin *origin, const char *name)
{
    print_origin(origin);
    fprintf(origin->errors, "%s: there is no such setting", name);
    for (size_t i = 0; i < sizeof renamed / sizeof renamed[0]; i++)
        if (strcmp(name, renamed[i].before) == 0)
            fprintf(origin->errors, ": it is %s now", renamed[i].now);
    fputc('\n', origin->errors);
}

static bool read_group(struct settings *settings, const config_setting_t *group,
                       const struct source *source, FILE *errors)
{
    bool good = true;
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *node = config_setting_get_elem(group, (unsigned)i);
        const struct origin origin =
            origin_of(source, (int)config_setting_source_line(node), errors);
        char name[256];
        snprintf(name, sizeof name, "%s.%s", config_setting_name(group), config_setting_name(node));
        const struct setting *setting = setting_find(name);
        if (setting) {
            good = read_setting(settings, setting, node, &origin) && good;
        } else {
            report_unknown(&origin, name);
            good = false;
        }
    }
    return good;
}

bool settings_read(struct settings *settings, const char *path, FILE *errors)
{
    struct source *source = source_read(path, errors);
    if (!source)
        return false;
    bool good = true;
    config_t config;
    config_init(&config);

    if (config_read_string(&config, source_text(source)) != CONFIG_TRUE) {
        const struct origin origin = origin_of(source, config_error_line(&config), errors);
        print_origin(&origin);
        fprintf(errors, "%s: expected settings as libconfig has them\n",
                config_error_text(&config));
        good = false;
        goto out;
    }

    const config_setting_t *root = config_root_setting(&config);
    for (int i = 0; i < config_setting_length(root); i++) {
        const config_setting_t *group = config_setting_get_elem(root, (unsigned)i);
        const struct origin origin =
            origin_of(source, (int)config_setting_source_line(group), errors);
        if (config_setting_is_group(group)) {
            good = read_group(settings, group, source, errors) && good;
        } else {
            print_origin(&origin);
            fprintf(errors, "%s: expected a group of settings\n", config_setting_name(group));
            good = false;
        }
    }
out:
    config_destroy(&config);
    source_free(source);
    return good;
}

bool settings_override(struct settings *settings, const char *assignment, FILE *errors)
{
    const struct origin origin = {.errors = errors};
    const char *equals = strchr(assignment, '=');
    char name[64];
    if (!equals || equals - assignment >= (int)sizeof name) {
        print_origin(&origin);
        fprintf(errors, "%s: expected group.name=value\n", assignment);
        return false;
    }
    snprintf(name, sizeof name, "%.*s", (int)(equals - assignment), assignment);

    const struct setting *setting = setting_find(name);
    if (!setting) {
        report_unknown(&origin, name);
        return false;
    }
    return set_text(settings, setting, equals + 1, &origin);
}

/* Whether the variable is the setting's: FLASHSALE_GROUP_NAME for "group.name". */
static bool is_variable_of(const char *variable, const struct setting *setting)
{
    const char *name = setting->name;
    variable += strlen(SETTINGS_VARIABLE_PREFIX);
    for (; *name; name++, variable++)
        if (*variable != (*name == '.' ? '_' : toupper((unsigned char)*name)))
            return false;
    return !*variable;
}

static bool set_from_variable(struct settings *settings, const char *variable, const char *value,
                              FILE *errors)
{
    const struct origin origin = {.variable = variable, .errors = errors};
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (is_variable_of(variable, &setting_table[i]))
            return set_text(settings, &setting_table[i], value, &origin);
    for (size_t i = 0; i < sizeof renamed / sizeof renamed[0]; i++) {
        const struct setting before = {.name = renamed[i].before};
        if (is_variable_of(variable, &before)) {
            fprintf(errors, "%s: there is no such setting: %s is %s now\n", variable,
                    renamed[i].before, renamed[i].now);
            return false;
        }
    }
    fprintf(errors,
            "%s: there is no such setting: expected " SETTINGS_VARIABLE_PREFIX
            "GROUP_NAME, as in " SETTINGS_VARIABLE_PREFIX "SALE_HOLD_S for sale.hold_s\n",
            utf8_is_plain(variable) ? variable : "a variable whose name has other bytes");
    return false;
}

bool settings_environment(struct settings *settings, char *const *environment, int *count,
                          FILE *errors)
{
    const size_t prefix = strlen(SETTINGS_VARIABLE_PREFIX);
    bool good = true;
    *count = 0;
    for (char *const *next = environment; *next; next++) {
        const char *equals = strchr(*next, '=');
        if (!equals || strncmp(*next, SETTINGS_VARIABLE_PREFIX, prefix) != 0)
            continue;
        char *variable = strndup(*next, (size_t)(equals - *next));
        if (!variable)
            return false;
        bool is_set = set_from_variable(settings, variable, equals + 1, errors);
        *count += is_set;
        good = good && is_set;
        free(variable);
    }
    return good;
}

bool settings_check(const struct settings *settings, FILE *errors)
{
    bool good = true;
    /* If idle connections could reach connections_max, a new one would wait for ever. */
    if (settings->worker.connections_max <= settings->worker.keepalive_connections_max) {
        fprintf(errors,
                "worker.connections_max = %d: expected more than "
                "worker.keepalive_connections_max = %d, for other connections need room too\n",
                settings->worker.connections_max, settings->worker.keepalive_connections_max);
        good = false;
    }
    if (settings->sale.hold_s > settings->sale.duration_s) {
        fprintf(errors, "sale.hold_s = %d: expected no more than sale.duration_s = %d\n",
                settings->sale.hold_s, settings->sale.duration_s);
        good = false;
    }
    if (settings->sale.draw_s > settings->sale.duration_s) {
        fprintf(errors, "sale.draw_s = %d: expected no more than sale.duration_s = %d\n",
                settings->sale.draw_s, settings->sale.duration_s);
        good = false;
    }
    if (settings->sale.draw_s > 0 && settings->http.identity != IDENTITY_REMOTE_USER)
        fprintf(errors,
                "warning: sale.draw_s = %d without http.identity = \"remote_user\": who has "
                "many names has many turns\n",
                settings->sale.draw_s);
    /* In the worst case a run comes just before the end of a sale, and the sales ahead must last
       until the next run. */
    int every_s = settings->sale.generated_every_s, duration_s = settings->sale.duration_s;
    if ((long long)settings->sale.sales_ahead * duration_s < every_s) {
        fprintf(errors,
                "sale.sales_ahead = %d: expected %d or more with sale.duration_s = %d and "
                "sale.generated_every_s = %d, or there would be no sale until the generator runs "
                "again\n",
                settings->sale.sales_ahead, (every_s + duration_s - 1) / duration_s, duration_s,
                every_s);
        good = false;
    }
    return good;
}

/* Whether the folder of `path` exists. Folders below /run count as existing: they are made at each
   boot. */
static bool has_folder(const char *path)
{
    char folder[SETTING_TEXT_MAX];
    struct stat found;
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path || strncmp(path, "/run/", 5) == 0)
        return true;
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    return stat(folder, &found) == 0 && S_ISDIR(found.st_mode);
}

/* Whether a worker can create `path`: it replaces only a file of the same kind, never a symbolic
   link. */
static bool can_be_made(const char *path, mode_t kind)
{
    struct stat found;
    if (!*path)
        return true;
    return path[strlen(path) - 1] != '/' && has_folder(path) &&
           (lstat(path, &found) != 0 || (found.st_mode & S_IFMT) == kind);
}

bool settings_check_files(const struct settings *settings, FILE *errors)
{
    const struct {
        const char *name, *path;
        mode_t kind;
        const char *word;
    } made[] = {{"worker.listen", settings->worker.listen, S_IFSOCK, "socket"},
                {"metrics.file", settings->metrics.file, S_IFREG, "file"}};
    bool good = true;
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        if (can_be_made(made[i].path, made[i].kind))
            continue;
        fprintf(
            errors,
            "%s = \"%s\": expected a path in a folder that is there, of a %s or of nothing yet\n",
            made[i].name, made[i].path, made[i].word);
        good = false;
    }
    const char *secret = settings->redis.password_file;
    struct stat found;
    /* EACCES is fine: the generator's user must not read the file, but checks the same settings. A
       named pipe is not: a worker could wait for its writer for ever. */
    if (*secret && settings->redis.address[0] &&
        (stat(secret, &found) == 0 ? !S_ISREG(found.st_mode) : errno != EACCES)) {
        fprintf(errors, "redis.password_file = \"%s\": expected a file\n", secret);
        good = false;
    }
    return good;
}

void settings_each(void (*visit)(const char *name, const char *meaning, void *context),
                   void *context)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        visit(setting_table[i].name, setting_table[i].meaning, context);
}
