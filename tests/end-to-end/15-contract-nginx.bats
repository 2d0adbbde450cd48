#!/usr/bin/env bats
# Every row of the contract (tests/contract/contract.txt), through the web server that the file's name has, and by
# HTTP/2 where it says so.

load helper
load contract

setup_file() {
    contract_setup "$BATS_TEST_FILENAME"
}

setup() {
    [[ -z ${MISSING:-} ]] || skip "$MISSING"
}

@test "what the web server answers by itself, and bodies, and what is kept for all" {
    own_test
}

@test "the sale, the page and what is read" {
    rows sale
}

@test "a client that knows HTTP/2 is served, with or without a length" {
    offered_test
}

@test "whatever is no HTTP is refused as everything else, or its connection closed" {
    malformed_test
}

@test "the user is who logged in at the web server" {
    identity_test
}

@test "without PostgreSQL" {
    without_postgresql_test
}

@test "without Redis" {
    without_redis_test
}

@test "one worker is gone: the other is asked, whatever the path" {
    one_worker_test
}

@test "without workers" {
    without_workers_test
}

@test "who asks for metrics from elsewhere: there is no such path" {
    metrics_from_elsewhere_test
}

@test "the limit, the last item, no sale" {
    ends_test
}

@test "refusals' statuses as settings have them, ids of clients' own, holds that run out" {
    settings_test
}
