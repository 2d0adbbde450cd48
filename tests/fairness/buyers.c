/*
 * The crowd of tests/fairness/fairness.py: programs and people who want one item each and buy it.
 *
 *     buyers PORT STARTS_AT DRAW PROGRAMS PEOPLE RATE COME_S READ_S SECONDS_MAX SEED
 *
 * STARTS_AT: when the sale begins, in seconds since the epoch. DRAW: 1 if each user has an opening
 * time, else 0.
 *
 * A program has a connection of its own. From a second before the sale it asks for any item, RATE
 * times a second but only after the last answer, until it has bought one. A person reads its
 * opening time (GET /turn) in the first READ_S seconds of the sale, each at a random moment, and
 * comes up to COME_S seconds after it; without a draw, up to COME_S seconds after the start. A
 * person who is refused comes again when Retry-After says so. People share connections, as few of
 * them ask at once.
 *
 * It ends when an answer says that all is sold, or after SECONDS_MAX, and prints what it saw as
 * JSON.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SHARED_CONNECTIONS = 64,
    ANSWER_BYTES = 16384,
    OUTCOMES_MAX = 32,
    EVENTS_MAX = 256,
    SECOND_US = 1000 * 1000,
};

enum kind { PROGRAM, PERSON, KINDS };
enum step { READ_TURN, CHECK_OUT, PURCHASE, DONE };

struct buyer {
    enum kind kind;
    enum step step;
    int64_t due_us; /* of the next request, since the epoch as all times here */
    char code[33];
};

struct connection {
    int fd;
    int buyer; /* whose request is in flight; -1: it is idle */
    int64_t sent_us;
    size_t length;
    char bytes[ANSWER_BYTES]; /* of the answer so far, and a zero */
};

struct answer {
    int status;
    int64_t retry_after_us;
    const char *body;
};

/* What one kind of buyers saw. */
struct tally {
    int users, bought;
    int64_t requests, broken; /* broken: requests without an answer */
    /* People's checkouts before they got an item: how long after they were due they were answered.
     */
    int64_t came, late_us, late_us_max;
    struct {
        char name[32];
        int64_t count;
    } outcomes[OUTCOMES_MAX];
};

static struct sockaddr_in address;
static int64_t starts_us, interval_us, come_us, read_us, first_bought_us, last_bought_us;
static bool has_draw, is_sold_out;
static uint64_t chance_state;

static struct buyer *buyers;
static int programs, buyers_count, purchasing, done;
static struct tally tallies[KINDS];

static struct connection *connections;
static int connections_count, epoll;
static int idle[SHARED_CONNECTIONS], idle_count;

/* Buyers by due_us: a heap. People who are due and have no connection: a ring with room for all. */
static int *heap, heap_count, *ring, ring_first, ring_count;

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(1);
}

/* Uniform in [0, range_us). SplitMix64. */
static int64_t chance_us(int64_t range_us)
{
    uint64_t z = (chance_state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    z ^= z >> 31;
    return (int64_t)((double)(z >> 11) * 0x1p-53 * (double)range_us);
}

/* ---- who is due ---- */

static bool is_before(int a, int b)
{
    return buyers[heap[a]].due_us < buyers[heap[b]].due_us;
}

static void swap(int a, int b)
{
    int other = heap[a];
    heap[a] = heap[b];
    heap[b] = other;
}

static void plan(int buyer, int64_t due_us)
{
    buyers[buyer].due_us = due_us;
    int at = heap_count++;
    heap[at] = buyer;
    for (; at > 0 && is_before(at, (at - 1) / 2); at = (at - 1) / 2) {
        swap(at, (at - 1) / 2);
    }
}

static int take_first(void)
{
    int first = heap[0];
    heap[0] = heap[--heap_count];
    for (int at = 0, child; (child = 2 * at + 1) < heap_count; at = child) {
        if (child + 1 < heap_count && is_before(child + 1, child)) {
            child++;
        }
        if (!is_before(child, at)) {
            break;
        }
        swap(at, child);
    }
    return first;
}

/* ---- connections ---- */

static void open_connection(int number)
{
    struct connection *connection = &connections[number];
    connection->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connection->fd < 0 ||
        connect(connection->fd, (struct sockaddr *)&address, sizeof address) != 0) {
        die("connect");
    }
    int on = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)number};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event) != 0) {
        die("epoll_ctl");
    }
    connection->buyer = -1;
    connection->length = 0;
}

