#!/usr/bin/env bats
# The storefront when something fails: nothing is told that is not known, and it goes on by itself.

load helper
load storefront

setup_file() {
    storefront_start sale.hold_s=60
}

@test "PostgreSQL stopped: the page waits and asks again by itself" {
    walk overloaded
}

@test "offline with a purchase in flight: it goes out when the network is back" {
    walk offline
}

@test "an outage on arrival: what is not known is not told" {
    walk outage
}

@test "a network that stands still" {
    walk paused
}

@test "another's page in the shop's place, with 200: the polls go on" {
    walk portal
}

@test "what is said of the connection covers nothing" {
    walk banner
}
