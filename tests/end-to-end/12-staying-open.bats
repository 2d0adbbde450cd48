#!/usr/bin/env bats
# With sale.stays_open_until_sold_out a sale goes on past its end until its items are sold, beside newer sales. A
# request may name its sale; otherwise it means the newest.

load helper

setup_file() {
    stack_start sale.duration_s=4 sale.hold_s=4 sale.sales_ahead=90 sale.items_per_sale=120 \
        sale.stays_open_until_sold_out=true
}

is_beyond_its_end() {
    [[ $(sql "SELECT ends_at < now() FROM flashsale.sale WHERE sale_id = $1") == t ]]
}

# The sales that GET /sales lists as active, the newest first.
active_sales() {
    request GET '/sales?page_size=100'
    json '[.page[] | select(.sale_status == "active") | .sale_id] | join(" ")'
}

is_active() {
    [[ " $(active_sales) " == *" $1 "* ]]
}

are_active() {
    is_active "$1" && is_active "$2"
}

@test "past its end a sale is open beside the next one: a request names its sale" {
    sale=$(open_sale)
    code=$(hold amy "$sale-7")
    wait_until 6000 is_beyond_its_end "$sale"
    wait_until 3000 are_active "$sale" "$((sale + 1))"
    post "/checkout?user_id=bob&id=$sale-8"
    expect 200
    same "$(json .item_id)" "$sale-8"
    old=$(json .code)
    # Bare numbers and "any" mean the newest sale.
    newest=$(open_sale)
    [[ $newest -gt $sale ]]
    post '/checkout?user_id=bob&id=8'
    expect 200
    same "$(json .item.number)" 8
    [[ $(json .sale_id) -ge $newest ]]
    new=$(json .code)
    post '/checkout?user_id=bob'
    expect 200
    [[ $(json .sale_id) -ge $newest ]]
    for code in "$old" "$new"; do
        post "/purchase?code=$code"
        expect 200
        cp "$BODY" "$BATS_TEST_TMPDIR/first"
        post "/purchase?code=$code"
        expect 200
        cmp "$BODY" "$BATS_TEST_TMPDIR/first"
    done
    # It is the first purchase of each sale.
    same "$(json .user_purchases)" 1
    post "/checkout?user_id=cat&id=$((newest + 60))-1"
    expect_problem 412 sale_closed
    post '/checkout?user_id=cat&id=9999-1'
    expect_problem 404 unknown_item
    request GET "/items?sale_id=$sale&state=sold"
    same "$(json '[.page[].id] | join(" ")')" "$sale-8"
    request GET '/me?user_id=bob'
    [[ $(json .sale_id) -ge $newest ]]
}

@test "the limit is each sale's own" {
    newest=$(open_sale)
    sale=$((newest - 1))
    for number in {11..20}; do
        code=$(hold dan "$sale-$number")
        post "/purchase?code=$code"
        expect 200
    done
    post "/checkout?user_id=dan&id=$sale-21"
    expect_problem 429 user_limit
    hold dan "$newest-21"
}

# A crowd buys one sale, by the ids of its items.
buys_what_is_left() {
    local number
    for number in $(sql "SELECT number FROM flashsale.item WHERE sale_id = $1 AND purchased_at IS NULL
                         AND held_until <= now()"); do
        post "/checkout?user_id=u$((number / 5))&id=$1-$number"
        [[ $HTTP_STATUS != 200 ]] || post "/purchase?code=$(json .code)"
    done
    [[ $(sql "SELECT flashsale.items_sold($1)") == 120 ]]
}

@test "each sale ends when it is sold out, and the newest goes on" {
    sale=$(($(open_sale) - 1))
    wait_until 30000 buys_what_is_left "$sale"
    wait_until 6000 is_beyond_its_end "$sale"
    post "/checkout?user_id=eve&id=$sale-1"
    expect_problem 412 sale_closed
    run ! is_active "$sale"
    same "$(sql "SELECT count(*) FROM flashsale.item WHERE sale_id = $sale AND purchased_at IS NOT NULL")" 120
    hold eve
}

# Batches as workers send them, from several connections. Each has requests of three open sales, of a closed one and of
# an unknown one, in random order, for any item and for few numbers, so that batches conflict; and purchases.
@test "batches with requests of several sales wait for each other without deadlocks" {
    newest=$(open_sale)
    local scripts=$BATS_TEST_TMPDIR
    cat >"$scripts/checkouts" <<EOF
SELECT count(*) FROM flashsale.checkout_batch(
    ARRAY(SELECT 'user' || (300 * random())::integer FROM generate_series(1, 24)),
    ARRAY(SELECT (ARRAY[0, $newest, $newest - 1, $newest - 2, 9999])[1 + (4 * random())::integer]
          FROM generate_series(1, 24)),
    ARRAY(SELECT greatest((30 * random())::integer - 10, 0) FROM generate_series(1, 24)),
    ARRAY(SELECT gen_random_uuid() FROM generate_series(1, 24)),
    array_fill(0, ARRAY[24])::smallint[], array_fill(now(), ARRAY[24]), array_fill(now(), ARRAY[24]), false);
EOF
    cat >"$scripts/purchases" <<EOF
SELECT count(*) FROM (
    SELECT array_agg(sale_id) AS sales, array_agg(number) AS numbers, array_agg(secret) AS secrets
    FROM (SELECT * FROM flashsale.item WHERE held_until > now() ORDER BY random() LIMIT 3) i
) i CROSS JOIN LATERAL flashsale.purchase_batch(i.sales, i.numbers, i.secrets)
WHERE i.sales IS NOT NULL;
EOF
    pgbench --host="$RUN_DIR/postgresql" --username=postgres --no-vacuum --client=8 --jobs=2 --time=5 \
        --file="$scripts/checkouts@12" --file="$scripts/purchases@1" flashsale >"$scripts/result" 2>&1 3>&-
    cat "$scripts/result"
    [[ $(cat "$scripts/result") != *deadlock* && $(cat "$scripts/result") != *aborted* ]]
    same "$(sql "SELECT deadlocks FROM pg_stat_database WHERE datname = 'flashsale'")" 0
    # All were decided, and the rows of all sales agree (teardown audits them).
    for sale in "$newest" "$((newest - 1))" "$((newest - 2))"; do
        [[ $(sql "SELECT count(*) FROM flashsale.attempt WHERE sale_id = $sale AND outcome = 'accepted'") -gt 20 ]]
    done
    [[ $(sql "SELECT count(*) FROM flashsale.attempt WHERE sale_id = 9999 AND outcome = 'unknown_item'") -gt 20 ]]
}
