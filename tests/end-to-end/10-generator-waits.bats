#!/usr/bin/env bats
# The generator's time limits, which are a minute: for its turn, and for PostgreSQL's answers.

load helper
load generator

setup_file() {
    stack_start sale.items_per_sale=1000
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
