#!/usr/bin/env bats
# Replies of the contract, to requests in every form that it allows.

load helper

setup_file() {
    stack_start sale.items_per_sale=100
}

@test "checkout: 200 with the code, the item and when the hold ends" {
    post '/checkout?user_id=amy&id=47'
    expect 200
    same "$(header Content-Type)" application/json
    same "$(header Cache-Control)" no-store
    expect_common_headers
    same "$(json 'keys_unsorted | join(",")')" \
        success,message,code,checkout_code,expires_at,expires_in,user,item_id,sale_id,item
    same "$(json '[.success, .message, .user, .item_id, .sale_id] | join(" ")')" \
        'true success amy 1-47 1'
    same "$(json '.item | keys_unsorted | join(",")')" id,number,name,description,price,image
    same "$(json '[.item.id, .item.number, .item.image] | join(" ")')" \
        '1-47 47 /items/1-47/image.svg'
    same "$(json '.code == .checkout_code')" true
    [[ $(json .code) =~ ^[A-Za-z0-9_-]{22,}$ ]]
    [[ $(json .expires_in) -ge 598 && $(json .expires_in) -le 600 ]]
    [[ $(json .expires_at) =~ ^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?Z$ ]]
    # In cents: some versions of jq print a number as it was written, 19.00, others as 19.
    same "$(json .item.name)|$(json '.item.price * 100 | round')" \
        "$(sql 'SELECT name, price_cents FROM flashsale.item WHERE sale_id = 1 AND number = 47')"
    grep --quiet --extended-regexp '"price":[0-9]+\.[0-9]{2}[,}]' "$BODY"
}

@test "checkout again: the same code and expiry; by another user: held" {
    post '/checkout?user_id=amy&id=47'
    expect 200
    first=$(json '[.code, .expires_at] | join(" ")')
    post '/checkout?user_id=amy&id=47'
    expect 200
    same "$(json '[.code, .expires_at] | join(" ")')" "$first"
    post '/checkout?user_id=bob&id=47'
    expect_problem 412 held
    [[ $(header Retry-After) -gt 500 && $(header Retry-After) -le 600 ]]
    same "$(header Cache-Control)" no-store
}

@test "purchase: 200 with what was bought, and again, byte for byte" {
    code=$(hold bob 48)
    post "/purchase?code=$code"
    expect 200
    same "$(header Content-Type)" application/json
    same "$(header Cache-Control)" no-store
    expect_common_headers
    same "$(json 'keys_unsorted | join(",")')" success,message,status,purchase_id,user,item_id,$(
    )sale_id,item,total_price,purchased_at,user_purchases
    same "$(json '[.success, .message, .status, .user, .item_id, .sale_id, .user_purchases]
                  | join(" ")')" 'true success success bob 1-48 1 1'
    same "$(json '.total_price == .item.price')" true
    cp "$BODY" "$BATS_TEST_TMPDIR/first"
    post "/purchase?code=$code"
    expect 200
    cmp "$BODY" "$BATS_TEST_TMPDIR/first"
    post '/checkout?user_id=cat&id=48'
    expect_problem 412 sold
    code=$(hold bob 49)
    post "/purchase?code=$code"
    same "$(json .user_purchases)" 2
}

@test "an item's names: 50, item50, item_50, item-50, 1-50" {
    code=$(hold cat 50)
    for id in 50 item50 item_50 item-50 1-50; do
        post "/checkout?user_id=cat&id=$id"
        expect 200
        same "$(json .code)" "$code"
        post "/checkout?user_id=dan&id=$id"
        expect_problem 412 held
    done
}

@test "parameters in the query, in a form, in JSON; other names of id and code" {
    code=$(hold eve 51)
    post '/checkout' --data 'user_id=eve&id=51'
    expect 200
    same "$(json .code)" "$code"
    post '/checkout' --data 'user_id=eve&item_id=51'
    expect 200
    same "$(json .code)" "$code"
    post '/checkout' --header 'Content-Type: application/json' --data '{"user_id":"eve","id":"51"}'
    expect 200
    same "$(json .code)" "$code"
    post '/checkout' --header 'Content-Type: application/json; charset=utf-8' \
        --data '{"user_id":"eve","item_id":51,"more":[1,{"a":null}]}'
    expect 200
    same "$(json .code)" "$code"
    post '/checkout?user_id=eve&item_id=51&unknown=1'
    expect 200
    same "$(json .code)" "$code"
    post '/checkout?user_id=eve' --data 'user_id=fay&id=51'
    expect 200
    same "$(json '[.user, .code] | join(" ")')" "eve $code"
    for type in application/json application/x-www-form-urlencoded; do
        post '/checkout?user_id=eve&id=51' --header "Content-Type: $type" --data ''
        expect 200
    done
    post '/checkout?user_id=eve&id=51' --header 'Content-Type: application/json' --data '{}'
    expect 200
    post '/purchase' --header 'Content-Type: application/json' --data "{\"checkout_code\":\"$code\"}"
    expect 200
    cp "$BODY" "$BATS_TEST_TMPDIR/first"
    for form in "code=$code" "checkout_code=$code" "code=$code&checkout_code=$code"; do
        post /purchase --data "$form"
        expect 200
        cmp "$BODY" "$BATS_TEST_TMPDIR/first"
        post "/purchase?$form"
        expect 200
    done
}

