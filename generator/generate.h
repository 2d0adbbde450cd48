/*
 * Makes the sales that are missing. One transaction a sale, so a run that ends half-way, by
 * whatever cause, leaves whole sales only, and the next run goes on from there.
 */
#ifndef GENERATOR_GENERATE_H
#define GENERATOR_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"
#include "store.h"

enum {
    LOCK_S_MAX = 60,           /* how long a run waits for another to end */
    STATEMENT_S_BASE = 60,     /* what any statement may take, and ... */
    STATEMENT_ITEMS_S = 10000, /* ... for so many items a second more; slow disks do ten times it */
};

/* How long a statement for a sale of so many items may take, in seconds; longer than LOCK_S_MAX, so
 * that one that waits for a lock says so. */
int generate_statement_s_max(int items_total);

struct generate_report {
    int sales_made;
    int32_t sale_id_first; /* of those made; 0: none */
    int32_t sale_id_last;
    int partitions_made;
    int partitions_dropped;
};

/*
 * Does all that one run is to do, over a connected store, and reports what was done even where it
 * failed. False: not all sales or partitions that should exist do; why is
 * logged. Runs take turns: a second one waits for LOCK_S_MAX, then fails.
 */
bool generate(struct store *store, const struct settings *settings, struct generate_report *report)
    __attribute__((warn_unused_result));

#endif
