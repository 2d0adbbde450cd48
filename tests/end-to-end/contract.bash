# Shared by NN-contract-SERVER.bats and NN-contract-SERVER-http2.bats: the same tests through each web server, by
# HTTP/1.1 without TLS and by HTTP/2 with TLS.
# shellcheck shell=bash disable=SC2016,SC2154

contract_setup() {
    export WEB_SERVER=${1##*contract-} HTTP=1.1
    WEB_SERVER=${WEB_SERVER%.bats}
    [[ $WEB_SERVER != *-http2 ]] || HTTP=2
    WEB_SERVER=${WEB_SERVER%-http2}
    if [[ $HTTP == 2 ]] && ! speaks_2; then
        export MISSING='this lighttpd speaks HTTP/1.1 alone (deploy/lighttpd/http2)'
        return
    fi
    stack_start sale.items_per_sale=100
}

# Whether the web server speaks HTTP/2; nginx always does.
speaks_2() {
    [[ $WEB_SERVER == nginx ]] || "$TOP/deploy/lighttpd/http2" | grep --quiet '"server.h2proto" => "enable"'
}

# Skips with HTTP/2 a test that does not depend on the version of HTTP.
only_once() {
    [[ $HTTP == 1.1 ]] || skip 'tested by HTTP/1.1'
}

# rows SECTION [NAME=VALUE...]: tries the rows of a section of the table, with values for its names.
rows() {
    local section=$1 value
    shift
    local -a values=()
    for value in "$@"; do
        values+=(--set "$value")
    done
    "$TOP/tests/contract/contract.py" --url "$URL" --https-port "$HTTPS_PORT" --http "$HTTP" \
        "${values[@]}" "$section"
}

# restart [SETTING=VALUE...]: restarts the workers at the same sale, with more settings.
restart() {
    local options=$GENERATOR_OPTIONS setting
    for setting in "$@"; do
        options+=" -o $setting"
    done
    stack stop >/dev/null
    WORKER_OPTIONS=$options stack start >/dev/null
}

# The decisions are those that the rows asked for: each whole body was read, and no body that broke off had an effect.
own_test() {
    rows own
    local numbers='3 4 5 10 11 12'
    [[ $HTTP == 2 ]] || numbers+=' 13'
    same "$(sql "SELECT string_agg(number::text, ' ' ORDER BY number) FROM flashsale.item WHERE held_by = 'own'")" \
        "$numbers"
}

# In a sale of its own: a request may lose the item's number by a mutation, and then holds any item.
malformed_test() {
    only_once
    stack_start sale.items_per_sale=100
    "$TOP/tests/contract/malformed.py" --url "$URL" --seed 1 --count 1500
    "$TOP/tests/contract/malformed.py" --url "$URL" --seed "$RANDOM" --count 500
}

# A client that offers HTTP/2 gets it, or HTTP/1.1 if the server has no HTTP/2; both read its body.
offered_test() {
    local version=2
    speaks_2 || version=1.1
    same "$(printf 'id=93' | curl --silent --insecure --http2 --request POST --upload-file - \
        --header 'Content-Type: application/x-www-form-urlencoded' --write-out ' %{http_version} %{http_code}' \
        "https://127.0.0.1:$HTTPS_PORT/checkout?user_id=piped" | sed 's/.*"item_id":"\([^"]*\)".*}/\1/')" "1-93 $version 200"
    same "$(curl --silent --insecure --request POST --output /dev/null --write-out '%{http_version} %{http_code}' \
        "https://127.0.0.1:$HTTPS_PORT/checkout?user_id=piped&id=92")" "$version 200"
}

settings_test() {
    stack_start sale.items_per_sale=100 sale.hold_s=1 http.status_unavailable=409 http.status_limit=403 \
        http.status_unknown_code=400 sale.unknown_item=any
    rows settings
    crowd buy --url "$URL" --users 1 --each 10 --connections 1 --prefix amy
    rows 'the limit, by its setting'
}

identity_test() {
    local user
    export HTPASSWD=$BATS_TEST_TMPDIR/htpasswd
    for user in ida jon a/b .. '/?#% ä' ../problems ../www/x ../-/503 ../x $'Chloe\u0308' ' Bo ' $'\u3000'; do
        printf '%s:%s\n' "$user" "$(openssl passwd -apr1 "$user")"
    done >"$HTPASSWD"
    restart http.identity=remote_user http.allow_origin=https://friend.example http.login_url=/login
    local origin=$URL
    [[ $HTTP == 1.1 ]] || origin=https://127.0.0.1:$HTTPS_PORT
    rows identity origin="$origin" tls="$HTTPS_PORT"
    unset HTPASSWD
    restart
}

without_postgresql_test() {
    stack stop-part postgresql
    rows 'without PostgreSQL'
    stack start-part postgresql
    wait_until 10000 workers_decide
}

# A worker notices within about 100 ms.
workers_miss_redis() {
    local worker
    workers_decide || return 1
    for worker in worker-1 worker-2; do
        worker_request "$worker" GET /health '' </dev/null
        [[ $(json .redis) == down ]] || return 1
    done
}

without_redis_test() {
    stack stop-part redis
    wait_until 5000 workers_miss_redis
    rows 'without Redis'
    stack start-part redis
}

# lighttpd sends nothing to a worker that refused for a second or two, and logs when it does again.
asked_again() {
    [[ $WEB_SERVER != lighttpd ]] ||
        [[ $(grep "unix:.*$1.sock" "$RUN_DIR/log/lighttpd.log" | tail --lines=1) != *failed* ]]
}

one_worker_test() {
    only_once
    local worker path item
    post '/checkout?user_id=ann'
    item=$(json .item_id)
    for worker in worker-1 worker-2; do
        stack stop-part "$worker"
        for path in {1..20}; do
            post "/checkout?user_id=ann&id=$item"
            expect 200
            request GET "/items?page_size=$path"
            expect 200
        done
        stack start-part "$worker"
        wait_until 5000 asked_again "$worker"
    done
}

without_workers_test() {
    stack stop-part worker-1
    stack stop-part worker-2
    rows 'without workers'
    stack start-part worker-1
    stack start-part worker-2
    wait_until 5000 workers_decide
}

# In a network namespace a second web server with the same files is asked from 203.0.113.1, which is neither loopback
# nor private (RFC 5737).
metrics_from_elsewhere_test() {
    only_once
    local configuration=$BATS_TEST_TMPDIR/elsewhere.conf
    local -a as_root=() options=()
    if [[ $EUID -ne 0 ]]; then
        # The namespace has root only, so nginx cannot give its folders to another user.
        as_root=(--user --map-root-user)
        [[ $WEB_SERVER != nginx ]] || options=(-g 'user root;')
    fi
    worker_request worker-1 GET /metrics '' </dev/null
    sed "s#$RUN_DIR/nginx/nginx.pid#$BATS_TEST_TMPDIR/pid#" "$RUN_DIR/$WEB_SERVER/$WEB_SERVER.conf" \
        >"$configuration"
    run -0 unshare "${as_root[@]}" --net bash -c '
        set -e
        ip address add 203.0.113.1/32 dev lo
        ip link set lo up
        if [[ $1 == nginx ]]; then
            nginx -e stderr -p "$2" -c "$3" "${@:5}" &
        else
            lighttpd -D -f "$3" &
        fi
        trap "kill $!; wait $! || true" EXIT
        for from in 127.0.0.1 203.0.113.1; do
            for path in /metrics /health; do
                curl --silent --output /dev/null --write-out "$from $path %{http_code}\n" --retry 50 \
                    --retry-connrefused --retry-delay 1 --interface "$from" "http://127.0.0.1:$4$path"
            done
        done' bash "$WEB_SERVER" "$RUN_DIR/$WEB_SERVER" "$configuration" "$HTTP_PORT" \
        "${options[@]}" 3>&-
    printf '%s\n' "$output"
    [[ $output == *'203.0.113.1 /metrics 404'* && $output == *'203.0.113.1 /health 200'* ]]
    [[ $output == *"127.0.0.1 /metrics $HTTP_STATUS"* && $output == *'127.0.0.1 /health 200'* ]]
}

ends_test() {
    stack_start sale.items_per_sale=30
    crowd buy --url "$URL" --users 1 --each 10 --connections 1 --prefix amy
    rows limit
    crowd buy --url "$URL" --users 2 --each 10 --connections 2 --prefix cat
    wait_until 5000 rows 'sold out'
    sql 'TRUNCATE flashsale.sale, flashsale.sale_stripe, flashsale.item, flashsale.attempt, flashsale.buyer,
                  flashsale.hold_queue, flashsale.draw_secret'
    wait_until 5000 rows closed held="$(printf 'A%.0s' {1..32})"
}
