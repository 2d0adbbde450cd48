#!/usr/bin/env bats
# /openapi.json is valid, and describes what the service answers.

load helper

CHECK=$TOP/tests/openapi/check.mjs

setup_file() {
    local at=$TOP/tests/openapi
    if [[ ! $at/node_modules/.package-lock.json -nt $at/package-lock.json ]]; then
        npm ci --prefix "$at" --ignore-scripts --no-audit --no-fund --loglevel=error 3>&-
    fi
    # A second stack, where users log in at the web server, with other statuses.
    stack_start http.identity=remote_user http.status_unavailable=409 http.status_limit=403 \
        http.status_unknown_code=410 sale.items_per_sale=30 sale.purchase_limit=1 sale.holds_max=0
    export OTHER_RUN_DIR=$RUN_DIR OTHER_URL=$URL
    stack_start sale.items_per_sale=120 sale.holds_max=0
    export DOCUMENT=$BATS_FILE_TMPDIR/openapi.json
    curl --silent --fail --output "$DOCUMENT" "$URL/openapi.json"
}

teardown_file() {
    stack_end
    RUN_DIR=$OTHER_RUN_DIR
    stack_end
}

# Each test ends with a check of all its replies.
teardown() {
    if [[ -s $BATS_TEST_TMPDIR/list && ${BATS_TEST_COMPLETED:-} == 1 ]]; then
        node "$CHECK" replies "$DOCUMENT" <"$BATS_TEST_TMPDIR/list" || return
    fi
    after_test
}

