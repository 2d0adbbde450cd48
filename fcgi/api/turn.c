/* GET /turn: when the user's turn comes in the current sale. */
#include "common/clock.h"
#include "endpoints.h"
#include "fcgi/store/turn_row.h"
#include "identity.h"
#include "turn_json.h"

void turn_json(struct json_writer *json, int64_t opens_us, int64_t read_us)
{
    json_time_or_null(json_key(json, "opens_at"), opens_us);
    json_key(json, "opens_in");
    if (opens_us != 0)
        json_integer(json, clock_whole_seconds(opens_us - read_us));
    else
        json_null(json);
}

static void write_turn(struct text *body, struct span user, const struct turn_row *turn)
{
    struct json_writer json;
    json_writer_begin(&json, body);
    json_open_object(&json);
    json_bytes(json_key(&json, "user"), user.bytes, user.length);
    json_integer_or_null(json_key(&json, "sale_id"), turn->sale_id);
    json_time_or_null(json_key(&json, "starts_at"), turn->starts_us);
    turn_json(&json, turn->opens_us, turn->read_us);
    json_integer(json_key(&json, "draw_s"), turn->draw_s);
    json_close(&json);
    json_writer_end(&json);
}

void turn_read(const struct context *context, const struct request *request, struct reply *reply)
{
    struct span user;
    struct turn_row turn;
    if (!identity_require(context->settings, request, &user, reply))
        return;
    if (!turn_row_fetch(context->database, user, &turn)) {
        reply_problem(reply, &problem_unavailable, NULL, 1);
        return;
    }
    write_turn(&reply->body, user, &turn);
}
