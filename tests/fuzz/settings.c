/*
 * A settings file. An input that begins with "-o " is overrides of a command line, one on each
 * line; an input that begins with "FLASHSALE_" is variables of the environment, one on each line.
 */
#include "common/settings.h"
#include "common/address.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

static const char override[] = "-o ";

/* The messages of the settings' functions. */
struct told {
    char *text;
    size_t length;
    FILE *stream;
};

static void told_open(struct told *told)
{
    told->stream = open_memstream(&told->text, &told->length);
    assert(told->stream);
}

/* A refusal prints whole lines, and success prints nothing. */
static void told_check(struct told *told, bool good)
{
    fclose(told->stream);
    if (good)
        assert(told->length == 0);
    else
        assert(told->length > 0 && told->text[told->length - 1] == '\n');
    free(told->text);
}

static void check_text(const char *text, size_t size)
{
    assert(memchr(text, '\0', size));
}

/* The bounds that the programs' arrays and loops rely on. */
static void check(const struct settings *settings)
{
    check_text(settings->worker.listen, sizeof settings->worker.listen);
    check_text(settings->database.worker_conninfo, SETTING_TEXT_MAX);
    check_text(settings->database.generator_conninfo, SETTING_TEXT_MAX);
    check_text(settings->redis.address, SETTING_TEXT_MAX);
    check_text(settings->redis.user, SETTING_TEXT_MAX);
    check_text(settings->redis.password_file, SETTING_TEXT_MAX);
    check_text(settings->metrics.file, sizeof settings->metrics.file);
    assert(settings->worker.threads >= 1 && settings->worker.threads <= 64);
    assert(settings->worker.connections_max >= 1 && settings->worker.connections_max <= 60000);
    assert(settings->batch.checkout_batchers >= 1 && settings->batch.checkout_batchers <= 16);
    assert(settings->batch.purchase_batchers >= 1 && settings->batch.purchase_batchers <= 16);
    assert(settings->batch.size_max >= 1 && settings->batch.size_max <= 256);
    assert(settings->database.connect_ms_max >= 1000);
    assert(settings->database.statement_ms_max >= 50);
    assert(settings->redis.timeout_ms >= 1);
    assert(settings->sale.items_per_sale >= 1 && settings->sale.items_per_sale <= 1000000);
    assert(settings->sale.duration_s >= 1 && settings->sale.hold_s >= 1);
    assert(settings->sale.purchase_limit >= 1 && settings->attempt.retention_days >= 1);
    assert(settings->sale.unknown_item == UNKNOWN_ITEM_REFUSE ||
           settings->sale.unknown_item == UNKNOWN_ITEM_ANY);
    assert(settings->http.identity == IDENTITY_PARAMETER ||
           settings->http.identity == IDENTITY_REMOTE_USER);
    assert(settings->http.body_bytes_max >= 0 && settings->http.body_bytes_max <= 1048576);
    assert(settings->http.status_limit >= 400 && settings->http.status_limit <= 499);
    assert(settings->sale.generated_every_s >= 0 && settings->sale.sales_ahead >= 0);
    assert(settings->log.level >= LOG_LEVEL_ERROR && settings->log.level <= LOG_LEVEL_DEBUG);
}

static bool override_each(struct settings *settings, const uint8_t *data, size_t size, FILE *errors)
{
    bool good = true;
    char *text = strndup((const char *)data, size), *rest = text;
    assert(text);
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
        if (strncmp(line, override, strlen(override)) == 0)
            good = settings_override(settings, line + strlen(override), errors) && good;
    free(text);
    return good;
}

static bool read_variables(struct settings *settings, const uint8_t *data, size_t size,
                           FILE *errors)
{
    char *environment[64] = {NULL};
    int count = 0, set;
    char *text = strndup((const char *)data, size), *rest = text;
    assert(text);
    for (char *line = strsep(&rest, "\n"); line && count < 63; line = strsep(&rest, "\n"))
        environment[count++] = line;
    bool good = settings_environment(settings, environment, &set, errors);
    assert(set >= 0 && set <= count);
    free(text);
    return good;
}

static bool begins_with(const uint8_t *data, size_t size, const char *text)
{
    return size >= strlen(text) && memcmp(data, text, strlen(text)) == 0;
}

static bool read_file(struct settings *settings, const uint8_t *data, size_t size, FILE *errors)
{
    char path[64];
    int file = memfd_create("flashsale.conf", MFD_CLOEXEC);
    assert(file >= 0 && write(file, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    bool good = settings_read(settings, path, errors);
    close(file);
    return good;
}

static bool read_any(struct settings *settings, const uint8_t *data, size_t size)
{
    struct told told;
    told_open(&told);
    bool good = begins_with(data, size, override) ? override_each(settings, data, size, told.stream)
                : begins_with(data, size, SETTINGS_VARIABLE_PREFIX)
                    ? read_variables(settings, data, size, told.stream)
                    : read_file(settings, data, size, told.stream);
    told_check(&told, good);
    return good;
}

/* A setting that was accepted as an address can be read as one. */
static void check_address(const char *text)
{
    struct address address;
    if (*text == '\0')
        return;
    assert(address_read(&address, text, ADDRESS_REDIS_PORT));
    assert(address.is_unix ? address.path[0] == '/' : address.host[0] != '\0');
    assert(address.port >= 1 && address.port <= 65535);
}

/* Padding included: settings_default() sets it, too. */
static bool is_same(const void *settings, const void *others)
{
    return memcmp(settings, others, sizeof(struct settings)) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings settings, again;
    struct told told;
    /* The input must not read other files. */
    if (memmem(data, size, "@include", strlen("@include")))
        return 0;
    settings_default(&settings);
    settings_default(&again);
    bool good = read_any(&settings, data, size);
    check(&settings); /* also if some were refused: these did not change */
    assert(read_any(&again, data, size) == good);
    assert(is_same(&settings, &again));
    if (!good)
        return 0;
    check_address(settings.redis.address);
    /* Reading the same again changes nothing. */
    assert(read_any(&again, data, size));
    assert(is_same(&settings, &again));

    told_open(&told);
    good = settings_check(&settings, told.stream);
    told_check(&told, good);
    if (good)
        assert(settings.worker.connections_max > settings.worker.keepalive_connections_max &&
               settings.sale.hold_s <= settings.sale.duration_s &&
               (int64_t)settings.sale.sales_ahead * settings.sale.duration_s >=
                   settings.sale.generated_every_s);
    return 0;
}
