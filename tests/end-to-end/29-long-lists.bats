#!/usr/bin/env bats
# Long lists: the largest page fits into a reply, and the pages together have all entries.

load helper

USER_NAME='"/\"ä'

setup_file() {
    stack_start sale.items_per_sale=700 sale.hold_s=86400 sale.holds_max=0
    # The longest names: of characters that JSON escapes, or of characters of two bytes.
    sql "UPDATE flashsale.item SET name = CASE number % 2 WHEN 0 THEN repeat('\"', 95)
                                              ELSE repeat(chr(1), 94) || '\\' END"
    curl --silent --fail --output /dev/null --request POST --data-urlencode "user_id=$USER_NAME" \
        "$URL/checkout?id=[1-600]"
    # Here users are logged in.
    stack stop >/dev/null
    WORKER_OPTIONS+=' -o http.identity=remote_user' stack start >/dev/null
}

# list QUERY: the user's list, from a worker.
list() {
    local encoded
    encoded=$(jq --null-input --raw-output --arg name "$USER_NAME" '$name | @uri')
    worker_request worker-1 GET ignored "$1" REMOTE_USER="$USER_NAME" \
        REQUEST_URI="/users/$encoded/purchases?$1" </dev/null
}

@test "the largest page of items, with the longest names" {
    request GET '/items?page_size=100'
    expect 200
    same "$(json '.page | length')" 100
    same "$(json '.page[1].name | utf8bytelength')" 95
}

@test "600 holds of one user: in pages, each once" {
    list ''
    expect 200
    same "$(json '[.user, .total, .holds_total, .purchases_total, (.holds | length)] | map(tostring) | join(" ")')" \
        "$USER_NAME 600 600 0 100"
    for page in {1..6}; do
        list "page_num=$page"
        expect 200
        json '.holds[].item.number' >>"$BATS_TEST_TMPDIR/numbers"
    done
    same "$(cat "$BATS_TEST_TMPDIR/numbers")" "$(seq 600)"
    list page_num=7
    expect 200
    same "$(json '[.total, (.holds | length)] | map(tostring) | join(" ")')" '600 0'
    for query in page_num=0 page_size=101 page_size=x; do
        list "$query"
        expect_problem 400 bad_request
    done
}
