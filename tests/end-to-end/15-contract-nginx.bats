#!/usr/bin/env bats
# Every row of the contract (tests/contract/contract.txt), through the web server of the file's name, by HTTP/2 if the
# name has it.

load helper
load contract

setup_file() {
    contract_setup "$BATS_TEST_FILENAME"
}

setup() {
    [[ -z ${MISSING:-} ]] || skip "$MISSING"
}

@test "the web server's own replies, bodies, and cached replies" {
    own_test
}

@test "the sale, the storefront and reading" {
    rows sale
}

@test "a client that offers HTTP/2 is served, with or without a Content-Length" {
    offered_test
}

@test "the user is the one who logged in at the web server" {
    identity_test
}

@test "without PostgreSQL" {
    without_postgresql_test
}

@test "without Redis" {
    without_redis_test
}

@test "with one worker down the other answers every path" {
    one_worker_test
}

@test "without workers" {
    without_workers_test
}

@test "/metrics is unknown to clients of other networks" {
    metrics_from_elsewhere_test
}

@test "the limit, the last item, no sale" {
    ends_test
}

@test "statuses of refusals by settings, clients' own ids, holds that run out" {
    settings_test
}

@test "malformed HTTP gets a refusal of the contract, or its connection is closed" {
    malformed_test
}
