#!/usr/bin/env bats
# Who buys at the storefront: by a name that was given or signed in at the web server, on a second device too.

load helper
load storefront

setup_file() {
    storefront_start sale.hold_s=120
}

@test "another name hides nothing that is held" {
    walk rename
}

@test "the same name on a second device" {
    walk second-device
}

@test "signed in at the web server: the user is who it says, on a second device too" {
    with_users
    walk signed-in
    without_users
}

@test "not signed in: said, with the way to it" {
    with_users
    walk not-signed-in
    without_users
}