@test "a percent sign and a plus are decoded, in the query and in a form" {
    post '/checkout?user_id=a%2Bb+c%20d%26%3D&id=52'
    expect 200
    same "$(json .user)" 'a+b c d&='
    post '/checkout' --data 'user%5Fid=a%2Bb+c%20d%26%3D&id=52'
    expect 200
    same "$(json .user)" 'a+b c d&='
}

@test "wrong method: 405 with Allow; HEAD works where GET does" {
    for path in /checkout /purchase; do
        for method in GET PUT DELETE; do
            request "$method" "$path?user_id=amy&code=x"
            expect_problem 405 method_not_allowed
            same "$(header Allow)" POST
        done
    done
    for path in /status /health; do
        post "$path"
        expect_problem 405 method_not_allowed
        [[ $(header Allow) == *GET* ]]
        request GET "$path"
        expect 200
        request HEAD "$path" --head
        expect 200
        [[ ! -s $BODY || $(grep --count '{' "$BODY") -eq 0 ]]
    done
    same "$(sql "SELECT count(*) FROM flashsale.attempt WHERE user_id = 'x'")" 0
}

@test "unknown path: 404" {
    for path in /nothing /checkout/ /checkouts /purchase/1 /Checkout /%00 /../etc/passwd; do
        post "$path?user_id=amy&code=x"
        [[ $HTTP_STATUS == 400 || $HTTP_STATUS == 404 ]] || expect 404
        [[ $HTTP_STATUS == 400 ]] || expect_problem 404 not_found
    done
}

@test "X-Request-Id: the caller's if it is valid, else a new one" {
    for id in a 0123-4567_89.AZ "$(printf 'x%.0s' {1..64})"; do
        post '/checkout?user_id=gus&id=53' --header "X-Request-Id: $id"
        expect 200
        same "$(header X-Request-Id)" "$id"
        worker_request worker-1 POST /checkout 'user_id=gus&id=53' HTTP_X_REQUEST_ID="$id"
        expect 200
        same "$(header X-Request-Id)" "$id"
    done
    for id in 'a b' 'a"b' "$(printf 'x%.0s' {1..65})" 'ä' 'a;b'; do
        post '/checkout?user_id=gus&id=53' --header "X-Request-Id: $id"
        expect 200
        [[ $(header X-Request-Id) != "$id" ]]
        expect_common_headers
        worker_request worker-1 POST /checkout 'user_id=gus&id=53' HTTP_X_REQUEST_ID="$id"
        [[ $(header X-Request-Id) != "$id" ]]
        expect_common_headers
    done
    same "$(grep --count --ignore-case ^x-request-id "$HEADERS")" 1
    post '/checkout?user_id=gus&id=53'
    one=$(header X-Request-Id)
    post '/checkout?user_id=gus&id=53'
    [[ $(header X-Request-Id) != "$one" ]]
}

@test "no header is repeated, through the web server neither" {
    post '/checkout?user_id=gus&id=53'
    for name in cache-control x-request-id content-type; do
        same "$name $(grep --count --ignore-case "^$name:" "$HEADERS")" "$name 1"
    done
    post '/checkout?id=53'
    for name in cache-control x-request-id content-type; do
        same "$name $(grep --count --ignore-case "^$name:" "$HEADERS")" "$name 1"
    done
}

@test "HTTPS serves the same" {
    code=$(hold hal 54)
    run -0 curl --silent --insecure --request POST \
        "https://127.0.0.1:$HTTPS_PORT/checkout?user_id=hal&id=54"
    same "$(jq --raw-output .code <<<"$output")" "$code"
}

@test "/health: ok, with the open sale" {
    request GET /health
    expect 200
    same "$(json '[.status, .database, .redis, .sale] | join(" ")')" 'ok ok ok 1'
    same "$(json 'keys_unsorted | join(",")')" status,database,redis,sale,version
    expect_common_headers
}

@test "/status: the open sale and its counters" {
    request GET /status
    expect 200
    same "$(json 'keys_unsorted | join(",")')" sale_id,sale_status,starts_at,ends_at,server_time,$(
    )seconds_remaining,successful_checkouts,failed_checkouts,successful_purchases,$(
    )failed_purchases,scheduled_goods,purchased_goods
    same "$(json '[.sale_id, .sale_status] | join(" ")')" '1 active'
    [[ $(json .seconds_remaining) -gt 0 ]]
    expect_common_headers
    same "$(header Content-Type)" application/json
}

@test "every key in Redis expires" {
    hold ida 60
    wait_until 1000 redis_has_keys
    redis-cli -s "$RUN_DIR/redis.sock" --scan | while read -r key; do
        [[ $(redis-cli -s "$RUN_DIR/redis.sock" pttl "$key") -gt 0 ]]
    done
}

redis_has_keys() {
    [[ $(redis-cli -s "$RUN_DIR/redis.sock" dbsize) -gt 0 ]]
}

# The last test, since it may get an item that the others name.
@test "any item: id=any, or no id at all" {
    post '/checkout?user_id=dan&id=any'
    expect 200
    one=$(json .item_id)
    post '/checkout?user_id=dan'
    expect 200
    [[ $(json .item_id) != "$one" ]]
    post '/checkout?user_id=dan&id='
    expect 200
}
