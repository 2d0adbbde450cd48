#include "conninfo.h"

#include <errno.h>
#include <libpq-fe.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * libpq checks most values only when it begins to connect. So it may begin, but with a folder that
 * cannot exist in place of the hosts: it fails before it sends a byte or looks up a name, and says
 * so in these words, once for each host.
 */
#define NOWHERE "/dev/null/"
static const char failed_nowhere[] = "connection to server on socket \"" NOWHERE;

enum { OPTIONS_MAX = 80, HOSTS_MAX = 64 };

/* Copies the first line, without its line break. */
static void keep_line(char *why, size_t size, const char *line)
{
    snprintf(why, size, "%.*s", (int)strcspn(line, "\n"), line);
}

/* The first line that is not about NOWHERE; NULL: there is none. */
static const char *find_fault(const char *said)
{
    for (const char *line = said; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (*line != '\t' && strncmp(line, failed_nowhere, strlen(failed_nowhere)) != 0)
            return line;
    return NULL;
}

static int count_of(const char *list)
{
    int count = 1;
    for (; *list; list++)
        count += *list == ',';
    return count;
}

static void list_nowhere(char *list, int count)
{
    *list = '\0';
    for (int i = 0; i < count; i++)
        strcat(strcat(list, i > 0 ? "," : ""), NOWHERE);
}

/* Options that libpq checks only later, when it really connects. */
static const char *const numbers[] = {"connect_timeout",  "keepalives",
                                      "keepalives_idle",  "keepalives_interval",
                                      "keepalives_count", "tcp_user_timeout"};

static bool check_number(const PQconninfoOption *option, char *why, size_t size)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(option->keyword, numbers[i]) != 0)
            continue;
        char *end;
        errno = 0;
        long value = strtol(option->val, &end, 10);
        if (end == option->val || *end != '\0' || errno != 0 || value < INT_MIN ||
            value > INT_MAX) {
            snprintf(why, size, "invalid integer value \"%s\" for connection option \"%s\"",
                     option->val, option->keyword);
            return false;
        }
    }
    return true;
}

/* Refuses options with which a session cannot write: workers and the generator have to. */
static bool check_use(const PQconninfoOption *option, char *why, size_t size)
{
    static const char *const useless[][2] = {{"target_session_attrs", "read-only"},
                                             {"target_session_attrs", "standby"},
                                             {"target_session_attrs", "prefer-standby"},
                                             {"replication", "database"},
                                             {"replication", "true"},
                                             {"replication", "on"},
                                             {"replication", "yes"},
                                             {"replication", "1"}};
    for (size_t i = 0; i < sizeof useless / sizeof useless[0]; i++)
        if (strcmp(option->keyword, useless[i][0]) == 0 &&
            strcmp(option->val, useless[i][1]) == 0) {
            snprintf(why, size, "with %s=%s nothing is written", option->keyword, option->val);
            return false;
        }
    return true;
}

static bool check_addresses(const char *list, char *why, size_t size)
{
    static const struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST};
    for (const char *at = list; *at; at += *at == ',') {
        char one[64];
        size_t length = strcspn(at, ",");
        struct addrinfo *found = NULL;
        snprintf(one, sizeof one, "%.*s", (int)length, at);
        if (length > 0 && getaddrinfo(one, NULL, &numeric, &found) != 0) {
            snprintf(why, size, "\"%s\" is no IP address", one);
            return false;
        }
        if (found)
            freeaddrinfo(found);
        at += length;
    }
    return true;
}

static bool begin_connecting(const PQconninfoOption *options, char *why, size_t size)
{
    const char *keywords[OPTIONS_MAX], *values[OPTIONS_MAX];
    char nowhere[HOSTS_MAX * sizeof NOWHERE];
    const char *host = NULL, *address = NULL;
    int count = 0;
    for (const PQconninfoOption *option = options; option->keyword; option++) {
        if (!option->val || count >= OPTIONS_MAX - 2)
            continue;
        if (strcmp(option->keyword, "host") == 0) {
            host = option->val;
        } else if (strcmp(option->keyword, "hostaddr") == 0) {
            address = option->val;
        } else if (!check_number(option, why, size) || !check_use(option, why, size)) {
            return false;
        } else {
            keywords[count] = option->keyword;
            values[count++] = option->val;
        }
    }
    if (address && !check_addresses(address, why, size))
        return false;
    int hosts = count_of(host ? host : "");
    if (address && host && hosts != count_of(address)) {
        snprintf(why, size, "there are %d hosts and %d addresses", hosts, count_of(address));
        return false;
    }
    hosts = address ? count_of(address) : hosts;
    if (hosts > HOSTS_MAX) {
        snprintf(why, size, "expected no more than %d hosts", HOSTS_MAX);
        return false;
    }
    list_nowhere(nowhere, hosts);
    keywords[count] = "host";
    values[count++] = nowhere;
    keywords[count] = NULL;
    values[count] = NULL;

    PGconn *connection = PQconnectStartParams(keywords, values, 0);
    const char *fault = connection ? find_fault(PQerrorMessage(connection)) : "out of memory";
    if (fault)
        keep_line(why, size, fault);
    PQfinish(connection);
    return !fault;
}

bool conninfo_check(const char *conninfo, char *why, size_t size)
{
    char *said = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &said);
    if (!options) {
        keep_line(why, size, said ? said : "out of memory");
        PQfreemem(said);
        return false;
    }
    bool good = begin_connecting(options, why, size);
    PQconninfoFree(options);
    return good;
}
