#!/usr/bin/env bats
# The storefront does what a press is meant for: what spends money has an intent of its own.

load helper
load storefront

setup_file() {
    storefront_start sale.hold_s=$((8 + 12 * TEST_SLOWNESS))
}

@test "two and three presses by mouse, 60 to 450 ms apart: one is reserved, nothing bought" {
    walk twice-mouse
}

@test "two and three presses by touch, 60 to 450 ms apart: one is reserved, nothing bought" {
    walk twice-touch
}

@test "a button that comes under the finger is not pressed by impatience" {
    walk under-the-finger
}

@test "a row that moves to the place of one that was bought is not bought" {
    walk rows-that-move
}

@test "keys that are held down, and pressed again and again" {
    walk keys
}

@test "what a message offers, pressed as it comes and pressed twice" {
    walk message-action
}
