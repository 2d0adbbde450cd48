#include "batch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/log.h"
#include "dialect.h"
#include "metrics.h"

const char *const checkout_batch_statement =
    "SELECT ordinal, outcome, sale_id, number, secret, expires_at, sale_made_at, sale_ends_at,"
    " decided_at, name, price_cents, picture_seed, held_by, purchase_limit"
    " FROM flashsale.checkout_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/* Number -1: no item could have it, so none is locked. */
const struct database_parameter checkout_batch_trial[CHECKOUT_BATCH_PARAMETERS] = {
    ARRAY_ONE(ARRAY_TEXT, 1, [ARRAY_ONE_AT] = '-'),
    ARRAY_ONE(ARRAY_INT4, 4, [ARRAY_ONE_AT] = 0),
    ARRAY_ONE(ARRAY_INT4, 4, [ARRAY_ONE_AT] = -1, -1, -1, -1),
    ARRAY_ONE(ARRAY_UUID, CODE_SECRET_BYTES, [ARRAY_ONE_AT] = 0),
    ARRAY_ONE(ARRAY_INT2, 2, [ARRAY_ONE_AT] = 0),
    ARRAY_ONE(ARRAY_TIMESTAMPTZ, 8, [ARRAY_ONE_AT] = 0),
    {"\0\0\0\0\0\0\0", 8},
    {"", 1},
    {"", 1},
    {NULL, 0}};

enum column {
    COLUMN_ORDINAL,
    COLUMN_OUTCOME,
    COLUMN_SALE_ID,
    COLUMN_NUMBER,
    COLUMN_SECRET,
    COLUMN_EXPIRES_AT,
    COLUMN_SALE_MADE_AT,
    COLUMN_SALE_ENDS_AT,
    COLUMN_DECIDED_AT,
    COLUMN_NAME,
    COLUMN_PRICE_CENTS,
    COLUMN_PICTURE_SEED,
    COLUMN_HELD_BY,
    COLUMN_PURCHASE_LIMIT
};

enum {
    /* Facts turn refusals away early. So batches ask for them while some were refused lately; as
       long as all get what they ask for, only now and then, to see whether Redis is there. */
    ASK_AFTER_REFUSAL_MS = 1000,
    ASK_AT_LEAST_EVERY_MS = 500
};

struct checkout_batch {
    const struct settings *settings;
    struct metrics *metrics;
    struct array users, sales, numbers, secrets, known, known_until, free_ids;
    uint8_t *random;      /* CODE_SECRET_BYTES for each ticket */
    struct fact *facts;   /* one for each ticket */
    int64_t sale_made_us; /* the newest open sale, as known last, whose facts to ask for */
    int64_t refused_ms;   /* when a fact could last have spared the database a look, */
    int64_t asked_ms;     /* and when facts were last asked for; by the monotonic clock */
};

struct checkout_batch *checkout_batch_new(const struct settings *settings, struct metrics *metrics)
{
    struct checkout_batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return NULL;
    int count = settings->lane.batch_max;
    batch->settings = settings;
    batch->metrics = metrics;
    batch->random = malloc((size_t)count * CODE_SECRET_BYTES);
    batch->facts = calloc((size_t)count, sizeof *batch->facts);
    if (!batch->random || !batch->facts || !array_new(&batch->users, count, PARAMETER_BYTES_MAX) ||
        !array_new(&batch->sales, count, 4) || !array_new(&batch->numbers, count, 4) ||
        !array_new(&batch->secrets, count, CODE_SECRET_BYTES) ||
        !array_new(&batch->known, count, 2) || !array_new(&batch->known_until, count, 8) ||
        !array_new(&batch->free_ids, count, PARAMETER_BYTES_MAX)) {
        checkout_batch_free(batch);
        return NULL;
    }
    return batch;
}

void checkout_batch_free(struct checkout_batch *batch)
{
    if (!batch)
        return;
    array_free(&batch->users);
    array_free(&batch->sales);
    array_free(&batch->numbers);
    array_free(&batch->secrets);
    array_free(&batch->known);
    array_free(&batch->known_until);
    array_free(&batch->free_ids);
    free(batch->random);
    free(batch->facts);
    free(batch);
}

