#!/usr/bin/env bats
# A user's turn is the same, whoever is asked and whatever was restarted.

load helper

setup_file() {
    # The sale began at the week's beginning, and its draw is as long as it.
    stack_start sale.items_per_sale=100 sale.draw_s=604800
}

# As told by the web server: "user opens_at" of 100 users.
turns() {
    curl --silent --fail --max-time 20 "$URL/turn?user_id=user[1-100]" | jq --raw-output '"\(.user) \(.opens_at)"'
}

# The same of ten users by one worker.
turns_by() {
    local user
    for user in user{1..10}; do
        worker_request "$1" GET /turn "user_id=$user" </dev/null
        [[ $HTTP_STATUS == 200 ]] || return
        json '"\(.user) \(.opens_at)"'
    done
}

same_turns() {
    turns >"$BATS_FILE_TMPDIR/now"
    cmp "$BATS_FILE_TMPDIR/before" "$BATS_FILE_TMPDIR/now"
}

@test "users have turns of their own, within the draw, as PostgreSQL says" {
    turns >"$BATS_FILE_TMPDIR/before"
    same "$(cut --delimiter=' ' --fields=2 "$BATS_FILE_TMPDIR/before" | sort --unique | wc --lines)" 100
    same "$(sql "SET search_path = flashsale; SELECT count(*) FROM current_sale() s,
            unnest(string_to_array('$(cat "$BATS_FILE_TMPDIR/before")', E'\n')) told,
            turn_opens_at(s, split_part(told, ' ', 1)) opens_at
        WHERE abs(extract(epoch FROM opens_at - split_part(told, ' ', 2)::timestamptz)) <= 0.001
          AND opens_at BETWEEN s.starts_at AND s.starts_at + interval '1 week'")" 100
}

@test "both workers give the same" {
    same "$(turns_by worker-1)" "$(head --lines=10 "$BATS_FILE_TMPDIR/before")"
    same "$(turns_by worker-2)" "$(head --lines=10 "$BATS_FILE_TMPDIR/before")"
}

@test "however a name is written, its turn is the same; another name has another" {
    opens_at() {
        curl --silent --fail --max-time 20 "$URL/turn?user_id=$1" | jq --raw-output .opens_at
    }
    opens=$(opens_at jos%C3%A9)
    [[ $opens == *T*Z ]]
    # With a combining accent (Unicode, Form D), and with blanks around.
    same "$(opens_at jose%CC%81)" "$opens"
    same "$(opens_at %20jos%C3%A9%20)" "$opens"
    [[ $(opens_at jose) != "$opens" && $(opens_at jos%C3%A8) != "$opens" ]]
}

@test "workers killed and started anew: the same" {
    for worker in worker-1 worker-2; do
        pid=$(pid_of "$worker")
        kill -KILL "$pid"
        is_back() {
            [[ $(pid_of "$worker") != "$pid" ]] && turns_by "$worker"
        }
        wait_until 10000 is_back
    done
    same_turns
}

@test "PostgreSQL killed and started anew: the same" {
    stack stop-part postgresql
    stack start-part postgresql
    wait_until 10000 same_turns
}

@test "Redis emptied, and everything stopped and started: the same" {
    redis-cli -s "$RUN_DIR/redis.sock" flushall
    stack stop
    stack start
    wait_until 10000 same_turns
}
