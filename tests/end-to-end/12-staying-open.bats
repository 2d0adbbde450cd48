#!/usr/bin/env bats
# With sale.stays_open_until_sold_out a sale goes on beyond its end until its items are gone; then the next
# one opens.

load helper

setup_file() {
    stack_start sale.duration_s=4 sale.hold_s=4 sale.sales_ahead=90 sale.items_per_sale=50 \
        sale.stays_open_until_sold_out=true
}

is_beyond_its_end() {
    [[ $(sql "SELECT ends_at < now() FROM flashsale.sale WHERE sale_id = $1") == t ]]
}

says() {
    request GET /status
    [[ $(json .sale_id) == "$1" && $(json .sale_status) == "$2" ]]
}

@test "beyond its end it is the open one, and its items are held and sold" {
    sale=$(open_sale)
    code=$(hold amy 7)
    wait_until 6000 is_beyond_its_end "$sale"
    same "$(open_sale)" "$sale"
    wait_until 3000 says "$sale" active
    post '/checkout?user_id=bob&id=8'
    expect 200
    same "$(json .item_id)" "$sale-8"
    post "/purchase?code=$(json .code)"
    expect 200
    # A hold lasts as long as ever; the one from within the window has run out by now, perhaps.
    post "/purchase?code=$code"
    [[ $HTTP_STATUS == 200 || $HTTP_STATUS == 404 ]]
    post "/checkout?user_id=cat&id=$((sale + 1))-1"
    expect_problem 412 sale_closed
}

@test "sold out, it makes room for the sale of the hour, whose limit begins anew" {
    sale=$(open_sale)
    wait_until 6000 is_beyond_its_end "$sale"
    buys_all() {
        crowd buy --url "$URL" --users 40 --each 2 --connections 8 --prefix "u$RANDOM"
        [[ $(open_sale) != "$sale" ]]
    }
    wait_until 30000 buys_all
    same "$(sql "SELECT count(*) FROM flashsale.item WHERE sale_id = $sale AND purchased_at IS NOT NULL")" 50
    next=$(open_sale)
    [[ $next -gt $sale ]]
    post '/checkout?user_id=dan&id=any'
    [[ $HTTP_STATUS == 200 || $HTTP_STATUS == 412 ]]
    wait_until 3000 says "$next" active || wait_until 3000 says "$(open_sale)" active
}
