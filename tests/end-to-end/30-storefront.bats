#!/usr/bin/env bats
# The storefront, with a browser: what people see, at a desk and on a phone, when all is well and when
# it is not. What axe finds, any error in the console and any breach of the page's policy is a failure.
# Pictures of every state are left in run/screenshots.

load helper

setup_file() {
    local tests=$TOP/tests/browser
    if [[ ! $tests/node_modules/.package-lock.json -nt $tests/package-lock.json ]]; then
        npm --prefix "$tests" ci --no-audit --no-fund
    fi
    # Longer than the ten seconds of the warning, shorter than the thirty of the one before.
    stack_start sale.hold_s=$((8 + 4 * TEST_SLOWNESS))
    export SCREENSHOTS=$TOP/run/screenshots
    rm --recursive --force "$SCREENSHOTS"
}

walk() {
    node "$TOP/tests/browser/walk.js" "$1" 3>&-
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

@test "PostgreSQL stopped: the page waits and asks again by itself" {
    walk overloaded
}

@test "offline with a purchase in hand: it goes out when the network is back" {
    walk offline
}

@test "without JavaScript: what this is and when it runs" {
    walk no-script
}

@test "signed in at the web server: the user is who it says" {
    export HTPASSWD=$BATS_TEST_TMPDIR/htpasswd
    printf 'ida:%s\n' "$(openssl passwd -apr1 ida)" >"$HTPASSWD"
    stack stop
    WORKER_OPTIONS+=' -o http.identity=remote_user' stack start
    walk signed-in
    unset HTPASSWD
    stack stop
    stack start
}

@test "sold out" {
    walk sold-out
}

@test "closed" {
    walk closed
}
