/*
 * Sends one request after another to a whole worker with a real PostgreSQL and Redis. In the n-th
 * request of a scenario the n-th call fails, until a request ends before that call. Each request is
 * answered in time, either as if nothing had failed or by 503. Asked again, when nothing fails any
 * more, it is answered as if nothing had failed.
 *
 *     request [-o SETTING=VALUE]...     options of flashsale-fcgi; exits 0 if all of this held
 *
 * With redis.address empty the scenarios are those that have nothing to tell Redis; else the
 * others. Two programs, one with Redis and one without, can run beside each other on one sale.
 */
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/options.h"
#include "faults.h"
#include "fcgi/sale/code.h"
#include "fcgi/worker.h"
#include "tests/client/fastcgi.h"

enum {
    ANSWER_MS_MAX = 10000,
    /* A batcher without a connection pauses at most 400 ms between attempts. After a failure Redis
       is not asked for 100 ms at first. */
    RECOVER_MS_MAX = 5000,
    /* All threads have started by then: a sanitizer cannot start one without memory. */
    START_MS = 500,
    /* Waited after the answer: Redis is tried again after 100 ms. */
    BROKEN_MS = 200,
    /* After that Redis counts as up again, and the next failure as the first (redis_link.c). */
    WELL_MS = 260,
    /* Redis is asked every 50 ms, whatever the worker is asked (redis_share.c). */
    PERIOD_MS = 60,
    END_MS = 30,
    CALLS_MAX = 2000, /* a request has fewer */
    TEXT_MAX = 512,
    USER_MAX = 128,
    READS_FIRST = 4, /* twice the reading threads */
    HELD_NUMBER = 1, /* an item that is always held */
    /* The first item of a trial, without Redis: the programs beside each other take others. */
    ALONE_NUMBER = 5001
};

struct trial;

/* A request, and the reply that it must get. */
struct scenario {
    const char *name;
    const char *method;
    const char *path;
    int status; /* if nothing fails */
    /* The connections are broken before: 503 is right, and calls fail during the reconnection. */
    bool is_broken;
    /* The worker learns a refusal and sends it to Redis, which it asks all the time anyway. */
    bool is_learned;
    void (*prepare)(struct trial *trial);
    bool (*is_right)(const struct trial *trial, const struct fastcgi_answer *answer);
};

/* One request in which one call fails. */
struct trial {
    const struct scenario *scenario;
    int number; /* of its item, which no other trial uses */
    char query[TEXT_MAX];
    char body[TEXT_MAX]; /* JSON; empty: none */
    char user[USER_MAX];
};

static struct sockaddr_un address;
static socklen_t address_length;
static int next_number = HELD_NUMBER + 1;
static bool is_good = true;
static _Atomic bool is_over;

/* ---- requests ---- */

static void add_variable(struct fastcgi_request *request, const char *name, const char *value)
{
    fastcgi_variable(request, name, strlen(name), value, strlen(value));
}

/* False: no answer. */
static bool ask(const struct trial *trial, struct fastcgi_answer *answer)
{
    static struct fastcgi_request request;
    fastcgi_begin(&request);
    add_variable(&request, "REQUEST_METHOD", trial->scenario->method);
    add_variable(&request, "PATH_INFO", trial->scenario->path);
    add_variable(&request, "QUERY_STRING", trial->query);
    if (trial->body[0])
        add_variable(&request, "CONTENT_TYPE", "application/json");
    fastcgi_body(&request, trial->body, strlen(trial->body));
    return fastcgi_ask(&address, address_length, request.bytes, request.length, ANSWER_MS_MAX,
                       answer) &&
           answer->is_sound && answer->ended == 1 && answer->body;
}

static bool is_expected(const struct trial *trial, const struct fastcgi_answer *answer)
{
    return answer->status == trial->scenario->status &&
           (!trial->scenario->is_right || trial->scenario->is_right(trial, answer));
}

