#!/usr/bin/env bats
# The storefront during faults: it says only what it knows, and goes on by itself.

load helper
load storefront

setup_file() {
    storefront_start sale.hold_s=60
}

@test "PostgreSQL stopped: the page retries by itself" {
    walk overloaded
}

@test "offline with a purchase in flight: it is sent when the network is back" {
    walk offline
}

@test "an outage on arrival: the page claims nothing that it does not know" {
    walk outage
}

@test "a network that hangs" {
    walk paused
}

@test "a captive portal, which answers with 200: the polls go on" {
    walk portal
}

@test "the banner about the connection covers nothing" {
    walk banner
}
