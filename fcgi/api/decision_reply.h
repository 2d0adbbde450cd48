/* What the replies to checkouts and purchases have in common. */
#ifndef FCGI_API_DECISION_REPLY_H
#define FCGI_API_DECISION_REPLY_H

#include "common/settings.h"
#include "fcgi/http/reply.h"
#include "fcgi/sale/job.h"

/* The members "user", "item_id", "sale_id" and "item". */
void decision_add_item(struct json_writer *json, const struct decision *decision, struct span user);

/* The refusal that the decision is, with its Retry-After. */
void decision_problem(struct reply *reply, const struct decision *decision,
                      const struct settings *settings);

/* Whole seconds from when the decision was made until `time_us`, rounded up; 0 if it is past. */
int64_t decision_seconds_until(const struct decision *decision, int64_t time_us);

#endif
