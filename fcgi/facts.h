/*
 * Facts: what Redis knows about a sale that stays true - an item is sold, a user has reached the
 * limit, all is sold, an item is held until a time. A fact can turn a request away before the
 * database looks at its item; it never lets one through. So Redis may lose everything at any
 * moment, and nothing needs to be invalidated.
 *
 * A sale's facts are three hashes: numbers of items sold (and "all"), holds by number, users at
 * the limit. Their keys begin with "flashsale:" and the microsecond at which the sale was
 * generated, which tells it from any other, and expire behind the sale. A hold says until when by
 * PostgreSQL's clock, and PostgreSQL judges it; that its item is sold counts for more.
 *
 * A connection belongs to one lane's thread. When Redis fails it is left alone for a while,
 * longer each time (a circuit breaker), so it never costs each batch its timeout.
 */
#ifndef FCGI_FACTS_H
#define FCGI_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"
#include "ticket.h"

/* As p_known of flashsale.checkout_batch has them. */
enum fact_kind { FACT_NONE, FACT_SOLD, FACT_HELD, FACT_USER_LIMIT, FACT_SOLD_OUT };

struct fact {
    enum fact_kind kind;
    int64_t until_us; /* of FACT_HELD, by PostgreSQL's clock; else INT64_MAX */
};

struct facts;
struct metrics;

/* `name` is for log lines and must outlive the object. NULL: out of memory. Does not connect. */
struct facts *facts_new(const struct settings *settings, const char *name, struct metrics *metrics);
void facts_free(struct facts *facts);

/* Whether Redis is set up, but not connected: it failed, and the breaker may be open. */
bool facts_are_out_of_reach(const struct facts *facts);

/* Connects where need be and the breaker lets it; asks Redis for a sign of life. */
void facts_ensure(struct facts *facts);

/*
 * Asks about `count` checkouts in one round trip, for those that mean the newest open sale, taken
 * to be the one generated at `sale_made_us`. Where Redis cannot be asked no fact is known.
 */
void facts_ask(struct facts *facts, int64_t sale_made_us, struct ticket *const *tickets, int count,
               struct fact *known);

/*
 * Notes what a verdict tells about the sale, to be sent by facts_flush(): at most a fact for each
 * ticket of a batch. All are of one sale, the first one's: those of others are dropped. `user` is
 * whom it is about: who holds the item, or who has reached the limit.
 */
void facts_note(struct facts *facts, int64_t sale_made_us, const char *user, size_t user_length,
                const struct verdict *verdict, enum fact_kind kind);

/* Sends what was noted, without waiting for the answer. */
void facts_flush(struct facts *facts);

#endif