static void send_request(int number, int buyer)
{
    struct connection *connection = &connections[number];
    struct buyer *who = &buyers[buyer];
    char text[256], target[128];
    const char *method = "POST";
    const char *kind = who->kind == PROGRAM ? "program" : "person";
    if (who->step == READ_TURN) {
        method = "GET";
        snprintf(target, sizeof target, "/turn?user_id=%s%d", kind, buyer);
    } else if (who->step == CHECK_OUT) {
        snprintf(target, sizeof target, "/checkout?user_id=%s%d", kind, buyer);
    } else {
        snprintf(target, sizeof target, "/purchase?code=%s", who->code);
    }
    int length =
        snprintf(text, sizeof text,
                 "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", method, target);
    connection->buyer = buyer;
    connection->length = 0;
    connection->sent_us = now_us();
    tallies[who->kind].requests++;
    if (send(connection->fd, text, (size_t)length, MSG_NOSIGNAL) != length) {
        /* Closed a moment ago: reading tells. */
        shutdown(connection->fd, SHUT_RDWR);
    }
}

static void ask(int buyer)
{
    if (buyers[buyer].kind == PROGRAM) {
        send_request(SHARED_CONNECTIONS + buyer, buyer);
    } else if (idle_count > 0) {
        send_request(idle[--idle_count], buyer);
    } else {
        ring[(ring_first + ring_count++) % buyers_count] = buyer;
    }
}

/* After an answer: the connection takes the next person who waits for one. */
static void release(int number)
{
    connections[number].buyer = -1;
    if (number >= SHARED_CONNECTIONS) {
        return;
    }
    if (ring_count > 0) {
        int next = ring[ring_first];
        ring_first = (ring_first + 1) % buyers_count;
        ring_count--;
        send_request(number, next);
    } else {
        idle[idle_count++] = number;
    }
}

/* ---- answers ---- */

static void count_outcome(struct tally *tally, const char *name, size_t length)
{
    for (int i = 0; i < OUTCOMES_MAX; i++) {
        if (tally->outcomes[i].name[0] == '\0') {
            snprintf(tally->outcomes[i].name, sizeof tally->outcomes[i].name, "%.*s", (int)length,
                     name);
        }
        if (strlen(tally->outcomes[i].name) == length &&
            memcmp(tally->outcomes[i].name, name, length) == 0) {
            tally->outcomes[i].count++;
            return;
        }
    }
}

/* The text of a member of the body, and its length; NULL: there is none, or it is no text. */
static const char *text_of(const char *body, const char *member, size_t *length)
{
    char start[40];
    snprintf(start, sizeof start, "\"%s\":\"", member);
    const char *found = strstr(body, start);
    if (found == NULL) {
        return NULL;
    }
    found += strlen(start);
    *length = strcspn(found, "\"");
    return found;
}

/* An RFC 3339 time in UTC with milliseconds, as the service writes it; -1: it is something else. */
static int64_t time_us(const char *text)
{
    struct tm moment = {0};
    int ms = 0;
    if (sscanf(text, "%d-%d-%dT%d:%d:%d.%3dZ", &moment.tm_year, &moment.tm_mon, &moment.tm_mday,
               &moment.tm_hour, &moment.tm_min, &moment.tm_sec, &ms) != 7) {
        return -1;
    }
    moment.tm_year -= 1900;
    moment.tm_mon -= 1;
    return (int64_t)timegm(&moment) * SECOND_US + ms * 1000;
}

/* A program asks again at once, as often as it wants to; a person when it was told to. */
static void ask_again(int buyer, int64_t sent_us, const struct answer *answer)
{
    int64_t now = now_us();
    if (buyers[buyer].kind == PERSON) {
        plan(buyer, now + answer->retry_after_us);
    } else {
        plan(buyer, sent_us + interval_us > now ? sent_us + interval_us : now);
    }
}

static void finish(int buyer)
{
    buyers[buyer].step = DONE;
    done++;
}

static void take_turn(int buyer, int64_t sent_us, const struct answer *answer)
{
    size_t length;
    const char *text = text_of(answer->body, "opens_at", &length);
    int64_t opens_us = answer->status == 200 && text != NULL ? time_us(text) : -1;
    if (opens_us < 0) {
        ask_again(buyer, sent_us, answer);
        return;
    }
    buyers[buyer].step = CHECK_OUT;
    int64_t now = now_us();
    plan(buyer, (opens_us > now ? opens_us : now) + chance_us(come_us));
}

