#!/usr/bin/env bats
# The storefront does only what a press is meant for: a purchase needs a press of its own.

load helper
load storefront

setup_file() {
    storefront_start sale.hold_s=$((8 + 12 * TEST_SLOWNESS))
}

@test "two and three presses by mouse, 60 to 450 ms apart: one item is reserved, nothing is bought" {
    walk twice-mouse
}

@test "two and three presses by touch, 60 to 450 ms apart: one item is reserved, nothing is bought" {
    walk twice-touch
}

@test "a button that appears under the finger is not pressed by repeated taps" {
    walk under-the-finger
}

@test "a row that moves to the place of a bought one is not bought" {
    walk rows-that-move
}

@test "keys held down, and pressed repeatedly" {
    walk keys
}

@test "the action of a notice, pressed as it appears and pressed twice" {
    walk message-action
}
