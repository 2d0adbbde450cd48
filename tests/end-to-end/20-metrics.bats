#!/usr/bin/env bats
# /metrics: its counters agree with the requests and with the rows, over all workers, and survive a killed worker.
# Prometheus accepts the page, the rules and the dashboard's queries.

load helper

setup_file() {
    stack_start sale.items_per_sale=300 sale.sales_ahead=0 sale.purchase_limit=3
}

page() {
    curl --silent --fail --max-time 5 "$URL/metrics" >"$BATS_TEST_TMPDIR/page"
}

# value NAME{LABELS}: the value of that row of the last page; empty without the row.
value() {
    awk -v row="$1" '$1 == row { print $2 }' "$BATS_TEST_TMPDIR/page"
}

# total NAME [LABEL="VALUE"]: the sum of the metric's rows with that label.
total() {
    awk -v name="$1" -v label="${2:-}" 'index($0, name "{") == 1 && index($0, label) || $1 == name {
        sum += $2 } END { printf "%.10g\n", sum }' "$BATS_TEST_TMPDIR/page"
}

# says VALUE ROW: whether a new page has that value in that row.
says() {
    page && same "$(value "$2")" "$1"
}

decisions() {
    value "flashsale_decisions_total{kind=\"$1\",outcome=\"$2\"}"
}

requests() {
    value "flashsale_requests_total{route=\"$1\",status=\"$2\"}"
}

# The counters of checkouts, in the form of a query of the log: outcome|count.
counted_checkouts() {
    sed --quiet 's/^flashsale_decisions_total{kind="checkout",outcome="\([a-z_]*\)"} /\1|/p' \
        "$BATS_TEST_TMPDIR/page" | grep --invert-match '|0$' | grep --invert-match '^unavailable' | sort
}

rows_of_checkouts() {
    sql 'SELECT outcome, count(*) FROM flashsale.attempt GROUP BY outcome' | sort
}

worker_is_back() {
    [[ -e $RUN_DIR/pid/$1 && $(pid_of "$1") != "$2" && -S $RUN_DIR/$1.sock ]]
}

@test "the reply: 200, the type that Prometheus wants, no-store; HEAD; 405" {
    request GET /metrics
    expect 200
    same "$(header Content-Type)" 'text/plain; version=0.0.4; charset=utf-8'
    same "$(header Cache-Control)" no-store
    expect_common_headers
    length=$(header Content-Length)
    [[ $length -gt 10000 ]]
    request HEAD /metrics --head
    expect 200
    same "$(header Content-Type)" 'text/plain; version=0.0.4; charset=utf-8'
    post /metrics
    expect_problem 405 method_not_allowed
    same "$(header Allow)" 'GET, HEAD'
}

@test "counters agree with the requests and with the rows" {
    page
    before_200=$(requests /checkout 200) before_other=$(total flashsale_requests_total 'route="other"')
    for number in 1 2 3; do
        code=$(hold amy "$number")
        post "/purchase?code=$code"
        expect 200
    done
    post '/checkout?user_id=amy&id=4'
    expect_problem 429 user_limit
    hold cora 4 >/dev/null
    hold cora 4 >/dev/null # repeated
    post "/purchase?code=$code"
    expect 200 # again
    post '/checkout?user_id=bob&id=4'
    expect_problem 412 held
    post '/checkout?user_id=bob&id=1'
    expect_problem 412 sold
    post '/checkout?user_id=bob&id=301'
    expect_problem 404 unknown_item
    post '/checkout?id=5'
    expect_problem 400 bad_request
    post '/purchase?code=AAAAAQAAEmdaEFPlRVrHp0QIj-4HtYcs'
    expect_problem 404 unknown_code
    request GET /nowhere
    expect 404
    request GET "/items/1-7"
    expect 200

    page
    same "$(requests /checkout 200)" "$((before_200 + 5))"
    same "$(requests /checkout 412)" 2
    same "$(requests /checkout 404)" 1
    same "$(requests /checkout 429)" 1
    same "$(requests /checkout 400)" 1
    same "$(requests /purchase 200)" 4
    same "$(requests /purchase 404)" 1
    same "$(requests '/items/{id}' 200)" 1
    same "$(total flashsale_requests_total 'route="other"')" "$((before_other + 1))"
    same "$(decisions checkout accepted)" 4
    same "$(decisions checkout repeated)" 1
    same "$(decisions checkout held)" 1
    same "$(decisions checkout sold)" 1
    same "$(decisions checkout unknown_item)" 1
    same "$(decisions checkout user_limit)" 1
    same "$(decisions checkout unavailable)" 0
    same "$(decisions purchase purchased)" 3
    same "$(decisions purchase repeated)" 1
    same "$(decisions purchase unknown_code)" 1
    same "$(counted_checkouts)" "$(rows_of_checkouts)"

    # The sale, at most a second old.
    wait_until 3000 says 3 flashsale_sale_items_sold
    same "$(value flashsale_sale_items)" 300
    same "$(value flashsale_sale_items_held)" 1
    same "$(value flashsale_sale_items_remaining)" 296
    same "$(value flashsale_sale_id)" "$(open_sale)"
    same "$(value 'flashsale_sale_status{status="active"}')" 1
    same "$(total flashsale_sale_status)" 1
    left=$(sql 'SELECT extract(epoch FROM (flashsale.open_sale()).ends_at - now())::int')
    [[ $(value flashsale_sale_remaining_seconds) -ge $((left - 2)) ]]
    [[ $(value flashsale_sale_remaining_seconds) -le $((left + 2)) ]]
}