static void take_checkout(int buyer, int64_t sent_us, const struct answer *answer)
{
    size_t length = 0;
    const char *code = text_of(answer->body, "code", &length);
    if (answer->status == 200 && code != NULL && length == sizeof buyers->code - 1) {
        memcpy(buyers[buyer].code, code, length);
        buyers[buyer].step = PURCHASE;
        purchasing++;
        plan(buyer, now_us());
        return;
    }
    const char *outcome = text_of(answer->body, "outcome", &length);
    if (outcome != NULL && length == strlen("sold_out") &&
        memcmp(outcome, "sold_out", length) == 0) {
        is_sold_out = true;
        finish(buyer);
    } else {
        ask_again(buyer, sent_us, answer);
    }
}

static void take_purchase(int buyer, const struct answer *answer)
{
    purchasing--;
    if (answer->status == 200) {
        last_bought_us = now_us();
        if (first_bought_us == 0) {
            first_bought_us = last_bought_us;
        }
        tallies[buyers[buyer].kind].bought++;
        finish(buyer);
        return;
    }
    /* Too late: the item is free again. Not decided, or not known: asking again tells. */
    buyers[buyer].step = answer->status == 404 ? CHECK_OUT : PURCHASE;
    purchasing += buyers[buyer].step == PURCHASE;
    plan(buyer, now_us() + answer->retry_after_us);
}

static void take_answer(int number, const struct answer *answer)
{
    struct connection *connection = &connections[number];
    int buyer = connection->buyer;
    struct buyer *who = &buyers[buyer];
    struct tally *tally = &tallies[who->kind];
    size_t length = 0;
    const char *outcome = text_of(answer->body, "outcome", &length);
    static const char *const good[] = {"turn", "accepted", "purchased"};
    if (answer->status == 200) {
        count_outcome(tally, good[who->step], strlen(good[who->step]));
    } else {
        count_outcome(tally, outcome ? outcome : "none", outcome ? length : strlen("none"));
    }
    if (who->step == READ_TURN) {
        take_turn(buyer, connection->sent_us, answer);
    } else if (who->step == CHECK_OUT) {
        if (who->kind == PERSON && who->code[0] == '\0') {
            int64_t late_us = now_us() - who->due_us;
            tally->came++;
            tally->late_us += late_us;
            tally->late_us_max = late_us > tally->late_us_max ? late_us : tally->late_us_max;
        }
        take_checkout(buyer, connection->sent_us, answer);
    } else {
        take_purchase(buyer, answer);
    }
}

/* Whether the bytes so far are a whole answer. */
static bool read_answer(struct connection *connection, struct answer *answer)
{
    connection->bytes[connection->length] = '\0';
    char *head_end = strstr(connection->bytes, "\r\n\r\n");
    if (head_end == NULL || sscanf(connection->bytes, "HTTP/1.1 %d", &answer->status) != 1) {
        return false;
    }
    size_t body_length = 0;
    answer->retry_after_us = SECOND_US;
    for (char *line = connection->bytes; line < head_end; line = strstr(line, "\r\n") + 2) {
        if (strncasecmp(line, "Content-Length:", 15) == 0) {
            body_length = strtoul(line + 15, NULL, 10);
        } else if (strncasecmp(line, "Retry-After:", 12) == 0) {
            answer->retry_after_us = strtol(line + 12, NULL, 10) * SECOND_US;
        }
    }
    answer->body = head_end + 4;
    return connection->length >= (size_t)(head_end + 4 - connection->bytes) + body_length;
}

/* The web server closed the connection: after so many requests it does. */
static void open_again(int number)
{
    int buyer = connections[number].buyer;
    close(connections[number].fd);
    open_connection(number);
    if (buyer >= 0) {
        tallies[buyers[buyer].kind].broken++;
        send_request(number, buyer);
    }
}

static void receive(int number)
{
    struct connection *connection = &connections[number];
    ssize_t got = recv(connection->fd, connection->bytes + connection->length,
                       sizeof connection->bytes - 1 - connection->length, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        open_again(number);
        return;
    }
    connection->length += (size_t)got;
    struct answer answer = {0};
    if (connection->buyer >= 0 && read_answer(connection, &answer)) {
        take_answer(number, &answer);
        release(number);
    } else if (connection->length == sizeof connection->bytes - 1) {
        errno = EMSGSIZE;
        die("an answer");
    }
}

