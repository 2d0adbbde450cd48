#!/usr/bin/env bats
# Users of the storefront: by a name they enter, or signed in at the web server; on a second device, too.

load helper
load storefront

setup_file() {
    storefront_start sale.hold_s=120
}

@test "another name hides no hold" {
    walk rename
}

@test "a name in another spelling is the same user" {
    walk spelling
}

@test "the same name on a second device" {
    walk second-device
}

@test "signed in at the web server: the same user on a second device" {
    with_users
    walk signed-in
    without_users
}

@test "not signed in: the page says so, and how to sign in" {
    with_users
    walk not-signed-in
    without_users
}

@test "the session ends before a purchase: nothing is lost, and the log-in is offered" {
    with_users
    walk session-ends
    without_users
}

@test "where one logs in is the service's to say" {
    with_users 'http.login_url=/login?from=page'
    walk log-in-elsewhere
    without_users
}
