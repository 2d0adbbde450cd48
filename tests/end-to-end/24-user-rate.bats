#!/usr/bin/env bats
# The limit on the requests of one user (http.user_rate, http.user_burst): counted exactly, in any spelling of the name,
# wherever the request has it, by all workers together, through both web servers.

load helper

BURST=8

# A stack for this test, whose users may send 8 requests at once, and one more in each second.
limited_stack() {
    export WEB_SERVER=$1
    stack_start sale.items_per_sale=100 http.user_rate=1 http.user_burst="$BURST" "${@:2}"
}

# within_a_second COMMAND...: calls it with the numbers 1, 2 and so on, until a call takes less than a second: later
# the user may send one more. Each number is a user and an item that nobody else has.
within_a_second() {
    local began
    for number in {1..20}; do
        began=$(now_ms)
        "$@" "$number"
        [[ $(($(now_ms) - began)) -ge 900 ]] || return 0
    done
    fail 'no call took less than a second'
}

repeated() {
    printf "$1 %.0s" {1..8}
}

# refused_by_rate KIND: how many requests of that kind all workers refused.
refused_by_rate() {
    worker_request worker-1 GET /metrics '' </dev/null
    sed --quiet "s/^flashsale_user_rate_refused_total{kind=\"$1\"} //p" "$BODY"
}

attempts_of() {
    sql "SELECT count(*) FROM flashsale.attempt WHERE user_id = '$1'"
}

# ---- names in requests ----------------------------------------------------------------------------------

# spelled NUMBER: eight requests of the user Zoé, with the number after the name; prints their statuses.
spelled() {
    local json='Content-Type: application/json' url=$URL/checkout item=id=$1
    local -a each=(--silent --output /dev/null --write-out '%{http_code} ')
    curl "${each[@]}" --request POST "$url?$item&user_id=Zo%C3%A9$1" \
        --next "${each[@]}" --request POST "$url?$item&user_id=Zoe%CC%81$1" \
        --next "${each[@]}" --request POST "$url?$item&user_id=+Zo%C3%A9$1%E3%80%80" \
        --next "${each[@]}" --data "$item&user_id=Zo%C3%A9$1" "$url" \
        --next "${each[@]}" --data "user_id=%C2%A0Zoe%CC%81$1+" "$url?$item" \
        --next "${each[@]}" --header "$json" --data "{\"id\":$1,\"user_id\":\"Zo\\u00e9$1\"}" "$url" \
        --next "${each[@]}" --header "$json" --data "{\"id\":$1,\"user_id\":\"Zoe\\u0301$1\"}" "$url" \
        --next "${each[@]}" --header "$json" --data "{\"user_id\":\"\\u2003Zoé$1 \"}" "$url?$item"
}

twice_spelled() {
    before=$(refused_by_rate checkout)
    first=$(spelled "$1")
    second=$(spelled "$1")
    # The other worker knows, too.
    worker_request worker-2 POST /checkout "id=$1&user_id=Zoe%CC%81$1" </dev/null
}

asks_again() {
    post "/checkout?id=$1&user_id=Zo%C3%A9$1"
    [[ $HTTP_STATUS == 200 ]]
}

counts_exactly() {
    limited_stack "$1"
    within_a_second twice_spelled
    same "$first" "$(repeated 200)"
    same "$second" "$(repeated 429)"
    expect_problem 429 too_many_requests
    same "$(header Retry-After)" 1
    # Refused ones have a counter. They were not queued, and are not in the log of attempts.
    same "$(($(refused_by_rate checkout) - before))" 9
    same "$(refused_by_rate purchase)" 0
    same "$(attempts_of "Zoé$number")" 8
    # Nobody else is refused: not even a name that differs by its accent alone.
    post "/checkout?user_id=Zoe$number"
    expect 200
    # A purchase is not counted: its user is not known before it is decided.
    for _ in {1..20}; do
        post '/purchase?code=AAAAAQAAAC_AAAAAAAAAAAAAAAAAAAAA'
        expect 404
    done
    # One more after a second.
    wait_until 3000 asks_again "$number"
    same "$(attempts_of "Zoé$number")" 9
}

@test "query, form and JSON, in every spelling, count once: nginx" {
    counts_exactly nginx
}

@test "query, form and JSON, in every spelling, count once: lighttpd" {
    counts_exactly lighttpd
}

# ---- users who log in -----------------------------------------------------------------------------------

# What is not queued is not counted: another user's name, another site's page, a code that is none.
refused_anyway() {
    for _ in {1..20}; do
        post "/checkout?user_id=somebody" --user "ida$1:ida"
        expect 403
        post '/checkout' --user "ida$1:ida" --header 'Origin: https://evil.example'
        expect 403
        post '/purchase?code=nonsense' --user "ida$1:ida"
        expect 404
    done
}

# buys NUMBER: twelve requests of a user who logs in, checkouts and purchases in turn; prints their statuses.
buys() {
    local code=AAAAAQAAAC_AAAAAAAAAAAAAAAAAAAAA
    local -a each=(--silent --output /dev/null --write-out '%{http_code} ' --request POST --user "ida$1:ida") all=()
    for _ in {1..6}; do
        all+=("${each[@]}" "$URL/checkout?id=$1" --next "${each[@]}" "$URL/purchase?code=$code" --next)
    done
    statuses=$(curl "${all[@]:0:${#all[@]}-1}")
}

counts_who_logs_in() {
    export HTPASSWD=$BATS_TEST_TMPDIR/htpasswd
    for number in {1..20}; do
        printf 'ida%d:%s\n' "$number" "$(openssl passwd -apr1 -salt x ida)"
    done >"$HTPASSWD"
    limited_stack "$1" http.identity=remote_user
    refused_anyway 20
    within_a_second buys
    same "$statuses" '200 404 200 404 200 404 200 404 429 429 429 429 '
    same "$(refused_by_rate checkout) $(refused_by_rate purchase)" '2 2'
    same "$(attempts_of "ida$number")" 4
    post "/checkout" --user 'ida20:ida'
    expect 200
}

@test "a log-in by a name that is too long, before or in Form C, or no UTF-8, is refused" {
    stack_start http.identity=remote_user
    local long
    long=$(printf 'x%.0s' {1..129})
    for user in "$long" " ${long:1}" "$(printf '\u0958%.0s' {1..42})" $'a\xff' $'a\tb'; do
        worker_request worker-1 POST /checkout '' REMOTE_USER="$user" </dev/null
        expect_problem 400 bad_request
        [[ $(json .detail) == REMOTE_USER:* ]]
    done
    for user in "${long:1}" "$(printf '\u0958%.0s' {1..21})" "$(printf 'e\u0301%.0s' {1..42})"; do
        worker_request worker-1 POST /checkout '' REMOTE_USER="$user" </dev/null
        expect 200
    done
    same "$(json '.user | utf8bytelength')" 84
}

@test "checkouts and purchases of a user who logs in count together: nginx" {
    counts_who_logs_in nginx
}

@test "checkouts and purchases of a user who logs in count together: lighttpd" {
    counts_who_logs_in lighttpd
}
