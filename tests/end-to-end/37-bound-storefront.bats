#!/usr/bin/env bats
# The storefront where a user may hold two items at once.

load helper
load storefront

setup_file() {
    storefront_start sale.holds_max=2 sale.hold_s=$((15 + 12 * TEST_SLOWNESS))
}

@test "the bound is told, met, and left by a purchase and by a hold's end, on a desktop" {
    walk bound-desk
}

@test "the same on a phone of 320 pixels" {
    walk bound-phone
}

@test "holds on another device: the service refuses, and the page goes on by itself" {
    walk bound-elsewhere
}

@test "signed in: a second device and a cleared browser show the holds and the bound" {
    with_users
    walk bound-cleared
    without_users
}
