#!/usr/bin/env bats
# Redis may be flushed, killed, restarted or stopped: it costs speed at most.

load helper

setup_file() {
    # More than the load can buy during the tests.
    stack_start sale.items_per_sale=200000 sale.sales_ahead=0
}

# A failed test must not make the next one fail.
teardown() {
    if [[ ${BATS_TEST_COMPLETED:-} != 1 ]]; then
        kill -CONT "$(pid_of redis)" || stack start-part redis || true
    fi
    after_test
}

redis() {
    timeout 10 redis-cli -s "$RUN_DIR/redis.sock" "$@"
}

# Load during faults of Redis: no buyer notices, and sales go on.
buyers_begin() {
    load_begin --connections 16 --pause-ms 20 --prefix "$1"
}

nobody_noticed() {
    load_end
    same "$(result .status_5xx+.unknown+.not_sent)" 0
    [[ $(result '.purchase["200"]') -gt 20 ]]
}

health_says() {
    request GET /health
    expect 200
    same "$(json '[.status, .redis] | join(" ")')" "$1"
}

# The refusal cache refuses only what PostgreSQL would refuse: what two users get, with Redis in any state.
refusals_hold() {
    local code number=$1
    code=$(hold "amy$number" "$number")
    post "/checkout?user_id=bob&id=$number"
    expect_problem 412 held
    post "/purchase?code=$code"
    expect 200
    post "/checkout?user_id=bob&id=$number"
    expect_problem 412 sold
}

@test "flushed, again and again, under load" {
    buyers_begin flushed
    for _ in {1..20}; do
        redis flushall
        sleep 0.05
    done
    refusals_hold 9901
    nobody_noticed
}

@test "killed, and started again, under load" {
    buyers_begin killed
    kill -KILL "$(pid_of redis)"
    sales_go_on 30
    wait_until 3000 health_says 'degraded down'
    refusals_hold 9902
    stack start-part redis
    wait_until 10000 health_says 'ok ok'
    sales_go_on 30
    refusals_hold 9903
    nobody_noticed
}

@test "shut down, and started again, under load" {
    buyers_begin ended
    stack stop-part redis
    sales_go_on 30
    stack start-part redis
    wait_until 10000 health_says 'ok ok'
    sales_go_on 30
    nobody_noticed
}

@test "hanging (SIGSTOP), and waking up, under load" {
    buyers_begin hanging
    kill -STOP "$(pid_of redis)"
    sales_go_on 30
    refusals_hold 9904
    wait_until 3000 health_says 'degraded down'
    # No batch waits for the hanging Redis.
    within 1000 sales_go_on 30
    kill -CONT "$(pid_of redis)"
    wait_until 10000 health_says 'ok ok'
    sales_go_on 30
    refusals_hold 9905
    nobody_noticed
}

# value METRIC: its sum over all workers.
value() {
    worker_request worker-1 GET /metrics ''
    grep --fixed-strings "$1 " "$BODY" | sed 's/.* //'
}

is_above() {
    [[ $(value "$1") -gt $2 ]]
}

learned='flashsale_refusal_cache_learned_total{source="redis"}'

# Prints the number of entries learned from Redis, once it has not changed for some exchanges: a worker that is new
# to a sale, or to a Redis, reads its stream from the beginning.
learned_in_all() {
    local before='' now
    now=$(value "$learned")
    until [[ $now == "$before" ]]; do
        before=$now
        sleep 0.3
        now=$(value "$learned")
    done
    printf '%s' "$now"
}

# at WORKER METHOD PATH QUERY STATUS [OUTCOME]: asks one worker directly, and checks its reply.
at() {
    worker_request "${@:1:4}" </dev/null
    same "$HTTP_STATUS ${6:+$(json .outcome)}" "$5 ${6:-}"
}

# hold_at WORKER USER NUMBER: prints the code.
hold_at() {
    at "$1" POST /checkout "user_id=$2&id=$3" 200
    json .code
}

stream() {
    redis --scan --pattern 'flashsale:[0-9]*:refusals'
}

stream_has() {
    redis xrange "$(stream)" - + | grep --quiet --fixed-strings --line-regexp "$1"
}

