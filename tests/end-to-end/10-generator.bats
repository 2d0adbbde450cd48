#!/usr/bin/env bats
# The generator killed, run twice, run late: each sale has exactly its items or does not exist.

load helper

setup_file() {
    stack_start sale.items_per_sale=1000
}

sales() {
    sql 'SELECT count(*) FROM flashsale.sale'
}

every_sale_is_whole() {
    same "$(sql 'SELECT s.sale_id FROM flashsale.sale s
                 WHERE s.items_total <> (SELECT count(DISTINCT i.name) FROM flashsale.item i
                                         WHERE i.sale_id = s.sale_id
                                           AND i.number BETWEEN 1 AND s.items_total)
                    OR s.items_total <> (SELECT count(*) FROM flashsale.item i
                                         WHERE i.sale_id = s.sale_id)')" ''
    same "$(sql 'SELECT count(*) FROM flashsale.item
                 WHERE sale_id NOT IN (SELECT sale_id FROM flashsale.sale)')" 0
    same "$(sql 'SELECT count(*) FROM (SELECT ends_at <> lead(starts_at) OVER (ORDER BY starts_at)
                 AS gap FROM flashsale.sale) s WHERE gap')" 0
}

# Whether a generator's transaction has begun to write.
is_at_work() {
    [[ $(sql "SELECT count(*) FROM pg_stat_activity WHERE usename = 'flashsale_generator'
              AND backend_xid IS NOT NULL") -gt 0 ]]
}

is_gone() {
    [[ $(sql "SELECT count(*) FROM pg_stat_activity WHERE usename = 'flashsale_generator'") -eq 0 ]]
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
                  flashsale.hold_queue'
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

# backend NAME EVENT: the pid of the backend with that application_name and wait_event (pg_stat_activity).
backend() {
    sql "SELECT pid FROM pg_stat_activity WHERE application_name = '$1' AND wait_event = '$2'" | grep .
}

# named NAME: runs a generator in the background; its output and its exit status go to files of that name.
named() {
    local conninfo="host=$RUN_DIR/postgresql dbname=flashsale user=flashsale_generator application_name=$1" status=0
    {
        timeout 80 "$BUILD_DIR/flashsale-generator" -c "$TOP/conf/flashsale.conf" -o sale.duration_s=604800 \
            -o sale.sales_ahead=9 -o sale.items_per_sale=10000 -o "database.generator_conninfo=$conninfo" \
            >"$BATS_TEST_TMPDIR/$1" 2>&1 || status=$?
        printf '%s\n' "$status" >"$BATS_TEST_TMPDIR/$1.status"
    } 3>&- &
}

# gave_up NAME LINE
gave_up() {
    same "$(cat "$BATS_TEST_TMPDIR/$1.status")" 1
    same "$(sed 's/: sale of [^+]*/: sale of .../' "$BATS_TEST_TMPDIR/$1")" "<3>flashsale-generator: $2"
}

# One run is writing its items; others wait for its lock. Runs with stopped backends hear nothing from PostgreSQL; the
# last one gets PostgreSQL's error that its time limit is over.
@test "it gives up if another run takes too long, and if PostgreSQL does not answer" {
    before=$(sales)
    sql "CREATE FUNCTION public.wait() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN PERFORM pg_sleep(120); RETURN NEW; END'"
    sql 'CREATE TRIGGER wait BEFORE INSERT ON flashsale.item FOR EACH ROW WHEN (NEW.number = 5)
         EXECUTE FUNCTION public.wait()'
    named copying
    wait_until 5000 backend copying PgSleep
    named patient
    named unheard
    wait_until 5000 backend patient advisory
    wait_until 5000 backend unheard advisory
    backends=("$(backend copying PgSleep)" "$(backend unheard advisory)")
    kill -STOP "${backends[@]}"
    wait
    kill -CONT "${backends[@]}"
    gave_up patient 'another run was still at work after 60 s: given up'
    gave_up copying 'sale of ...+00: no answer in time'
    gave_up unheard 'waiting for its turn: no answer in time'
    sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'flashsale_generator'" >/dev/null
    wait_until 10000 is_gone
    sql 'DROP TRIGGER wait ON flashsale.item; DROP FUNCTION public.wait'
    same "$(sales)" "$before"
    every_sale_is_whole
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
