#!/usr/bin/env bats
# The generator killed, run twice, run late: each sale has exactly its items or does not exist.

load helper
load generator

setup_file() {
    stack_start sale.items_per_sale=1000
}

@test "run again: nothing to do, exit status 0" {
    before=$(sales)
    run -0 generator
    same "$(sales)" "$before"
    every_sale_is_whole
}

@test "sales ahead: as many as set, each with all items, all names different" {
    run -0 generator -o sale.items_per_sale=20000 -o sale.sales_ahead=2
    same "$(sales)" 3
    same "$(sql 'SELECT items_total FROM flashsale.sale ORDER BY sale_id DESC LIMIT 1')" 20000
    every_sale_is_whole
}

@test "killed half-way: the unfinished sale does not exist; run again: it does" {
    before=$(sales)
    generator -o sale.items_per_sale=300000 -o sale.sales_ahead=3 >"$BATS_TEST_TMPDIR/out" 2>&1 &
    pid=$!
    wait_until 5000 is_at_work
    kill -KILL "$pid"
    wait "$pid" || true
    wait_until 10000 is_gone
    same "$(sales)" "$before"
    every_sale_is_whole
    run -0 generator -o sale.items_per_sale=1000 -o sale.sales_ahead=3
    same "$(sales)" $((before + 1))
    every_sale_is_whole
}

@test "SIGTERM half-way: it ends soon, with an error, and the sale does not exist" {
    before=$(sales)
    generator -o sale.items_per_sale=300000 -o sale.sales_ahead=4 >"$BATS_TEST_TMPDIR/out" 2>&1 &
    pid=$!
    wait_until 5000 is_at_work
    kill -TERM "$pid"
    status=0
    within 2000 wait "$pid" || status=$?
    [[ $status -ne 0 ]]
    wait_until 10000 is_gone
    same "$(sales)" "$before"
    every_sale_is_whole
}

@test "four at once: each sale is made once, and all exit with 0" {
    before=$(sales)
    pids=()
    for _ in 1 2 3 4; do
        generator -o sale.items_per_sale=5000 -o sale.sales_ahead=7 >>"$BATS_TEST_TMPDIR/out" 2>&1 &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do
        wait "$pid" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    done
    same "$(sales)" 8
    [[ $before -lt 8 ]]
    every_sale_is_whole
}

@test "run late: the sale that should be open is made at once, and sells" {
    sql 'TRUNCATE flashsale.sale, flashsale.sale_stripe, flashsale.item, flashsale.attempt, flashsale.buyer,
                  flashsale.draw_secret, flashsale.hold_queue'
    post '/checkout?user_id=amy'
    expect_problem 412 sale_closed
    run generator -o sale.items_per_sale=1000
    printf "%s\n" "$output"
    [[ $status -eq 0 ]]
    same "$(sales)" 2
    every_sale_is_whole
    code=$(hold amy)
    post "/purchase?code=$code"
    expect 200
    same "$(sql 'SELECT starts_at <= now() AND ends_at > now() FROM flashsale.sale
                 ORDER BY sale_id LIMIT 1')" t
}

@test "a summary line; no progress without a terminal" {
    run -0 generator -o sale.sales_ahead=2
    same "${#lines[@]}" 1
    [[ $output == *sale* && $output != *$'\r'* ]]
}

@test "if partitions of the log cannot be made, the sales are made nevertheless; exit status 1" {
    before=$(sales)
    sql 'REVOKE EXECUTE ON FUNCTION flashsale.attempt_partitions FROM flashsale_generator'
    run -1 generator -o sale.sales_ahead=3
    sql 'GRANT EXECUTE ON FUNCTION flashsale.attempt_partitions TO flashsale_generator'
    same "${lines[0]}" \
        '<3>flashsale-generator: partitions of the log: ERROR:  permission denied for function attempt_partitions'
    same "$(sales)" $((before + 1))
    every_sale_is_whole
    run -0 generator -o sale.sales_ahead=3
}

is_being_vacuumed() {
    [[ $(sql "SELECT count(*) FROM pg_locks WHERE relation = 'flashsale.item'::regclass AND granted
              AND mode = 'ShareUpdateExclusiveLock'") -gt 0 ]]
}

# Whoever vacuums a table, or makes an index beside its users, has this lock for as long as that takes.
@test "the table of items is being vacuumed: a sale is made nevertheless, at once" {
    before=$(sales)
    sql "BEGIN; LOCK TABLE flashsale.item IN SHARE UPDATE EXCLUSIVE MODE; SELECT pg_sleep(30)" 3>&- &
    wait_until 5000 is_being_vacuumed
    run -0 generator -o sale.sales_ahead=6
    is_being_vacuumed
    sql "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = 'flashsale.item'::regclass
         AND mode = 'ShareUpdateExclusiveLock'" >/dev/null
    wait || true
    [[ $(sales) -gt $before ]]
    every_sale_is_whole
}