/* ---- the whole ---- */

static void make_crowd(void)
{
    int64_t early_us = starts_us - SECOND_US;
    for (int i = 0; i < buyers_count; i++) {
        struct buyer *who = &buyers[i];
        who->kind = i < programs ? PROGRAM : PERSON;
        tallies[who->kind].users++;
        who->step = who->kind == PERSON && has_draw ? READ_TURN : CHECK_OUT;
        if (who->kind == PROGRAM) {
            plan(i, early_us + chance_us(interval_us));
        } else {
            plan(i, starts_us + chance_us(has_draw ? read_us : come_us));
        }
    }
    for (int i = 0; i < connections_count; i++) {
        open_connection(i);
        if (i < SHARED_CONNECTIONS) {
            idle[idle_count++] = i;
        }
    }
}

static void serve(int64_t ends_us)
{
    struct epoll_event events[EVENTS_MAX];
    while (done < buyers_count && !(is_sold_out && purchasing == 0)) {
        int64_t now = now_us();
        if (now >= ends_us) {
            return;
        }
        while (heap_count > 0 && buyers[heap[0]].due_us <= now) {
            ask(take_first());
        }
        int64_t wait_us = heap_count > 0 ? buyers[heap[0]].due_us - now : SECOND_US;
        int wait_ms = wait_us > SECOND_US ? 1000 : (int)((wait_us + 999) / 1000);
        int count = epoll_wait(epoll, events, EVENTS_MAX, wait_ms);
        for (int i = 0; i < count; i++) {
            receive((int)events[i].data.u32);
        }
    }
}

static void print_tally(const char *name, const struct tally *tally)
{
    printf("\"%s\":{\"users\":%d,\"bought\":%d,\"requests\":%" PRId64 ",\"broken\":%" PRId64
           ",\"answered_ms\":%.1f,\"answered_ms_max\":%.1f,\"outcomes\":{",
           name, tally->users, tally->bought, tally->requests, tally->broken,
           tally->came > 0 ? (double)tally->late_us / (double)tally->came / 1000 : 0,
           (double)tally->late_us_max / 1000);
    for (int i = 0; i < OUTCOMES_MAX && tally->outcomes[i].name[0] != '\0'; i++) {
        printf("%s\"%s\":%" PRId64, i > 0 ? "," : "", tally->outcomes[i].name,
               tally->outcomes[i].count);
    }
    printf("}},");
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        die("calloc");
    }
    return memory;
}

int main(int argc, char **argv)
{
    if (argc != 11) {
        fprintf(stderr, "usage: buyers PORT STARTS_AT DRAW PROGRAMS PEOPLE RATE COME_S READ_S "
                        "SECONDS_MAX SEED\n");
        return 2;
    }
    address = (struct sockaddr_in){.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)atoi(argv[1])),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    starts_us = (int64_t)(atof(argv[2]) * SECOND_US);
    has_draw = atoi(argv[3]) != 0;
    programs = atoi(argv[4]);
    buyers_count = programs + atoi(argv[5]);
    interval_us = (int64_t)(SECOND_US / atof(argv[6]));
    come_us = (int64_t)(atof(argv[7]) * SECOND_US);
    read_us = (int64_t)(atof(argv[8]) * SECOND_US);
    chance_state = strtoull(argv[10], NULL, 10);
    connections_count = SHARED_CONNECTIONS + programs;
    buyers = allocate((size_t)buyers_count, sizeof *buyers);
    heap = allocate((size_t)buyers_count, sizeof *heap);
    ring = allocate((size_t)buyers_count, sizeof *ring);
    connections = allocate((size_t)connections_count, sizeof *connections);
    epoll = epoll_create1(0);
    make_crowd();
    serve(starts_us + (int64_t)(atof(argv[9]) * SECOND_US));

    printf("{");
    print_tally("programs", &tallies[PROGRAM]);
    print_tally("people", &tallies[PERSON]);
    printf("\"is_sold_out\":%s,\"first_bought_s\":%.3f,\"last_bought_s\":%.3f,\"ended_s\":%.3f}\n",
           is_sold_out ? "true" : "false", (double)(first_bought_us - starts_us) / SECOND_US,
           (double)(last_bought_us - starts_us) / SECOND_US,
           (double)(now_us() - starts_us) / SECOND_US);
    return 0;
}
