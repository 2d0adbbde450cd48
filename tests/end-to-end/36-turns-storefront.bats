#!/usr/bin/env bats
# The storefront in sales that draw each user's turn: a sale a minute, the draw in its first forty seconds.

load helper
load storefront

setup_file() {
    storefront_start sale.duration_s=60 sale.draw_s=40 sale.sales_ahead=30 sale.items_per_sale=200 sale.hold_s=30
}

@test "the turn: asked for by name, counted down, come without a request; on a desktop" {
    walk turn-desk
}

@test "the same on a phone of 320 pixels, in dark mode, with a clock that is wrong" {
    walk turn-phone
}

@test "the page learns the turn from a refusal" {
    walk turn-refused
}

@test "a sale begins while the page is open: one request for the turn; before that, none is told" {
    walk turn-begins
}

@test "a page in the background says in its title that the turn has come" {
    walk turn-hidden
}

@test "not signed in: the turn is told after the log-in" {
    with_users
    walk turn-signed-in
    without_users
}
