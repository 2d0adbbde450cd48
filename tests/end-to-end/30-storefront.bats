#!/usr/bin/env bats
# The storefront, with a browser: what people see, at a desk and on a phone, when all is well and when
# it is not.

load helper
load storefront

setup_file() {
    # Longer than the ten seconds of the warning, shorter than the thirty of the one before.
    storefront_start sale.hold_s=$((8 + 4 * TEST_SLOWNESS))
}

@test "the modules that need no browser" {
    node --test "$TOP"/tests/browser/unit/*.test.js
}

@test "two clicks buy an item, at a desk" {
    walk buy-desk
}

@test "two clicks buy an item, on a phone in the dark" {
    walk buy-phone
}

@test "10,000 items: filtered, paged, and changed only where something is new" {
    walk browse
}

@test "a reload finds the hold again, and a purchase whose answer was lost" {
    walk reload
}

@test "a hold ends: warned, told, and offered again; ended unnoticed: told" {
    walk hold-ends
}

@test "refused: held, sold, the limit" {
    walk refusals
}

@test "without JavaScript: what this is and where it is told" {
    walk no-script
}

@test "closed by the operator" {
    walk closed
}

@test "sold out" {
    walk sold-out
}
