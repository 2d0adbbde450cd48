#!/usr/bin/env bats
# The storefront in a browser, on a desktop and on a phone.

load helper
load storefront

setup_file() {
    # Longer than the ten seconds of the last warning, shorter than the thirty of the first one.
    storefront_start sale.hold_s=$((8 + 4 * TEST_SLOWNESS))
}

@test "the unit tests of the modules, in node" {
    node --test "$TOP"/tests/browser/unit/*.test.js
}

@test "two clicks buy an item, on a desktop" {
    walk buy-desk
}

@test "two clicks buy an item, on a phone in dark mode" {
    walk buy-phone
}

@test "10,000 items: filters, pages, and updates only of what changed" {
    walk browse
}

@test "a reload shows the hold again, and finishes a purchase whose answer was lost" {
    walk reload
}

@test "a hold ends: a warning, a message, an offer to reserve again; after an end elsewhere: a message" {
    walk hold-ends
}

@test "refusals: held, sold, the limit" {
    walk refusals
}

@test "without JavaScript: a note with the way to the sale's status" {
    walk no-script
}

@test "a sale that the operator closes" {
    walk closed
}

@test "a sold-out sale" {
    walk sold-out
}
