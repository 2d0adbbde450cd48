#!/usr/bin/env bats
# The bound on holds is exact across two hosts, while one of them and more are killed; and each host gives a user the
# same turn, also after the standby has taken over.

bats_require_minimum_version 1.5.0
load helper

SETTINGS=(sale.items_per_sale=20000 sale.hold_s=3 sale.holds_max=3 sale.sales_ahead=0)

setup_file() {
    hosts_setup "${SETTINGS[@]}"
}

# Until the file exists: one host for good, and workers of the other one, PostgreSQL's connections and Redis.
kill_parts() {
    sleep 1
    power_off web2
    until [[ -e $1 ]]; do
        sql "$PRIMARY" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE usename = 'flashsale_worker'" >/dev/null || true
        sleep 0.7
        kill -KILL "$(pid_of redis-redis)" 2>/dev/null || true
        sleep 0.7
        start_redis || true
        sleep 0.7
    done
}

@test "1,000 users, each with 20 checkouts at once, while a host and more is killed: three holds each" {
    folder=$BATS_TEST_TMPDIR
    sample_holds "$folder" sql "$PRIMARY" 3>&- &
    kill_parts "$folder/stop" 3>&- &
    crowd parallel --url "$URL" --users 1000 --each 20 --at-once 30 --history "$folder/history" >"$folder/result" ||
        touch "$folder/failed"
    touch "$folder/stop"
    wait
    cat "$folder/result"
    [[ ! -e $folder/failed ]]
    holds_are_bound "$folder/history" 3 3 "$folder" sql "$PRIMARY" >"$folder/bound"
    cat "$folder/bound"
    same "$(jq .users "$folder/bound")" 1000
    [[ $(jq .refused "$folder/bound") -gt 10000 ]]
    [[ $(told_of "$folder/history" bought 1) -gt 700 && $(told_of "$folder/history" own 1) -gt 700 ]]
    [[ $(told_of "$folder/history" first 2) -gt 500 && $(told_of "$folder/history" bought 2) -gt 150 ]]
    same "$(on web1 "$BUILD_DIR/flashsale-generator" -c "$HOSTS_DIR/web1/flashsale.conf" --audit 1)" 'sale 1 is sound'

    start_web web2 "${SETTINGS[@]}"
    for host in web1 web2; do
        wait_until 10000 is_healthy "$host"
    done
}

# turns HOST: "user opens_at" of 100 users.
turns() {
    ask "$1" GET '/turn?user_id=user[1-100]' | jq --raw-output '"\(.user) \(.opens_at)"'
}

same_turns() {
    turns "$1" >"$BATS_TEST_TMPDIR/$1"
    cmp "$BATS_TEST_TMPDIR/$1" "$BATS_TEST_TMPDIR/before"
}

# The last test, since it changes the primary.
@test "both hosts give the same turns, before and after the standby has taken over" {
    sql "$PRIMARY" "BEGIN;
        INSERT INTO flashsale.item (sale_id, number, picture_seed, price_cents, name)
        SELECT flashsale.sale_add(now(), now() + interval '1 day', 1, 10, 30, p_beside_others => true,
                                  p_draw_s => 300), 1, 1, 100, 'Item';
        COMMIT"
    # Two may have the same millisecond.
    has_draw() {
        [[ $(turns "$1" | cut --delimiter=' ' --fields=2 | sort --unique | wc --lines) -ge 95 ]]
    }
    wait_until 15000 has_draw web1 || fail "$(ask web1 GET '/turn?user_id=user[1-100]')"
    turns web1 >"$BATS_TEST_TMPDIR/before"
    same_turns web2
    cut_off "$PRIMARY"
    promote "$STANDBY"
    for host in web1 web2; do
        wait_until 15000 same_turns "$host"
    done
    # The new primary decides by them: the first is not before its turn, the last is.
    first=$(sort --key=2 "$BATS_TEST_TMPDIR/before" | head --lines=1)
    last=$(sort --key=2 "$BATS_TEST_TMPDIR/before" | tail --lines=1)
    while [[ $(date --utc +%FT%T.%3NZ) < ${first#* } ]]; do
        sleep 0.5
    done
    same "$(ask web1 POST "/checkout?user_id=${last% *}" | jq --raw-output '.outcome + " " + .opens_at')" \
        "not_yet ${last#* }"
    same "$(ask web2 POST "/checkout?user_id=${first% *}" | jq --raw-output .success)" true
}