/* Asks until the answer is right. False: it takes too long. */
static bool recover(const struct trial *trial, struct fastcgi_answer *answer)
{
    int64_t deadline_ms = clock_ms() + RECOVER_MS_MAX;
    while (!ask(trial, answer) || !is_expected(trial, answer)) {
        if (answer->status != 503 || clock_ms() > deadline_ms)
            return false;
        usleep(10000);
    }
    return true;
}

/* ---- scenarios ---- */

static const struct scenario hold = {.method = "POST", .path = "/checkout", .status = 200};
static const struct scenario unknown = {.method = "POST", .path = "/purchase", .status = 404};
static const struct scenario health = {.method = "GET", .path = "/health", .status = 200};

/* Sends a request before the trial's own, while nothing fails. */
static void ask_first(const struct trial *trial, struct fastcgi_answer *answer)
{
    if (!recover(trial, answer)) {
        dprintf(STDERR_FILENO, "not prepared: %s?%s%s: %s\n", trial->scenario->path, trial->query,
                trial->body, answer->bytes);
        exit(EXIT_FAILURE);
    }
}

/* A name that is longer than a parser's first buffer, so that the parser allocates. */
static void name_user(struct trial *trial)
{
    snprintf(
        trial->user, sizeof trial->user, "user-%d-%.80s", trial->number,
        "with-a-name-that-is-longer-than-what-most-parsers-have-room-for-at-the-beginning-of-it");
}

static void prepare_query(struct trial *trial)
{
    snprintf(trial->query, sizeof trial->query, "user_id=%s&id=%d", trial->user, trial->number);
}

static void prepare_json(struct trial *trial)
{
    snprintf(trial->body, sizeof trial->body,
             "{\"user_id\":\"%s\",\"item_id\":\"item-%d\",\"other\":[{\"x\":1.5},null]}",
             trial->user, trial->number);
}

static void ask_for_item(const struct scenario *scenario, const char *user, int number)
{
    static struct fastcgi_answer answer;
    struct trial trial = {.scenario = scenario};
    snprintf(trial.query, sizeof trial.query, "user_id=%s&id=%d", user, number);
    ask_first(&trial, &answer);
}

/* Another user holds the item. */
static void prepare_held(struct trial *trial)
{
    ask_for_item(&hold, "other", trial->number);
    prepare_query(trial);
}

static void prepare_purchase(struct trial *trial)
{
    static const char code[] = "\"code\":\"";
    static struct fastcgi_answer answer;
    struct trial first = *trial;
    first.scenario = &hold;
    prepare_query(&first);
    ask_first(&first, &answer);
    const char *found = strstr(answer.body, code);
    if (found)
        snprintf(trial->query, sizeof trial->query, "code=%.*s", CODE_LENGTH, found + strlen(code));
}

/* A reading thread has a connection of its own, which the trial before may have broken. So each of
 * them answers a request before the trial's own. */
static void prepare_page(struct trial *trial)
{
    static struct fastcgi_answer answer;
    snprintf(trial->query, sizeof trial->query, "page_size=3");
    for (int i = 0; i < READS_FIRST; i++)
        ask_first(trial, &answer);
}

/* The worker reads the sale again after a second. */
static void prepare_status(struct trial *trial)
{
    (void)trial;
    usleep(1000000);
}

/* The reply has the item and the user that were asked for. */
static bool has_user_and_item(const struct trial *trial, const struct fastcgi_answer *answer)
{
    char user[2 * USER_MAX], item[USER_MAX];
    snprintf(user, sizeof user, "\"user\":\"%s\"", trial->user);
    snprintf(item, sizeof item, ",\"number\":%d,", trial->number);
    return strstr(answer->body, user) && strstr(answer->body, item);
}

static bool is_held(const struct trial *trial, const struct fastcgi_answer *answer)
{
    (void)trial;
    return strstr(answer->body, "\"outcome\":\"held\"") != NULL;
}

