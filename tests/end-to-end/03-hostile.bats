#!/usr/bin/env bats
# Hostile input: every request gets the contract's refusal, and the log keeps user ids as they are compared.

# shellcheck disable=SC1003,SC2016 # backslashes and dollars are meant as they stand

load helper

setup_file() {
    stack_start
}

# Through the web server, and directly at a worker: another web server may pass what this one refuses.
refused_everywhere() {
    local status=$1 outcome=$2 path=$3 query=$4
    post "$path?$query"
    expect_problem "$status" "$outcome"
    worker_request worker-1 POST "$path" "$query" </dev/null
    expect_problem "$status" "$outcome"
}

attempts() {
    sql 'SELECT count(*) FROM flashsale.attempt'
}

long() {
    head --bytes="$1" /dev/zero | tr '\0' "${2:-a}"
}

@test "no user, or an invalid one: 400 that names the parameter, and nothing is logged" {
    before=$(attempts)
    for query in '' id=1 user_id= 'user_id=&id=1' "user_id=$(long 129)" 'user_id=%ff' \
        'user_id=%c3' 'user_id=%c0%80' 'user_id=%ed%a0%80' 'user_id=%f4%90%80%80' \
        'user_id=%e2%82' 'user_id=a%c3%28' 'user_id=%00' 'user_id=a%00b' 'user_id=%zz' \
        'user_id=%' 'user_id=%4' 'user_id=a%4g' 'user_id=%01' 'user_id=a%0ab' 'user_id=a%0d%0ab' \
        'user_id=%1b[2J' 'user_id=%7f' "user_id=$(long 43 x | sed 's/x/%E2%82%AC/g')"; do
        refused_everywhere 400 bad_request /checkout "$query"
        [[ $(json .detail) == *user_id* ]] || same "$query: $(json .detail)" 'names user_id'
    done
    same "$(attempts)" "$before"
}

@test "a parameter given twice with different values: 400; with the same: fine" {
    refused_everywhere 400 bad_request /checkout 'user_id=amy&user_id=bob'
    refused_everywhere 400 bad_request /checkout 'user_id=amy&id=1&id=2'
    refused_everywhere 400 bad_request /checkout 'user_id=amy&id=1&item_id=2'
    refused_everywhere 400 bad_request /purchase 'code=a&code=b'
    refused_everywhere 400 bad_request /purchase 'code=a&checkout_code=b'
    post '/checkout?user_id=amy&user_id=amy&id=9000&item_id=9000'
    expect 200
}

@test "no code, or one with invalid bytes: 400" {
    for query in '' code= 'code=%ff' 'code=%00' 'code=%zz' 'checkout_code=%01'; do
        refused_everywhere 400 bad_request /purchase "$query"
        [[ $(json .detail) == *code* ]]
    done
}