/* Fills `bytes` from the kernel's generator; false only where there is none. */
static bool fill_random(uint8_t *bytes, size_t count)
{
    for (size_t got = 0; got < count;) {
        ssize_t more = getrandom(bytes + got, count - got, 0);
        if (more <= 0)
            return false;
        got += (size_t)more;
    }
    return true;
}

static void fill_arrays(struct checkout_batch *batch, struct ticket **tickets, int count)
{
    array_begin(&batch->users, ARRAY_TEXT, count);
    array_begin(&batch->sales, ARRAY_INT4, count);
    array_begin(&batch->numbers, ARRAY_INT4, count);
    array_begin(&batch->secrets, ARRAY_UUID, count);
    array_begin(&batch->known, ARRAY_INT2, count);
    array_begin(&batch->known_until, ARRAY_TIMESTAMPTZ, count);
    for (int i = 0; i < count; i++) {
        array_add_bytes(&batch->users, tickets[i]->user, tickets[i]->user_length);
        array_add_int4(&batch->sales, tickets[i]->code.sale_id);
        array_add_int4(&batch->numbers, tickets[i]->code.number);
        array_add_bytes(&batch->secrets, batch->random + (size_t)i * CODE_SECRET_BYTES,
                        CODE_SECRET_BYTES);
        array_add_int2(&batch->known, (int16_t)batch->facts[i].kind);
        array_add_time_us(&batch->known_until, batch->facts[i].until_us);
    }
}

/* NULL where no ticket has one. */
static struct database_parameter free_ids(struct checkout_batch *batch, struct ticket **tickets,
                                          int count)
{
    bool has_some = false;
    for (int i = 0; i < count && !has_some; i++)
        has_some = tickets[i]->free_id_length > 0;
    if (!has_some)
        return (struct database_parameter){NULL, 0};
    array_begin(&batch->free_ids, ARRAY_TEXT, count);
    for (int i = 0; i < count; i++)
        array_add_bytes(&batch->free_ids, tickets[i]->free_id, tickets[i]->free_id_length);
    return array_parameter(&batch->free_ids);
}

static PGresult *call(struct checkout_batch *batch, struct database *database,
                      struct ticket **tickets, int count)
{
    fill_arrays(batch, tickets, count);
    uint64_t sale_made =
        htobe64((uint64_t)(batch->sale_made_us - (int64_t)DATABASE_EPOCH_S * 1000000));
    char unknown_is_any = batch->settings->sale.unknown_item == UNKNOWN_ITEM_ANY;
    char full_may_check_out = dialect_of(batch->settings)->full_may_check_out;
    const struct database_parameter parameters[] = {
        array_parameter(&batch->users),   array_parameter(&batch->sales),
        array_parameter(&batch->numbers), array_parameter(&batch->secrets),
        array_parameter(&batch->known),   array_parameter(&batch->known_until),
        {(const char *)&sale_made, 8},    {&unknown_is_any, 1},
        {&full_may_check_out, 1},         free_ids(batch, tickets, count)};
    PGresult *result;
    int64_t began_us = clock_us();
    enum database_result done =
        database_call(database, 0, parameters, CHECKOUT_BATCH_PARAMETERS, &result);
    metrics_observe(batch->metrics, METRIC_COMMIT_TIME, LANE_CHECKOUT, clock_us() - began_us);
    return done == DATABASE_DONE ? result : NULL;
}

static void read_verdict(const PGresult *result, int row, struct verdict *verdict)
{
    verdict->outcome = outcome_named(PQgetvalue(result, row, COLUMN_OUTCOME),
                                     (size_t)PQgetlength(result, row, COLUMN_OUTCOME));
    if (verdict->outcome == OUTCOME_COUNT)
        verdict->outcome = OUTCOME_UNAVAILABLE;
    verdict->code.sale_id = database_int4(result, row, COLUMN_SALE_ID);
    verdict->code.number = database_int4(result, row, COLUMN_NUMBER);
    verdict->expires_us = database_time_us(result, row, COLUMN_EXPIRES_AT);
    verdict->sale_ends_us = database_time_us(result, row, COLUMN_SALE_ENDS_AT);
    verdict->decided_us = database_time_us(result, row, COLUMN_DECIDED_AT);
    verdict->purchase_limit = database_int4(result, row, COLUMN_PURCHASE_LIMIT);
    if (verdict->outcome != OUTCOME_ACCEPTED && verdict->outcome != OUTCOME_REPEATED)
        return;
    memcpy(verdict->code.secret, PQgetvalue(result, row, COLUMN_SECRET), CODE_SECRET_BYTES);
    database_text(result, row, COLUMN_NAME, verdict->name, sizeof verdict->name);
    verdict->price_cents = database_int4(result, row, COLUMN_PRICE_CENTS);
    verdict->picture_seed = database_int8(result, row, COLUMN_PICTURE_SEED);
}