# replies METHOD TARGET STATUS [curl's options]: the reply has the status, and is as the document describes. If the
# document has the status under another name, STATUS has both: 409=4XX.
replies() {
    local method=$1 target=$2 status=${3%=*} response=${3#*=}
    shift 3
    request "$method" "$target" "$@"
    expect "$status"
    described "$method" "$target" "$response"
}

# Keeps the last reply for the check in teardown.
described() {
    local kept
    kept=$(mktemp --directory "$BATS_TEST_TMPDIR/reply.XXXX")
    cp "$HEADERS" "$BODY" "$kept"
    [[ $1 != HEAD ]] || : >"$kept/body" # curl writes the headers there
    printf '%s\t' "$1" "$2" "$HTTP_STATUS" "$3" "$kept/headers" >>"$BATS_TEST_TMPDIR/list"
    printf '%s\n' "$kept/body" >>"$BATS_TEST_TMPDIR/list"
}

# logged_in USER METHOD PATH QUERY STATUS: the same at the second stack, as a user who is logged in.
logged_in() {
    local user=$1 method=$2 path=$3 query=$4 status=${5%=*} response=${5#*=}
    RUN_DIR=$OTHER_RUN_DIR worker_request worker-1 "$method" "$path" "$query" REMOTE_USER="$user"
    expect "$status"
    described "$method" "$path" "$response"
}

@test "the document is valid, and so are its examples" {
    node "$CHECK" document "$DOCUMENT"
}

@test "the document is served as in its source, and cached for an hour" {
    replies GET /openapi.json 200
    same "$(header Content-Type)" application/json
    same "$(jq --sort-keys --compact-output . "$BODY")" \
        "$(jq --sort-keys --compact-output . "$TOP/fcgi/api/openapi.json")"
    replies GET /openapi.json 304 --header "If-None-Match: $(header ETag)"
    replies HEAD /openapi.json 200 --head
}

@test "the list of paths at / is that of the document and of its example" {
    replies GET / 200
    same "$(json '[.endpoints[].path] | sort | join(" ")')" \
        "$(jq --raw-output '.paths | keys | sort | join(" ")' "$DOCUMENT")"
    same "$(cat "$BODY")" "$(jq --compact-output \
        '.components.responses.Root.content["application/json"].example' "$DOCUMENT")"
}

@test "checkout" {
    replies POST '/checkout?user_id=amy&id=11' 200
    replies POST '/checkout?user_id=amy&item_id=item11' 200
    replies POST /checkout 200 --data 'user_id=amy&id=11'
    replies POST /checkout 200 --header 'Content-Type: application/json' \
        --data '{"user_id":"amy","item_id":11}'
    replies POST '/checkout?user_id=bob&id=11' 412
    same "$(json .outcome)" held
    replies POST "/purchase?code=$(hold amy 12)" 200
    replies POST '/checkout?user_id=bob&id=12' 412
    same "$(json .outcome)" sold
    replies POST '/checkout?user_id=bob&id=121' 404
    replies POST /checkout 400
    replies POST "/checkout?user_id=$(printf 'x%.0s' {1..128})&id=13" 200
    replies POST "/checkout?user_id=$(printf 'x%.0s' {1..129})&id=13" 400
    replies GET '/checkout?user_id=bob' 405
    head --bytes=20000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/long"
    replies POST '/checkout?user_id=bob' 413 --data-binary "@$BATS_TEST_TMPDIR/long"
    replies POST '/checkout?user_id=bob' 415 --form id=11
    replies POST "/checkout?user_id=bob&more=$(head --bytes=9000 /dev/zero | tr '\0' x)" 414=4XX
    same "$(json .outcome)" uri_too_long
}

@test "purchase" {
    code=$(hold cat 14)
    replies POST "/purchase?code=$code" 200
    replies POST "/purchase?checkout_code=$code" 200
    replies POST /purchase 200 --header 'Content-Type: application/json' --data "{\"code\":\"$code\"}"
    replies POST /purchase 200 --data "checkout_code=$code"
    replies POST /purchase?code=x 404
    replies POST /purchase 400
    replies DELETE /purchase 405
}

@test "the limit, at checkout and at purchase" {
    for number in {21..30}; do
        codes+=("$(hold dan "$number")")
    done
    last=$(hold dan 31)
    for code in "${codes[@]}"; do
        post "/purchase?code=$code"
        expect 200
    done
    replies POST '/checkout?user_id=dan' 429
    replies POST "/purchase?code=$last" 429
}

@test "reading: GET, HEAD, and 304 for what the client has" {
    hold eve 41
    for path in /status /sale/status /sale/current /sale/info /sales /items '/items?state=held' '/items?page_num=99' /items/41 \
        /items/1-42 /items/1-41/image.svg /items/41/image.svg /problems/held /; do
        replies GET "$path" 200
        replies HEAD "$path" 200 --head
        replies GET "$path" 304 --header 'If-None-Match: *'
        replies POST "$path" 405
    done
    request GET /metrics
    [[ $(cat "$BODY") == "$(jq --raw-output \
        '.components.responses.Metrics.content[].example' "$DOCUMENT")"* ]]
    for path in /health /metrics /me '/me?user_id=eve'; do
        replies GET "$path" 200
        replies HEAD "$path" 200 --head
        replies POST "$path" 405
    done
    for path in /items?sale_id=99 /items/121 /items/any/image.svg /problems/none \
        /users/amy/purchases /login; do
        replies GET "$path" 404
        replies HEAD "$path" 404 --head
    done
    for path in '/items?state=gone' '/items?sale_id=0' '/sales?page_num=x' '/me?page_size=0'; do
        replies GET "$path" 400
    done
}

# Tries the document's bounds and choices of query parameters at every path that has them.
@test "bounds, choices and defaults are as described" {
    parameters=$(jq --raw-output '. as $document
        | def resolved: if has("$ref") then . as $r | $document | getpath($r["$ref"][2:] | split("/"))
                        else . end;
        .paths | to_entries[] | select(.value.get and (.key | contains("{") | not)) | .key as $path
        | .value.parameters[] | resolved | select(.in == "query")
        | .name as $name | (.schema | resolved) | select(.minimum or .enum)
        | [$path, $name, .minimum // "", .maximum // "", (.default // ""), ((.enum // []) | join(" "))]
        | join("|")' "$DOCUMENT")
    same "$(wc --lines <<<"$parameters")" 8
    while IFS='|' read -r path name minimum maximum default choices; do
        for value in $minimum $maximum $choices; do
            request GET "$path?$name=$value"
            [[ $HTTP_STATUS == 200 || $(json .outcome) == not_found ]]
        done
        for value in ${minimum:+$((minimum - 1))} ${maximum:+$((maximum + 1))} x; do
            request GET "$path?$name=$value"
            expect_problem 400 bad_request
            [[ $(json .detail) == "$name:"* ]]
        done
        if [[ -n $default ]]; then
            request GET "$path"
            plain=$(json '[.page[]?.number] | tostring')
            request GET "$path?$name=$default"
            same "$(json '[.page[]?.number] | tostring')" "$plain"
        fi
    done <<<"$parameters"
}

@test "users who are logged in, and other statuses" {
    logged_in amy POST /checkout id=1 200
    logged_in amy GET /users/amy/purchases '' 200
    same "$(json '.holds[0].item.number')" 1
    RUN_DIR=$OTHER_RUN_DIR worker_request worker-1 POST /checkout id=2 REMOTE_USER=amy
    logged_in amy POST /purchase "code=$(json .code)" 200
    logged_in amy GET /users/amy/purchases '' 200
    same "$(json '.purchases[0].item.number')" 2
    logged_in amy GET /users/amy/purchases 'page_num=2&page_size=1' 200
    logged_in amy GET /users/amy/purchases page_size=101 400
    logged_in amy GET /users/amy/purchases page_num=0 400
    logged_in amy GET /users/bob/purchases '' 403
    logged_in amy GET /me '' 200
    same "$(json '"\(.identity) \(.user) \(.bought) \(.held) \(.purchases[0].item.number) \(.holds[0].item.number)"')" \
        'remote_user amy 1 1 2 1'
    logged_in '' GET /me '' 200
    same "$(json .user)" null
    logged_in amy GET /me user_id=bob 403
    logged_in amy GET /login '' 303
    logged_in '' GET /login '' 403
    logged_in amy POST /checkout user_id=bob 403
    logged_in amy POST /checkout '' 403
    same "$(json .outcome)" user_limit
    logged_in bob POST /checkout id=1 409=4XX
    logged_in bob POST /purchase code=x 410=4XX
    logged_in bob GET /problems/unknown_code '' 200
    same "$(json .status)" 410
}

@test "without Redis, without PostgreSQL, without a worker" {
    stack stop-part redis
    wait_until 5000 health_is degraded
    replies GET /health 200
    stack start-part redis
    stack stop-part postgresql
    wait_until 5000 health_is down
    replies GET /health 503
    same "$(json 'del(.redis) | tojson')" "$(jq --raw-output \
        '.components.responses.HealthDown.content["application/json"].example | del(.redis) | tojson' \
        "$DOCUMENT")"
    sleep 2.5 # replies in the web server's cache have expired
    for path in /status /sale/status /sale/current /sale/info /sales /items /items/41 /items/41/image.svg; do
        replies GET "$path" 503
    done
    replies POST '/checkout?user_id=eve' 503
    replies POST "/purchase?code=AAAAAQAAEmcXIGneGmJvi0cptRvigCaA" 503
    stack stop-part worker-1
    stack stop-part worker-2
    sleep 2.5
    for path in /health /status; do
        replies GET "$path" 503
    done
    stack start-part postgresql
    stack start-part worker-1
    stack start-part worker-2
    wait_until 10000 health_is ok
}

# health_is STATUS: after a checkout, which has the worker notice what is down or back.
health_is() {
    curl --silent --request POST --output /dev/null "$URL/checkout?user_id=eve&id=41"
    [[ $(curl --silent "$URL/health" | jq --raw-output .status) == "$1" ]]
}
