#!/usr/bin/env bats
# A crowd that wants more holds than it may have, while parts are killed: the bound is exact, and refuses nobody else.

load helper

# A slower build gets a smaller crowd.
HOLD_S=$((3 * TEST_SLOWNESS)) USERS=$((1000 / TEST_SLOWNESS))

setup_file() {
    stack_start sale.items_per_sale=20000 "sale.hold_s=$HOLD_S" sale.holds_max=3
}

pause() {
    local i
    for ((i = 0; i < TEST_SLOWNESS; i++)); do
        sleep "$1"
    done
}

# Until the file exists: a worker, PostgreSQL's connections and Redis, again and again.
kill_parts() {
    local worker
    until [[ -e $1 ]]; do
        for worker in worker-1 worker-2; do
            kill -KILL "$(pid_of $worker)" 2>/dev/null || true
            pause 0.8
            sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE usename = 'flashsale_worker'" >/dev/null || true
            pause 0.5
            kill -KILL "$(pid_of redis)" 2>/dev/null || true
            pause 0.5
        done
    done
}

@test "1,000 users, each with 20 checkouts at once at two workers, while parts are killed: three holds each" {
    folder=$BATS_TEST_TMPDIR
    sample_holds "$folder" sql 3>&- &
    kill_parts "$folder/stop" 3>&- &
    crowd parallel --url "unix://$RUN_DIR/worker-1.sock" --url "unix://$RUN_DIR/worker-2.sock" --url "$URL" \
        --users $USERS --returning $((USERS * 3 / 10)) --each 20 --at-once 30 --history "$folder/history" \
        >"$folder/result" || touch "$folder/failed"
    touch "$folder/stop"
    wait
    cat "$folder/result"
    [[ ! -e $folder/failed ]]
    holds_are_bound "$folder/history" 3 "$HOLD_S" "$folder" sql >"$folder/bound"
    cat "$folder/bound"
    # Nearly all were refused more, and got an item again once one was bought, or when the holds had ended.
    same "$(jq .users "$folder/bound")" "$USERS"
    [[ $(jq .refused "$folder/bound") -gt $((USERS * 10)) ]]
    [[ $(told_of "$folder/history" bought 1) -gt $((USERS * 7 / 10)) ]]
    [[ $(told_of "$folder/history" own 1) -gt $((USERS * 7 / 10)) ]]
    [[ $(told_of "$folder/history" first 2) -gt $((USERS / 2)) ]]
    [[ $(told_of "$folder/history" bought 2) -gt $((USERS * 3 / 20)) ]]
    run generator --audit 1
    [[ $status -eq 0 && $output == 'sale 1 is sound' ]] || fail "$output"
}

@test "the audit finds holds too many" {
    sql 'UPDATE flashsale.sale SET holds_max = 5 WHERE sale_id = 1'
    for _ in {1..5}; do
        hold eve >"$BATS_TEST_TMPDIR/code"
    done
    sql 'UPDATE flashsale.sale SET holds_max = 3 WHERE sale_id = 1'
    run generator --audit 1
    sql 'UPDATE flashsale.sale SET holds_max = 5 WHERE sale_id = 1'
    [[ $status -ne 0 && $output == *over_holds*eve*'5 held of 3'* ]] || fail "$output"
}

# The history and the log of one user, amy: holds two items from 10 and 11 until 40 and 41, of which she buys the second
# one; a third checkout is refused.
write_history() {
    code_7=AAAAAQAAAAcHBwcHBwcHBwcHBwcHBwcH code_8=AAAAAQAAAAgICAgICAgICAgICAgICAgI
    checkout='{"kind": "checkout", "user_id": "amy", "outcome": "", "code": null, "expires_at": null, "status": 200'
    cat >history <<END
$checkout, "id": "any", "code": "$code_7", "expires_at": "40", "sent": 10, "answered": 10.2}
$checkout, "id": "any", "code": "$code_8", "expires_at": "41", "sent": 11, "answered": 11.2}
$checkout, "id": "any", "status": 429, "outcome": "hold_limit", "sent": ${1:-12}, "answered": ${1:-12}.5}
$checkout, "id": "1-7", "code": "$code_7", "expires_at": "${2:-40}", "sent": 13, "answered": 13.2}
{"kind": "purchase", "code": "$code_8", "status": 200, "outcome": "", "sent": 14, "answered": 14.2}
${3:-}
END
    cat >log <<END
amy|accepted|1-7|07070707-0707-0707-0707-070707070707|10.1
amy|accepted|1-8|08080808-0808-0808-0808-080808080808|11.1
amy|hold_limit|||12.1
END
}

# counted HOLDS_MAX: most, over, refused_wrongly, own_refused, own_differs, not_logged.
counted() {
    "$TOP/tests/client/holds.py" --history history --log log --holds-max "$1" --hold-s 30 2>/dev/null |
        jq --raw-output '"\(.most) \(.over) \(.refused_wrongly) \(.own_refused) \(.own_differs) \(.not_logged)"'
}

@test "the comparison finds holds too many, and refusals of too few" {
    cd "$BATS_TEST_TMPDIR"
    write_history
    same "$(counted 2)" '2 0 0 0 0 0'
    same "$(counted 1)" '2 1 0 0 0 0'
    same "$(counted 3)" '2 0 1 0 0 0'
    # After the purchase, and after the holds.
    write_history 15
    same "$(counted 2)" '2 0 1 0 0 0'
    write_history 41
    same "$(counted 1)" '2 1 1 0 0 0'
    write_history 12 39
    same "$(counted 2)" '2 0 0 0 1 0'
    own="$checkout, \"id\": \"1-7\", \"sent\": 13, \"answered\": 13.5"
    write_history 12 40 "$own, \"status\": 429, \"outcome\": \"hold_limit\"}"
    same "$(counted 2)" '2 0 0 1 0 0'
    write_history 12 40 "$own, \"code\": \"$code_8\", \"expires_at\": \"41\"}"
    same "$(counted 2)" '2 0 0 0 1 0'
    sed --in-place '/1-8/d' log
    same "$(counted 1)" '1 0 0 0 1 2'
}
