#!/usr/bin/env bats
# Sales of a few seconds: the next one opens by itself, and codes of the last one expire.

load helper

setup_file() {
    stack_start sale.duration_s=4 sale.hold_s=4 sale.sales_ahead=90 sale.items_per_sale=50
}

# Runs a function that needs one open sale; runs it again if the sale ended meanwhile.
in_one_sale() {
    local before
    for _ in 1 2 3; do
        wait_until 6000 has_time_left
        before=$(open_sale)
        "$@"
        [[ $(open_sale) != "$before" ]] || return 0
    done
    return 1
}

has_time_left() {
    [[ $(sql 'SELECT (flashsale.open_sale()).ends_at - now() > interval '"'2.5 s'") == t ]]
}

next_sale_is_open() {
    [[ $(open_sale) -gt $1 ]]
}

hold_one_buy_one() {
    sale=$(open_sale)
    post '/checkout?user_id=amy&id=7'
    held=$(json .code)
    expires_in=$(json .expires_in)
    item=$(json .item_id)
    post '/checkout?user_id=amy&id=8'
    bought=$(json .code)
    post "/purchase?code=$bought"
    cp "$BODY" "$BATS_TEST_TMPDIR/first"
}

@test "the next sale opens by itself; old codes get 404, old ids sale_closed, purchases stay" {
    in_one_sale hold_one_buy_one
    same "$item" "$sale-7"
    [[ $expires_in -le 4 ]]
    wait_until 6000 next_sale_is_open "$sale"
    post "/purchase?code=$held"
    expect_problem 404 unknown_code
    post "/checkout?user_id=bob&id=$sale-7"
    expect_problem 412 sale_closed
    post "/purchase?code=$bought"
    expect 200
    cmp "$BODY" "$BATS_TEST_TMPDIR/first"
    post '/checkout?user_id=bob&id=7'
    expect 200
    [[ $(json .sale_id) -gt $sale ]]
    same "$(json .item_id)" "$(json .sale_id)-7"
}

@test "each sale has its own limit" {
    buy_ten() {
        crowd buy --url "$URL" --users 1 --each 10 --connections 4 --prefix often
        post '/checkout?user_id=often0'
        refused=$HTTP_STATUS
    }
    in_one_sale buy_ten
    same "$refused" 429
    sale=$(open_sale)
    wait_until 6000 next_sale_is_open "$sale"
    hold often0
}

@test "buyers through three sales: only purchases and refusals, each sale sound" {
    result=$(crowd steady --url "$URL" --connections 8 --seconds 9 --pause-ms 20)
    printf '%s\n' "$result"
    same "$(jq .status_5xx+.unknown+.not_sent <<<"$result")" 0
    [[ $(sql "SELECT count(DISTINCT sale_id) FROM flashsale.buyer WHERE user_id LIKE 'user%'") -ge 3 ]]
}

# end_shown_after_ms TARGET END: asks again and again; prints how long after the sale's end the reply first said so.
end_shown_after_ms() {
    python3 - "$1" "$2" <<'END'
import json, sys, time, urllib.request
url, end = sys.argv[1], float(sys.argv[2])
while time.time() < end + 3:
    asked = time.time()
    with urllib.request.urlopen(url, timeout=5) as reply:
        status = json.load(reply)["sale_status"]
    if status == "closed":
        print(round((asked - end) * 1000))
        break
    time.sleep(0.01)
END
}

@test "/sale/status says at once that a sale has ended, in spite of its cache of a second" {
    stack_start sale.items_per_sale=10 sale.duration_s=86400
    # In the middle of a second, and at its end.
    for part in 0.4 0.75 1.0; do
        end=$(sql "UPDATE flashsale.sale SET ends_at = date_trunc('second', now()) + interval '3 seconds' + $part * interval '1 second'
                   WHERE sale_id = (flashsale.current_sale()).sale_id RETURNING extract(epoch FROM ends_at)")
        sleep 1.2 # cached replies with the old end have expired
        late=$(end_shown_after_ms "$URL/sale/status" "$end")
        printf 'an end at %s: shown %s ms after it\n' "$part" "$late"
        [[ $late -ge -20 && $late -le $((150 * TEST_SLOWNESS)) ]]
    done
}