@test "what one worker learns another knows within a second, and refuses by it" {
    local from_redis held
    hold_at worker-2 ann 9910 # from now on it knows the sale
    from_redis=$(learned_in_all)
    at worker-1 POST /checkout 'user_id=bob&id=9910' 412 held
    wait_until 1000 is_above "$learned" "$from_redis"
    held=$(value 'flashsale_refusal_cache_hits_total{reason="held"}')
    at worker-2 POST /checkout 'user_id=cat&id=9910' 412 held
    same "$(value 'flashsale_refusal_cache_hits_total{reason="held"}')" "$((held + 1))"
    # The holder is not refused.
    at worker-2 POST /checkout 'user_id=ann&id=9910' 200
}

@test "held at one worker, bought at another: sold at once, though Redis hangs" {
    local code sold
    kill -STOP "$(pid_of redis)"
    wait_until 5000 health_says 'degraded down'
    code=$(hold_at worker-1 amy 9911)
    at worker-2 POST /checkout 'user_id=bob&id=9911' 412 held
    at worker-2 POST /checkout 'user_id=bob&id=9911' 412 held
    at worker-1 POST /purchase "code=$code" 200
    at worker-2 POST /checkout 'user_id=bob&id=9911' 412 sold
    sold=$(value 'flashsale_refusal_cache_hits_total{reason="sold"}')
    at worker-2 POST /checkout 'user_id=bob&id=9911' 412 sold
    same "$(value 'flashsale_refusal_cache_hits_total{reason="sold"}')" "$((sold + 1))"
    kill -CONT "$(pid_of redis)"
    wait_until 10000 health_says 'ok ok'
}

@test "a worker that is started later knows within a second what others learned before" {
    local number sold from_redis
    stack stop-part worker-2
    for number in {9912..9919}; do
        at worker-1 POST /purchase "code=$(hold_at worker-1 "buyer$number" "$number")" 200
    done
    stack start-part worker-2
    wait_until 5000 at worker-2 GET /health '' 200
    from_redis=$(value "$learned")
    hold_at worker-2 late 9920
    wait_until 1000 is_above "$learned" "$((from_redis + 7))"
    learned_in_all >/dev/null
    sold=$(value 'flashsale_refusal_cache_hits_total{reason="sold"}')
    for number in {9912..9919}; do
        at worker-2 POST /checkout "user_id=late&id=$number" 412 sold
    done
    same "$(value 'flashsale_refusal_cache_hits_total{reason="sold"}')" "$((sold + 8))"
}

@test "flushed: a worker keeps what it knows, and later refusals are shared as before" {
    local code from_redis sold
    code=$(hold_at worker-1 amy 9921)
    at worker-1 POST /purchase "code=$code" 200
    hold_at worker-2 late 9922
    redis flushall
    sold=$(value 'flashsale_refusal_cache_hits_total{reason="sold"}')
    at worker-1 POST /checkout 'user_id=bob&id=9921' 412 sold
    same "$(value 'flashsale_refusal_cache_hits_total{reason="sold"}')" "$((sold + 1))"
    from_redis=$(learned_in_all)
    at worker-1 POST /checkout 'user_id=bob&id=9922' 412 held
    wait_until 1000 is_above "$learned" "$from_redis"
}

# litter KEY FIELD VALUE: adds it to a stream.
litter() {
    redis xadd "$1" '*' "$2" "$3" >/dev/null
}