/* The fact behind a refusal by the database: what it knows, the others need not ask it again. */
static enum fact_kind fact_of(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_HELD:
        return FACT_HELD;
    case OUTCOME_SOLD:
        return FACT_SOLD;
    case OUTCOME_SOLD_OUT:
        return FACT_SOLD_OUT;
    case OUTCOME_USER_LIMIT:
        return FACT_USER_LIMIT;
    default:
        return FACT_NONE;
    }
}

/* Notes what a refusal tells: about the one who holds the item, or else the one who asked. */
static void note_fact(struct facts *facts, const PGresult *result, int row,
                      const struct ticket *ticket)
{
    enum fact_kind kind = fact_of(ticket->verdict.outcome);
    const char *user = ticket->user;
    size_t user_length = ticket->user_length;
    if (kind == FACT_NONE)
        return;
    if (kind == FACT_HELD) {
        if (database_is_null(result, row, COLUMN_HELD_BY))
            return; /* any item was asked for, or a fact was the reason */
        user = PQgetvalue(result, row, COLUMN_HELD_BY);
        user_length = (size_t)PQgetlength(result, row, COLUMN_HELD_BY);
    }
    facts_note(facts, database_time_us(result, row, COLUMN_SALE_MADE_AT), user, user_length,
               &ticket->verdict, kind);
}

static void read_result(struct checkout_batch *batch, struct facts *facts, const PGresult *result,
                        struct ticket **tickets, int count)
{
    for (int row = 0; row < PQntuples(result); row++) {
        int index = database_int4(result, row, COLUMN_ORDINAL) - 1;
        if (index < 0 || index >= count)
            continue;
        struct ticket *ticket = tickets[index];
        read_verdict(result, row, &ticket->verdict);
        if (ticket->code.sale_id == 0) /* facts are of use to those that name no sale */
            batch->sale_made_us = database_time_us(result, row, COLUMN_SALE_MADE_AT);
        enum fact_kind refused_for = fact_of(ticket->verdict.outcome);
        enum fact_kind known = batch->facts[index].kind;
        if (refused_for != FACT_NONE)
            batch->refused_ms = clock_ms();
        if (known == FACT_NONE)
            note_fact(facts, result, row, ticket);
        else if (known == refused_for)
            metrics_add(batch->metrics, METRIC_FACTS_USED, (int)known, 0, 1);
    }
}

/* Fills in the facts that are known, or none. False: Redis is needed and out of reach. */
static bool ask_for_facts(struct checkout_batch *batch, struct facts *facts,
                          struct ticket **tickets, int count)
{
    bool is_needed = !batch->settings->redis.fail_open; /* then each batch finds out anew */
    int64_t now = clock_ms();
    if (is_needed || now - batch->refused_ms < ASK_AFTER_REFUSAL_MS ||
        now - batch->asked_ms >= ASK_AT_LEAST_EVERY_MS) {
        batch->asked_ms = now;
        facts_ask(facts, batch->sale_made_us, tickets, count, batch->facts);
    } else {
        for (int i = 0; i < count; i++)
            batch->facts[i] = (struct fact){FACT_NONE, INT64_MAX};
    }
    return !is_needed || !facts_are_out_of_reach(facts);
}

void checkout_batch_decide(struct checkout_batch *batch, struct database *database,
                           struct facts *facts, struct ticket **tickets, int count)
{
    for (int i = 0; i < count; i++)
        tickets[i]->verdict.outcome = OUTCOME_UNAVAILABLE;

    if (!ask_for_facts(batch, facts, tickets, count))
        return;
    if (!fill_random(batch->random, (size_t)count * CODE_SECRET_BYTES)) {
        log_error("getrandom failed: no codes can be made");
        return;
    }
    PGresult *result = call(batch, database, tickets, count);
    if (!result)
        return;
    read_result(batch, facts, result, tickets, count);
    PQclear(result);
    facts_flush(facts);
}