# The histogram of durations has every answered request, the histogram of batches every decided one.
histograms_agree() {
    page
    local kind batches decisions_of
    for kind in checkout purchase; do
        same "$(value "flashsale_request_duration_seconds_count{group=\"$kind\"}")" \
            "$(total flashsale_requests_total "route=\"/$kind\"")" || return
        batches=$(value "flashsale_batch_duration_seconds_count{kind=\"$kind\"}")
        decisions_of=$(total flashsale_decisions_total "kind=\"$kind\"")
        [[ $batches -gt 0 && $batches -le $decisions_of ]] || return
        same "$(value "flashsale_batch_requests_sum{kind=\"$kind\"}")" "$decisions_of" || return
        same "$(value "flashsale_batch_requests_count{kind=\"$kind\"}")" "$batches" || return
        same "$(value "flashsale_commit_duration_seconds_count{kind=\"$kind\"}")" "$batches" || return
        # Commits take no longer than the batches that they are part of.
        awk -v commit="$(value "flashsale_commit_duration_seconds_sum{kind=\"$kind\"}")" \
            -v batch="$(value "flashsale_batch_duration_seconds_sum{kind=\"$kind\"}")" \
            -v busy="$(value "flashsale_threads_busy_seconds_total{role=\"$kind\"}")" \
            'BEGIN { exit !(0 < commit && commit <= batch && batch <= busy) }' || return
    done
}

@test "a crowd at both workers: counters and histograms agree with its replies" {
    page
    accepted=$(decisions checkout accepted) held=$(decisions checkout held)
    purchased=$(decisions purchase purchased) checkouts=$(total flashsale_requests_total 'route="/checkout"')
    crowd buy --url "unix://$RUN_DIR/worker-1.sock" --url "unix://$RUN_DIR/worker-2.sock" --users 40 \
        --each 3 --connections 16 --prefix crowd >"$BATS_TEST_TMPDIR/result"
    cat "$BATS_TEST_TMPDIR/result"
    crowd_says() {
        jq "$1 // 0" "$BATS_TEST_TMPDIR/result"
    }
    same "$(crowd_says '.purchase["200"]')" 120
    same "$(crowd_says .unknown+.not_sent+.status_5xx)" 0
    page
    same "$(decisions purchase purchased)" "$((purchased + 120))"
    same "$(decisions purchase purchased)" "$(sold)"
    same "$(decisions checkout accepted)" "$((accepted + $(crowd_says '.checkout["200"]')))"
    same "$(decisions checkout held)" "$((held + $(crowd_says '.checkout["412 held"]')))"
    same "$(total flashsale_requests_total 'route="/checkout"')" \
        "$((checkouts + $(crowd_says '[.checkout[]] | add')))"
    same "$(counted_checkouts)" "$(rows_of_checkouts)"
    wait_until 3000 histograms_agree
    # Requests that came together were decided in one batch.
    alone=$(value 'flashsale_batch_requests_bucket{kind="checkout",le="1"}')
    [[ $alone -lt $(value 'flashsale_batch_requests_count{kind="checkout"}') ]]
}