@test "refusals of an earlier sale or of another one, and garbage in Redis, change no answer" {
    local code key earlier value from_redis
    code=$(hold carl 9906)
    post '/checkout?user_id=dora&id=9906'
    expect_problem 412 held
    wait_until 2000 stream_has held
    key=$(stream)
    earlier=${key#flashsale:}
    earlier=flashsale:$((${earlier%:refusals} - 3600000000)):refusals
    for value in 1 0 ''; do
        litter "$earlier" sold_out "$value"
        litter "$earlier" sold 9907
        litter "$earlier" user_limit dora
        litter flashsale::refusals sold 9907
        litter flashsale:proof:refusals sold 9907
    done
    litter "$key" held "9907 $(($(date +%s) - 1))000000 mallory" # as from a backup: it has expired
    for value in '' 0 -1 ' ' 9907x '9907 ' 09907 99999999999999999999 $'9907\n' "$(head --bytes=70000 /dev/zero | tr '\0' 9)"; do
        litter "$key" sold "$value"
        litter "$key" held "9907 $value mallory"
        litter "$key" held "$value 1990000000000000 mallory"
    done
    litter "$key" held '9907 9223372036854775807 mallory'
    litter "$key" held '9907 1990000000000000'
    litter "$key" held '9907 1990000000000000 '
    litter "$key" user_limit ''
    litter "$key" user_limit "$(head --bytes=129 /dev/zero | tr '\0' x)"
    litter "$key" sold_out 0
    litter "$key" $'\xff\x01' $'\xfe'
    # Later entries are read.
    from_redis=$(value "$learned")
    litter "$key" sold 199999
    wait_until 1000 is_above "$learned" "$((from_redis + 1))"
    for worker in worker-1 worker-2; do
        at "$worker" POST /checkout 'user_id=dora&id=9907' 200
        at "$worker" POST /checkout 'user_id=dora' 200
        at "$worker" POST /checkout 'user_id=mallory' 200
    done
    post "/purchase?code=$code"
    expect 200
    redis flushall
    post '/checkout?user_id=dora&id=9906'
    expect_problem 412 sold
    health_says 'ok ok'
}

# is_shared_anew NUMBER: what one worker learns from now on gets to the other.
is_shared_anew() {
    local number=$1 from_redis
    from_redis=$(value "$learned")
    hold_at worker-2 ann "$number"
    at worker-1 POST /checkout "user_id=bob&id=$number" 412 held
    wait_until 4000 is_above "$learned" "$from_redis"
}

is_small() {
    [[ $(redis memory usage "$1") -lt 1000000 ]]
}

@test "a key of another type, an entry of 2 MB, a stream with the last id: deleted, and sales go on" {
    local key
    is_shared_anew 9930
    key=$(stream)
    redis del "$key"
    redis set "$key" nonsense
    is_shared_anew 9931 || is_shared_anew 9932
    wait_until 10000 each_says 'ok ok'
    same "$(redis type "$key")" stream
    head --bytes=2000000 /dev/zero | tr '\0' x | redis -x xadd "$key" '*' sold >/dev/null
    wait_until 10000 is_small "$key"
    wait_until 10000 each_says 'ok ok'
    is_shared_anew 9933
    redis xadd "$key" 18446744073709551615-18446744073709551615 sold nonsense
    is_shared_anew 9934 || is_shared_anew 9935
    wait_until 10000 each_says 'ok ok'
    same "$(redis ttl "$key" | grep --count --line-regexp '[1-9][0-9]*')" 1
}

redis_lines() {
    cat "$RUN_DIR"/log/worker-*.log | grep --count 'Redis:'
}

each_says() {
    local worker
    for worker in worker-1 worker-2; do
        worker_request "$worker" GET /health ''
        [[ $(json '[.status, .redis] | join(" ")') == "$1" ]] || return
    done
}

# refuses_writes REFUSE... -- AGAIN...: commands that have Redis refuse writes, and accept them again.
refuses_writes() {
    local -a refuse=()
    while [[ $1 != -- ]]; do
        refuse+=("$1")
        shift
    done
    shift
    buyers_begin "${refuse[2]:-x}"
    redis "${refuse[@]}"
    wait_until 5000 each_says 'degraded down'
    local lines
    lines=$(redis_lines)
    for _ in {1..30}; do
        each_says 'degraded down'
        sleep 0.1
    done
    # Each batcher may have logged it once.
    [[ $(($(redis_lines) - lines)) -le 4 ]] || fail "$(($(redis_lines) - lines)) lines of the log"
    redis "$@"
    wait_until 10000 each_says 'ok ok'
    nobody_noticed
}

@test "full (maxmemory): logged once, and down until it accepts writes again" {
    refuses_writes config set maxmemory 1 -- config set maxmemory 0
}

@test "a read-only replica: the same" {
    refuses_writes replicaof 127.0.0.1 1 -- replicaof no one
}
