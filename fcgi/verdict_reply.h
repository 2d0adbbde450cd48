/* What the replies to checkouts and purchases have in common. */
#ifndef FCGI_VERDICT_REPLY_H
#define FCGI_VERDICT_REPLY_H

#include "common/settings.h"
#include "reply.h"
#include "ticket.h"

/* The members "user", "item_id", "sale_id" and "item". */
void verdict_add_item(struct json_writer *json, const struct verdict *verdict, const char *user,
                      size_t user_length);

/* The refusal that the verdict is, with its Retry-After. */
void verdict_problem(struct reply *reply, const struct verdict *verdict,
                     const struct settings *settings);

/* Whole seconds from when the verdict was made until `time_us`, rounded up; 0 if it is past. */
int64_t verdict_seconds_until(const struct verdict *verdict, int64_t time_us);

#endif