@test "any worker's page has the counters of all: requests sent directly to each are on both pages" {
    page
    before=$(requests /checkout 412)
    for worker in worker-1 worker-1 worker-1 worker-2; do
        worker_request "$worker" POST /checkout 'user_id=carl&id=1' </dev/null
        expect_problem 412 sold
    done
    for worker in worker-1 worker-2; do
        worker_request "$worker" GET /metrics '' </dev/null
        expect 200
        cp "$BODY" "$BATS_TEST_TMPDIR/page"
        same "$(requests /checkout 412)" "$((before + 4))"
        same "$(value flashsale_workers)" 2
        same "$(grep --count '^flashsale_worker_start_time_seconds{' "$BODY")" 2
    done
}

# by_worker METRIC: the values of its rows, in the order of the workers.
by_worker() {
    sed --quiet "s/^flashsale_worker_$1{worker=\"[0-9]*\"} //p" "$BATS_TEST_TMPDIR/page" | xargs
}

@test "by worker: each counts its own requests, the sum is all requests; process metrics are per worker" {
    page
    read -r first second < <(by_worker requests_total)
    same "$(by_worker pid | xargs --max-args=1 | sort)" "$(for worker in worker-1 worker-2; do pid_of "$worker"; done | sort)"
    for _ in {1..7}; do
        worker_request worker-1 POST /checkout 'user_id=carl&id=1' </dev/null
        worker_request worker-2 POST /checkout 'user_id=carl&id=1' </dev/null
        worker_request worker-2 POST /checkout 'user_id=carl&id=1' </dev/null
    done
    page
    # One of them counted the last page, and this page's connection.
    read -r first_now second_now < <(by_worker requests_total)
    [[ $((first_now - first + second_now - second)) -ge 21 ]]
    [[ $((first_now - first)) -ge 7 && $((second_now - second)) -ge 7 ]]
    adds_up() {
        page && same "$(($(by_worker requests_total | tr ' ' '+')))" "$(total flashsale_requests_total)"
    }
    wait_until 3000 adds_up
    # A gauge may be as old as a tick.
    nothing_is_in_flight() {
        page && same "$(by_worker in_flight_requests)" '0 0'
    }
    wait_until 3000 nothing_is_in_flight

    # A restarted worker goes on counting; the other's counters are unchanged.
    page
    before=$(by_worker requests_total)
    pid=$(pid_of worker-2)
    kill -KILL "$pid"
    wait_until 5000 worker_is_back worker-2 "$pid"
    wait_until 3000 says 2 flashsale_workers
    read -r first second <<<"$before"
    read -r first_now second_now < <(by_worker requests_total)
    [[ $first_now -ge $first && $second_now -ge $second ]]
    wait_until 3000 adds_up
}

@test "web servers distribute requests as documented: nginx to one worker, lighttpd to all" {
    for server in nginx lighttpd; do
        RUN_DIR=$(mktemp --directory /tmp/flashsale-test.XXXX)
        chmod 0755 "$RUN_DIR"
        (
            export RUN_DIR WEB_SERVER=$server
            stack_open sale.items_per_sale=2000
            # A small crowd goes to one worker, for full batches.
            crowd buy --url "$URL" --users 40 --each 5 --connections 16 --prefix shared >"$BATS_TEST_TMPDIR/result"
            page
            read -r first second < <(by_worker requests_total)
            printf '%s: %s and %s\n' "$server" "$first" "$second"
            if [[ $server == nginx ]]; then
                # Either worker may be the one.
                [[ $((first < second ? first : second)) -le 5 && $((first + second)) -ge 400 ]]
            else
                [[ $first -gt 100 && $second -gt 100 ]]
            fi
        )
        stack_end
    done
    RUN_DIR=$FILE_RUN_DIR
}

