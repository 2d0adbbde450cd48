/*
 * Makes the sales that are missing, each in a transaction of its own: a run that ends half-way, for
 * whatever reason, leaves only whole sales, and the next run goes on from there.
 */
#ifndef GENERATOR_GENERATE_H
#define GENERATOR_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"
#include "store.h"

enum {
    LOCK_S_MAX = 60,           /* how long a run waits for another to end */
    STATEMENT_S_BASE = 60,     /* how long any statement may take, plus ... */
    STATEMENT_ITEMS_S = 10000, /* ... a second for so many items; slow disks do ten times as many */
};

/* How long a statement for a sale of so many items may take, in seconds. It is longer than
 * LOCK_S_MAX, so that a statement that waits for a lock fails with that reason. */
int generate_statement_s_max(int items_total);

struct generate_report {
    int sales_made;
    int32_t sale_id_first; /* of the sales made; 0: none */
    int32_t sale_id_last;  /* likewise */
    int partitions_made;
    int partitions_dropped;
};

/*
 * Does a whole run over a connected store: partitions, then sales. *report says what was done, also
 * after a failure. False: some sale or partition is still missing, and the log says why. Runs take
 * turns: a second one waits for LOCK_S_MAX, then fails.
 */
bool generate(struct store *store, const struct settings *settings, struct generate_report *report)
    __attribute__((warn_unused_result));

#endif