static const struct scenario scenarios[] = {
    {"checkout", "POST", "/checkout", 200, false, false, prepare_query, has_user_and_item},
    {"checkout in JSON", "POST", "/checkout", 200, false, false, prepare_json, has_user_and_item},
    {"checkout of what is held", "POST", "/checkout", 412, false, true, prepare_held, is_held},
    {"purchase", "POST", "/purchase", 200, false, true, prepare_purchase, has_user_and_item},
    {"items", "GET", "/items", 200, false, false, prepare_page, NULL},
    {"status", "GET", "/status", 200, false, false, prepare_status, NULL},
    {"checkout, connections broken", "POST", "/checkout", 412, true, true, prepare_held, is_held},
};

/* ---- faults ---- */

static const char *const fault_names[FAULTS] = {
    [FAULT_MEMORY] = "memory", [FAULT_POSTGRESQL] = "PostgreSQL", [FAULT_REDIS] = "Redis"};

static void complain(const struct trial *trial, enum fault fault, int n, const char *what,
                     const struct fastcgi_answer *answer)
{
    is_good = false;
    dprintf(STDERR_FILENO, "%s, %s, call %d: %s: %d %s\n", trial->scenario->name,
            fault_names[fault], n, what, answer->status, answer->body ? answer->body : "");
}

/* Waits until the worker has Redis again: batches are decided meanwhile. */
static void settle(const struct settings *settings)
{
    static const char is_ok[] = "\"redis\":\"ok\"";
    static struct fastcgi_answer answer;
    const struct trial trial = {.scenario = &health};
    const struct trial no_purchase = {.scenario = &unknown,
                                      .query = "code=AAAAAQAAEmdaEFPlRVrHp0QIj-4HtYcs"};
    int64_t deadline_ms = clock_ms() + RECOVER_MS_MAX;
    do {
        ask_for_item(&hold, "other", HELD_NUMBER);
        ask_first(&no_purchase, &answer);
        ask_first(&trial, &answer);
        if (strstr(answer.body, is_ok) || settings->redis.address[0] == '\0')
            return;
        usleep(20000);
    } while (clock_ms() < deadline_ms);
    dprintf(STDERR_FILENO, "Redis is out of reach: %s\n", answer.body);
    exit(EXIT_FAILURE);
}

/* Ends the worker's connections to PostgreSQL, and returns when they are closed. */
static bool end_backends(const char *conninfo)
{
    static const char terminate[] = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                    " WHERE usename = current_user AND pid <> pg_backend_pid()";
    PGconn *connection = PQconnectdb(conninfo);
    bool is_alone = false, good = true;
    while (good && !is_alone) {
        PGresult *result = PQexec(connection, terminate);
        good = PQresultStatus(result) == PGRES_TUPLES_OK;
        is_alone = PQntuples(result) == 0;
        PQclear(result);
        usleep(END_MS * 1000); /* a backend leaves the list before it ends */
    }
    PQfinish(connection);
    return good;
}

/* Breaks all of the worker's connections at the servers' side. */
static void break_connections(const struct settings *settings)
{
    bool good = end_backends(settings->database.worker_conninfo);
    const struct timeval timeout = {.tv_sec = 1};
    redisContext *context =
        redisConnectUnixWithTimeout(settings->redis.address + strlen("unix:"), timeout);
    redisReply *reply = redisCommand(context, "CLIENT KILL TYPE normal SKIPME yes");
    good = good && reply && reply->type == REDIS_REPLY_INTEGER;
    freeReplyObject(reply);
    redisFree(context);
    if (!good) {
        dprintf(STDERR_FILENO, "the connections could not be broken\n");
        exit(EXIT_FAILURE);
    }
}