@test "gauges: threads, batchers, connections of two workers, and nothing in flight without requests" {
    page
    same "$(value 'flashsale_batchers{kind="checkout"}')" 2
    same "$(value 'flashsale_batchers_up{kind="checkout"}')" 2
    same "$(value 'flashsale_batchers_up{kind="purchase"}')" 2
    same "$(value 'flashsale_threads{role="request"}')" 8
    same "$(value 'flashsale_connections_max')" 2048
    same "$(total flashsale_redis_workers)" 2
    for kind in checkout purchase read; do
        same "$(value "flashsale_postgresql_up{kind=\"$kind\"}")" 1
    done
    quiet() {
        page && same "$(total flashsale_in_flight_requests) $(total flashsale_queued_requests)" '0 0'
    }
    wait_until 3000 quiet
    # The same version as --version.
    version=$("$BUILD_DIR/flashsale-fcgi" --version)
    same "$(value "flashsale_build_info{version=\"${version##* }\"}")" 1
}

@test "kill -9 of a worker: its counters stay, its gauges go; its successor goes on counting" {
    page
    accepted=$(decisions checkout accepted) requests=$(total flashsale_requests_total 'route="/checkout"')
    starts=$(value flashsale_worker_starts_total)
    for worker in worker-1 worker-2; do
        pid=$(pid_of "$worker")
        kill -KILL "$pid"
        wait_until 5000 worker_is_back "$worker" "$pid"
    done
    back() {
        says 2 flashsale_workers && same "$(value flashsale_connections_max)" 2048 &&
            same "$(value 'flashsale_batchers_up{kind="checkout"}')" 2
    }
    wait_until 5000 back
    same "$(decisions checkout accepted)" "$accepted"
    same "$(total flashsale_requests_total 'route="/checkout"')" "$requests"
    same "$(value flashsale_worker_starts_total)" "$((starts + 2))"
    hold dora >/dev/null
    says "$((accepted + 1))" 'flashsale_decisions_total{kind="checkout",outcome="accepted"}'
}

@test "a worker that stays stopped leaves the other one, with that one's gauges only" {
    page
    requests=$(total flashsale_requests_total 'route="/checkout"')
    stack stop-part worker-2
    wait_until 3000 says 1 flashsale_workers
    same "$(value flashsale_connections_max)" 1024
    same "$(value 'flashsale_batchers{kind="purchase"}')" 1
    same "$(total flashsale_requests_total 'route="/checkout"')" "$requests"
    stack start-part worker-2
    wait_until 3000 says 2 flashsale_workers
}

@test "PostgreSQL away and back: down, 503 counted, reconnects counted" {
    page
    reconnects=$(total flashsale_postgresql_reconnects_total)
    stack stop-part postgresql
    no_batcher_is_up() {
        page && same "$(total flashsale_batchers_up)" 0
    }
    wait_until 5000 no_batcher_is_up
    same "$(value 'flashsale_postgresql_up{kind="checkout"}')" 0
    wait_until 5000 says 0 'flashsale_postgresql_up{kind="read"}'
    same "$(grep --count '^flashsale_sale_' "$BATS_TEST_TMPDIR/page" || true)" 0
    promtool check metrics <"$BATS_TEST_TMPDIR/page"
    unavailable=$(decisions checkout unavailable) refused=$(requests /checkout 503)
    post '/checkout?user_id=emil'
    expect_problem 503 unavailable
    says "$((unavailable + 1))" 'flashsale_decisions_total{kind="checkout",outcome="unavailable"}'
    same "$(requests /checkout 503)" "$((refused + 1))"
    stack start-part postgresql
    wait_until 10000 says 1 'flashsale_postgresql_up{kind="purchase"}'
    wait_until 10000 says 1 'flashsale_postgresql_up{kind="checkout"}'
    wait_until 10000 says 1 'flashsale_postgresql_up{kind="read"}'
    same "$(total flashsale_postgresql_reconnects_total)" "$((reconnects + 4))"
}