@test "an unknown item: 404 unknown_item, which is logged" {
    for id in 0 10001 -1 9223372036854775808 18446744073709551617 4294967297 99999999999999999999999 \
        abc item item_ 1-0 1-10001 999-1 0-1 1-2-3 4711x 1e3 0x10 %2B5 '%D9%A1' \
        item9223372036854775808 4294967297-1; do
        refused_everywhere 404 unknown_item /checkout "user_id=hostile&id=$id"
    done
    [[ $(sql "SELECT count(*) FROM flashsale.attempt
              WHERE user_id = 'hostile' AND outcome = 'unknown_item'") -ge 40 ]]
}

@test "an unknown code, or one of another sale: 404" {
    code=$(hold amy 9001)
    for wrong in x "$(long 32 A)" "$(long 31 A)" "$(long 33 A)" "${code%?}" "${code}A" "$(long 128)" \
        "$(long 129)" "${code:0:10}%20${code:11}" "'" '%7B%7D' "$(rev <<<"$code")" \
        "$(head --bytes=24 /dev/urandom | base64 | tr '+/' '-_')"; do
        refused_everywhere 404 unknown_code /purchase "code=$wrong"
    done
    # The first four bytes are the sale's number: in base64 the first five characters, and bits of the sixth.
    other=AAAAA${code:5}
    other=AAAAAg${code:6}
    [[ $other != "$code" && ${#other} -eq ${#code} ]]
    refused_everywhere 404 unknown_code /purchase "code=$other"
    post "/purchase?code=$code"
    expect 200
}

@test "the log keeps user ids in Form C, without blanks around them, and otherwise byte for byte" {
    names=("'" '"' "''; DROP TABLE item; --" '{' '}' '{}' '{a,b}' '\' '\\' '\"' 'a\' ',' ',,' 'a,b'
        NULL null '"NULL"' '$$' '$1' '%s%n' '%27' '(' ')' '[1:2]={1,2}' 'a   b' '*' '?' '<b>&amp;'
        $'\xc3\xa4' $'\xe2\x82\xac' $'\xf0\x9f\x98\x80' $'x\xcc\x81' $'\xcc\x81' $'\xe2\x80\xae' $'\xef\xbb\xbf' $'\xc2\x80' $'\xf4\x8f\xbf\xbf'
        "$(long 128)" "$(long 128 '"')" "$(long 128 '\\')" "$(long 42 x | sed $'s/x/\xe2\x82\xac/g')")
    number=100
    expected=
    for name in "${names[@]}"; do
        number=$((number + 1))
        expected+="$number $(printf %s "$name" | od --output-duplicates --address-radix=n --format=x1 | tr --delete ' \n')"
        expected+=$'\n'
        printf '%d: %s\n' "$number" "$name"
        post "/checkout?id=$number" --data-urlencode "user_id=$name"
        expect 200
        same "$(json .user)" "$name"
        post "/checkout?id=$number" --header 'Content-Type: application/json' \
            --data "$(jq --null-input --compact-output --arg user "$name" '{user_id: $user}')"
        expect 200
        same "$(json .user)" "$name"
        post "/purchase?code=$(json .code)"
        expect 200
        same "$(json .user)" "$name"
        # From the refusal cache, too: it knows that the item is sold.
        post "/checkout?id=$number" --data-urlencode "user_id=$name"
        expect_problem 412 sold
    done
    same "$(sql "SELECT number || ' ' || encode(convert_to(user_id, 'UTF8'), 'hex') FROM flashsale.attempt
                 WHERE number BETWEEN 101 AND 200
                 GROUP BY number, user_id HAVING count(*) = 3 ORDER BY number")" "${expected%$'\n'}"
    same "$(sql "SELECT numbers[1] || ' ' || encode(convert_to(user_id, 'UTF8'), 'hex')
                 FROM flashsale.buyer WHERE numbers[1] BETWEEN 101 AND 200 ORDER BY 1" | sort --numeric-sort
        )" "${expected%$'\n'}"
}

@test "of a name in another spelling PostgreSQL gets the one that is compared" {
    for name in $'e\xcc\x81' $'  e\xcc\x81 ' $'\xe3\x80\x80\xc3\xa9\xc2\x85' $'\xc3\xa9'; do
        post '/checkout?id=201' --data-urlencode "user_id=$name"
        expect 200
        same "$(json .user)" $'\xc3\xa9'
    done
    post "/purchase?code=$(json .code)"
    expect 200
    for table in 'attempt WHERE number = 201' 'buyer WHERE 201 = ANY (numbers)'; do
        same "$(sql "SELECT DISTINCT encode(convert_to(user_id, 'UTF8'), 'hex') FROM flashsale.$table")" c3a9
    done
    same "$(sql 'SELECT count(*) FROM flashsale.attempt WHERE number = 201')" 4
}

@test "a query of 100 KB, a header of 100 KB: refused, and the next request is answered" {
    post "/checkout?user_id=$(long 100000)"
    [[ $HTTP_STATUS == 414 || $HTTP_STATUS == 400 || $HTTP_STATUS == 431 ]]
    same "$(header Content-Type)" application/problem+json
    same "$(json '[.status, .success] | join(" ")')" "$HTTP_STATUS false"
    same "$(json 'has("code")')" false
    expect_common_headers
    worker_request worker-1 POST /checkout "user_id=$(long 50000)&id=1" </dev/null
    expect_problem 400 bad_request
    worker_request worker-1 POST /checkout "x=$(long 50000)&user_id=" </dev/null
    expect_problem 400 bad_request
    request POST '/checkout?user_id=amy' --header @<(printf 'X-Long: %s' "$(long 100000)")
    [[ $HTTP_STATUS == 400 || $HTTP_STATUS == 494 || $HTTP_STATUS == 431 ]]
    hold amy 9002
}

@test "a body of 1 MB: 413, and the next request is answered" {
    long 1000000 >"$BATS_TEST_TMPDIR/large"
    for type in application/json application/x-www-form-urlencoded text/plain; do
        post '/checkout?user_id=amy&id=1' --header "Content-Type: $type" --header 'Expect:' \
            --data-binary @"$BATS_TEST_TMPDIR/large"
        expect_problem 413 body_too_large
        worker_request worker-1 POST /checkout 'user_id=amy&id=1' CONTENT_TYPE="$type" \
            CONTENT_LENGTH=1000000 <"$BATS_TEST_TMPDIR/large"
        expect_problem 413 body_too_large
    done
    hold amy 9003
}

@test "JSON of depth 1000, invalid JSON, or JSON other than an object: 400" {
    deep="$(long 1000 '[')$(long 1000 ']')"
    for text in "$deep" "{\"user_id\":$deep}" "{\"user_id\":\"amy\",\"x\":$deep}" '{' '}' '[]' '"amy"' \
        '{"user_id":"amy"} x' '{"user_id":"amy"}{}' "{'user_id':'amy'}" '{"user_id":"amy",}' \
        '{"user_id":["amy"]}' '{"user_id":{"a":1}}' '{"user_id":true}' '{"user_id":"a\u0000b"}' \
        '{"user_id":""}' '{"user_id":null}' $'{"user_id":"\xff"}' null 1; do
        post '/checkout?id=9004' --header 'Content-Type: application/json' --data-binary "$text"
        expect_problem 400 bad_request
    done
    same "$(sql 'SELECT count(*) FROM flashsale.attempt WHERE number = 9004')" 0
}

@test "half a surrogate pair, escaped in JSON: 400" {
    for text in '{"user_id":"\ud800"}' '{"user_id":"a\udc00b"}' '{"user_id":"\ud800\ud800"}'; do
        post '/checkout?id=9007' --header 'Content-Type: application/json' --data-binary "$text"
        expect_problem 400 bad_request
    done
    post '/checkout?id=9008' --header 'Content-Type: application/json' \
        --data-binary '{"user_id":"\ud83d\ude00 \ufffd"}'
    expect 200
    same "$(json .user)" $'\xf0\x9f\x98\x80 \xef\xbf\xbd'
}

# half END TEXT NAME=VALUE...: a checkout to a worker with a body that is cut off; prints the status, if any
# (tests/client/half.py).
half() {
    local end=$1 text=$2
    shift 2
    "$TOP/tests/client/half.py" --socket "$RUN_DIR/worker-1.sock" --end "$end" --body "$text" \
        REQUEST_METHOD=POST PATH_INFO=/checkout CONTENT_TYPE=application/x-www-form-urlencoded "$@" \
        >"$BATS_TEST_TMPDIR/half"
    sed --quiet 's/^Status: \([0-9]*\).*/\1/p' "$BATS_TEST_TMPDIR/half"
}

@test "a body shorter or longer than CONTENT_LENGTH: 400 or no answer, and nothing is logged" {
    before=$(attempts)
    for end in close abort stdin stall gone; do
        for query in '' 'user_id=half&id=9100'; do
            status=$(half "$end" 'user_id=half&id=91' CONTENT_LENGTH=22 QUERY_STRING="$query")
            [[ -z $status || $status == 400 ]] || same "$end: $status" '400 or none'
            [[ $end != stdin && $end != stall ]] || same "$status" 400
        done
    done
    # The whole body is missing; its end is missing; it is longer; its length is not a number.
    same "$(half stdin '' CONTENT_LENGTH=5 QUERY_STRING='user_id=half&id=9100')" 400
    same "$(half close 'user_id=half&id=9100' CONTENT_LENGTH=21)" 400
    same "$(half close 'user_id=half&id=9100')" 400
    for length in 2 19 21 -20 -1 +20 0x14 20.0 '20 ' x 18446744073709551636 99999999999999999999999; do
        same "$length: $(half stdin 'user_id=half&id=9100' CONTENT_LENGTH="$length")" "$length: 400"
    done
    sleep 0.3
    same "$(attempts)" "$before"
    same "$(half stdin 'user_id=half&id=9101' CONTENT_LENGTH=20)" 200
    same "$(half stdin 'user_id=half&id=9102')" 200
    same "$(sql "SELECT string_agg(number::text, ' ' ORDER BY number) FROM flashsale.attempt
                 WHERE user_id = 'half'")" '9101 9102'
}

@test "a body of an unsupported type: 415 that lists the supported ones, and nothing is logged" {
    before=$(attempts)
    printf 'user_id=amy&id=9110' | gzip >"$BATS_TEST_TMPDIR/packed"
    for type in text/plain application/octet-stream application/problem+json text/json application/xml \
        application/jsonx 'application/json, text/plain' 'application/json; charset=utf-16' \
        'application/x-www-form-urlencoded; charset="iso-8859-1"' 'multipart/form-data; boundary=x' ''; do
        post '/checkout?user_id=amy&id=9110' --header "Content-Type: $type" --data 'id=9111'
        expect_problem 415 unsupported_body
        same "$(header Accept)" 'application/json, application/x-www-form-urlencoded'
        same "$(header Accept-Encoding)" identity
        post '/purchase?code=x' --header "Content-Type: $type" --data 'code=y'
        expect_problem 415 unsupported_body
        # An empty body has no type.
        post '/checkout?user_id=typed&id=9112' --header "Content-Type: $type" --data ''
        expect 200
        worker_request worker-1 POST /checkout 'user_id=amy' CONTENT_TYPE="$type" CONTENT_LENGTH=7 < <(printf 'id=9111')
        expect_problem 415 unsupported_body
    done
    post '/checkout?user_id=amy' --form id=9110
    expect_problem 415 unsupported_body
    for coding in gzip deflate br 'identity, gzip' x; do
        post /checkout --header "Content-Encoding: $coding" --data-binary @"$BATS_TEST_TMPDIR/packed"
        expect_problem 415 unsupported_body
        post '/checkout?user_id=amy&id=9110' --header "Content-Encoding: $coding" \
            --header 'Content-Type: application/json' --data '{"user_id":"amy"}'
        expect_problem 415 unsupported_body
    done
    same "$(sql "SELECT count(*) FROM flashsale.attempt WHERE user_id <> 'typed'")" "$before"
    for type in 'APPLICATION/JSON' 'application/json;charset=UTF-8' 'application/json ; charset="utf-8"'; do
        post '/checkout?id=9113' --header "Content-Type: $type" --header 'Content-Encoding: identity' \
            --data '{"user_id":"typed"}'
        expect 200
    done
    post /nothing --header 'Content-Type: text/plain' --data x
    expect_problem 404 not_found
}

@test "the body of a GET or HEAD gives no parameters, and no reply to it is cached for others" {
    for method in GET HEAD; do
        for path in /items /sales; do
            worker_request worker-1 "$method" "$path" page_size=1 CONTENT_LENGTH=11 \
                CONTENT_TYPE=application/x-www-form-urlencoded < <(printf 'page_num=50')
            expect 200
            [[ $method == HEAD ]] || same "$path $(json '.page | length')" "$path 1"
            worker_request worker-1 "$method" "$path" page_size=1 CONTENT_LENGTH=1 CONTENT_TYPE=text/plain < <(printf x)
            expect 200
        done
    done
    sleep 2.1 # cached replies have expired
    for path in '/items?page_size=2' '/sales?page_size=1' '/items?page_size=3&state=free'; do
        request GET "$path" --data 'page_num=50&state=sold&sale_id=99'
        expect 200
        [[ $(json '.page | length') -gt 0 ]]
        request GET "$path"
        expect 200
        [[ $(json '.page | length') -gt 0 ]]
    done
}

@test "refusals do not echo input unescaped" {
    post '/checkout?user_id=amy&id=%3Cscript%3E%22'
    expect_problem 404 unknown_item
    run ! grep --fixed-strings '<script>' "$BODY"
    post '/%3Cscript%3E?user_id=amy'
    expect_problem 404 not_found
    run ! grep --fixed-strings '<script>' "$BODY"
}

@test "silent connections and half requests do not disturb other requests" {
    exec 7<>"/dev/tcp/127.0.0.1/$HTTP_PORT"
    printf 'POST /checkout?user_id=slow&id=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc' >&7
    hold amy 9005
    exec 7>&-
    hold amy 9006
}