/* One trial. False: no call was left to fail. */
static bool try(const struct settings *settings, const struct scenario *scenario, enum fault fault,
                int n, bool is_lasting, int *refusals)
{
    static struct fastcgi_answer answer;
    struct trial trial = {.scenario = scenario, .number = next_number++};
    name_user(&trial);
    settle(settings);
    if (fault == FAULT_REDIS || scenario->is_broken)
        usleep(WELL_MS * 1000);
    if (scenario->prepare)
        scenario->prepare(&trial);
    if (scenario->is_broken)
        break_connections(settings);

    faults_arm(fault, n, is_lasting);
    bool is_answered = ask(&trial, &answer);
    /* Time for what happens after the answer: reconnecting, and the next exchange with Redis. */
    if (scenario->is_broken)
        usleep(BROKEN_MS * 1000);
    else if (fault == FAULT_REDIS)
        usleep(PERIOD_MS * 1000);
    bool has_failed = faults_disarm();
    if (!is_answered)
        complain(&trial, fault, n, "no answer", &answer);
    else if (answer.status == 503 &&
             (scenario->is_broken || (has_failed && fault != FAULT_REDIS)) &&
             strstr(answer.bytes, "\r\nRetry-After: 1\r\n"))
        (*refusals)++; /* a fault of Redis alone must not cause one */
    else if (!is_expected(&trial, &answer))
        complain(&trial, fault, n, "wrong answer", &answer);
    if (!recover(&trial, &answer))
        complain(&trial, fault, n, "wrong answer when asked again", &answer);
    return has_failed;
}

static void try_each_call(const struct settings *settings, const struct scenario *scenario,
                          enum fault fault, bool is_lasting)
{
    int failures = 0, refusals = 0;
    /* A batcher reconnects by itself: a single trial may be too early or too late to see it. */
    int misses_left = scenario->is_broken ? 2 : 1;
    for (int n = 1; misses_left > 0 && n < CALLS_MAX; n++) {
        if (try(settings, scenario, fault, n, is_lasting, &refusals))
            failures++;
        else
            misses_left--;
    }
    if (misses_left > 0) {
        dprintf(STDERR_FILENO, "%s, %s: the calls do not end\n", scenario->name,
                fault_names[fault]);
        is_good = false;
    }
    printf("%s: %s: %d calls failed%s, %d times the answer was 503\n", scenario->name,
           fault_names[fault], failures, is_lasting ? " with all after them" : ", one at a time",
           refusals);
    fflush(stdout);
}

/* ---- the worker ---- */

static void *tick(void *worker)
{
    while (!atomic_load(&is_over)) {
        usleep(WORKER_TICK_MS * 1000);
        worker_tick(worker);
    }
    return NULL;
}

int main(int count, char **arguments)
{
    static const struct options_program program = {.name = "request",
                                                   .purpose = "Has one call after another fail."};
    static struct settings settings;
    if (options_read(count, arguments, &program, &settings) != OPTIONS_RUN)
        return 2;
    log_open(program.name, (enum log_level)settings.log.level);
    signal(SIGPIPE, SIG_IGN);
    faults_open();
    faults_spare_thread();
    int listen_fd = fastcgi_listen(&address, &address_length);
    if (listen_fd < 0)
        return EXIT_FAILURE;
    struct worker *worker = worker_start(&settings, listen_fd);
    pthread_t ticking;
    if (pthread_create(&ticking, NULL, tick, worker) != 0)
        return EXIT_FAILURE;

    usleep(START_MS * 1000);
    bool has_redis = settings.redis.address[0] != '\0';
    if (!has_redis)
        next_number = ALONE_NUMBER;
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        for (int fault = 0; fault < FAULTS; fault++) {
            if (scenarios[i].is_learned != has_redis || (fault == FAULT_REDIS && !has_redis))
                continue;
            try_each_call(&settings, &scenarios[i], (enum fault)fault, false);
            /* If all calls fail, the worker never reconnects: every n gives the same. */
            if (!scenarios[i].is_broken)
                try_each_call(&settings, &scenarios[i], (enum fault)fault, true);
        }
    }

    atomic_store(&is_over, true);
    pthread_join(ticking, NULL);
    if (!worker_stop(worker)) {
        dprintf(STDERR_FILENO, "the worker did not stop\n");
        is_good = false;
    }
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