@test "the refusal cache: looked up, learned, shared, hit; Redis away: down, failures, and what is dropped" {
    page
    hits=$(value 'flashsale_refusal_cache_hits_total{reason="sold"}')
    lookups=$(value flashsale_refusal_cache_lookups_total) shared=$(value flashsale_refusal_cache_shared_total)
    learned=$(value 'flashsale_refusal_cache_learned_total{source="batch"}')
    dropped=$(value flashsale_refusal_cache_dropped_total) failures=$(value flashsale_redis_failures_total)
    # The cache learns a purchase. The row may decide the first refusal; the cache decides the next ones.
    post "/purchase?code=$(hold fred)"
    expect 200
    for _ in {1..12}; do
        post '/checkout?user_id=fred&id=2'
        expect_problem 412 sold
    done
    page
    [[ $(value 'flashsale_refusal_cache_hits_total{reason="sold"}') -gt $hits ]]
    [[ $(value 'flashsale_refusal_cache_learned_total{source="batch"}') -gt $learned ]]
    same "$(value flashsale_refusal_cache_lookups_total)" "$((lookups + 13))"
    has_shared() {
        page && [[ $(value flashsale_refusal_cache_shared_total) -gt $shared ]]
    }
    wait_until 1000 has_shared
    same "$(value flashsale_refusal_cache_dropped_total)" "$dropped"
    same "$(value flashsale_refusal_cache_evictions_total)" 0

    stack stop-part redis
    wait_until 5000 says 2 'flashsale_redis_workers{state="down"}'
    [[ $(value flashsale_redis_failures_total) -ge $((failures + 2)) ]]
    post "/purchase?code=$(hold gina)"
    expect 200
    has_dropped() {
        page && [[ $(value flashsale_refusal_cache_dropped_total) -gt $dropped ]]
    }
    wait_until 1000 has_dropped
    stack start-part redis
    wait_until 15000 says 2 'flashsale_redis_workers{state="ok"}'
}

@test "promtool accepts the page, the rules and the configuration; the alerts fire when they should" {
    page
    run -0 promtool check metrics <"$BATS_TEST_TMPDIR/page"
    same "$output" ''
    promtool check rules "$TOP/deploy/prometheus/flashsale.rules.yml"
    promtool check config "$TOP/deploy/prometheus/prometheus.yml"
    promtool test rules "$TOP/tests/prometheus/flashsale.test.yml"
    # Each alert has a description and says what to do.
    rules=$TOP/deploy/prometheus/flashsale.rules.yml
    alerts=$(grep --count -- '- alert:' "$rules")
    [[ $alerts -gt 0 ]]
    same "$(grep --count 'summary: ".' "$rules")" "$alerts"
    same "$(grep --count 'action: ".' "$rules")" "$alerts"
    same "$(grep --count 'severity: \(critical\|warning\)$' "$rules")" "$alerts"
}

# names: the names in standard input that begin with flashsale_, each once.
names() {
    grep --only-matching 'flashsale_[a-z_]*' | sort --unique
}

@test "the page has all metrics of the dashboard and of the rules" {
    page
    grep --invert-match '^#' "$BATS_TEST_TMPDIR/page" | names >"$BATS_TEST_TMPDIR/there"
    jq --raw-output '[.. | objects | .expr?, .definition? | strings] | .[]' \
        "$TOP/deploy/grafana/flashsale.json" | names >"$BATS_TEST_TMPDIR/asked"
    [[ $(wc --lines <"$BATS_TEST_TMPDIR/asked") -gt 20 ]]
    names <"$TOP/deploy/prometheus/flashsale.rules.yml" >>"$BATS_TEST_TMPDIR/asked"
    sort --unique --output="$BATS_TEST_TMPDIR/asked" "$BATS_TEST_TMPDIR/asked"
    same "$(comm -23 "$BATS_TEST_TMPDIR/asked" "$BATS_TEST_TMPDIR/there")" ''
    # With values for the variables the queries are valid PromQL; and no panel overlaps another.
    jq '{groups: [{name: "dashboard", rules: [.panels[].targets[]?.expr
        | gsub("\\$__rate_interval"; "1m") | gsub("\\$instance"; ".*")] | to_entries
        | map({record: "panel:\(.key)", expr: .value})}]}' \
        "$TOP/deploy/grafana/flashsale.json" >"$BATS_TEST_TMPDIR/dashboard.rules.yml"
    promtool check rules "$BATS_TEST_TMPDIR/dashboard.rules.yml"
    same "$(jq '[.panels[] | .gridPos | range(.x; .x + .w) as $x | range(.y; .y + .h) as $y | [$x, $y]]
        | group_by(.) | map(select(length > 1)) | length' "$TOP/deploy/grafana/flashsale.json")" 0
    same "$(jq '[.panels[].id] | length - (unique | length)' "$TOP/deploy/grafana/flashsale.json")" 0
    jq --exit-status '[.panels[].datasource.uid // empty] | all(. == "${datasource}")' \
        "$TOP/deploy/grafana/flashsale.json"
}
