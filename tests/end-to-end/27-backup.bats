#!/usr/bin/env bats
# Backups taken while a crowd buys, restored elsewhere: sound, and sold to the last item, exactly the stock.

load helper

setup_file() {
    stack_start sale.hold_s=3 sale.sales_ahead=0
}

setup() {
    as_postgresql=()
    owner=$EUID
    if [[ $EUID -eq 0 ]]; then
        as_postgresql=(setpriv --reuid=postgres --regid=postgres --init-groups)
        owner=postgres
    fi
    programs=$(pg_config --bindir)
    backup=$BATS_TEST_TMPDIR/backup
    chmod 0755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR/.." "$BATS_TEST_TMPDIR/.." "$BATS_TEST_TMPDIR"
    install --directory --owner="$owner" --mode=0700 "$backup"
}

# Ends what a failed test left running.
teardown() {
    if [[ -n ${cluster:-} && -e $RUN_DIR/postgresql/data/postmaster.pid && ! -e $RUN_DIR/pid/postgresql ]]; then
        "${cluster[@]}" --mode=immediate stop
    fi
    after_test
}

# back_up COMMAND...: makes a backup while a crowd buys; prints how many items were sold before and after it.
back_up() {
    load_begin --connections 16 --pause-ms 20 --prefix "${BATS_TEST_NUMBER}user"
    sales_go_on
    code=$(jq --raw-output 'select(.kind == "purchase" and .status == 200) | .code' "$HISTORY" | head --lines=1)
    post "/purchase?code=$code"
    cp "$BODY" "$BATS_TEST_TMPDIR/bought"
    begun_s=$EPOCHREALTIME
    sold_before=$(sold)
    "$@"
    sold_behind=$(sold)
    sales_go_on
    load_end
    same "$(result .status_5xx+.unknown+.not_sent)" 0
    [[ $sold_before -lt $sold_behind ]]
}

# Makes the folder of a new stack, where its cluster will be.
restore_folder() {
    stack_folder
    install --directory --owner="$owner" --mode=0700 "$RUN_DIR/postgresql"
}

# Checks the stack that was opened on a backup.
restored() {
    local before
    before=$(sold)
    [[ $before -ge $sold_before && $before -le $sold_behind ]]
    acknowledged_is_sold "$begun_s"
    run -0 generator --audit 1
    same "$output" 'sale 1 is sound'
    # A purchase from before the backup gets its reply again.
    post "/purchase?code=$code"
    expect 200
    cmp "$BODY" "$BATS_TEST_TMPDIR/bought"

    # Until all is sold; items with lost codes become free meanwhile.
    for round in 1 2 3 4 5; do
        crowd buy --url "$URL" --users 1100 --each 10 --connections 32 --prefix "rest$round-" \
            >"$BATS_TEST_TMPDIR/rest$round"
        cat "$BATS_TEST_TMPDIR/rest$round"
        [[ $(sold) -lt 10000 ]] || break
        sleep 1
    done
    same "$(sold)" 10000
    same "$(jq --slurp 'map(.purchase["200"] // 0) | add' "$BATS_TEST_TMPDIR"/rest?)" $((10000 - before))
    post '/checkout?user_id=late'
    expect_problem 412 sold_out
    run -0 generator --audit 1
}

@test "a base backup, its WAL streamed: verified, restored, sound, and sold to the last item" {
    back_up "${as_postgresql[@]}" pg_basebackup --host="$RUN_DIR/postgresql" --username=postgres \
        --pgdata="$backup/base" --wal-method=stream --checkpoint=fast --no-sync
    "$programs/pg_verifybackup" --quiet "$backup/base"
    restore_folder
    cp --archive "$backup/base" "$RUN_DIR/postgresql/data"
    stack_open sale.hold_s=3 sale.sales_ahead=0
    grep --quiet 'redo starts at' "$RUN_DIR/log/postgresql.log"
    restored
}

@test "a dump: restored into a new cluster, sound, and sold to the last item" {
    back_up pg_dump --host="$RUN_DIR/postgresql" --username=postgres --format=custom \
        --file="$backup/flashsale.dump" flashsale
    pg_dumpall --host="$RUN_DIR/postgresql" --username=postgres --roles-only >"$backup/roles.sql"
    restore_folder
    socket=$RUN_DIR/postgresql
    cluster=("${as_postgresql[@]}" "$programs/pg_ctl" --pgdata="$socket/data" --silent --wait)
    "${as_postgresql[@]}" "$programs/initdb" --pgdata="$socket/data" --username=postgres --auth-local=trust \
        --auth-host=reject --encoding=UTF8 --locale=C --no-sync >"$BATS_TEST_TMPDIR/initdb"
    "${cluster[@]}" --options="-c listen_addresses= -c unix_socket_directories=$socket" \
        --log="$socket/log" start 3>&-
    # The one expected error: the superuser exists.
    psql --quiet --host="$socket" --username=postgres --dbname=postgres --file="$backup/roles.sql" \
        2>"$BATS_TEST_TMPDIR/roles"
    same "$(grep --count ERROR "$BATS_TEST_TMPDIR/roles")" 1
    grep --quiet 'ERROR: *role "postgres" already exists' "$BATS_TEST_TMPDIR/roles"
    pg_restore --host="$socket" --username=postgres --dbname=postgres --create --exit-on-error --jobs=2 \
        "$backup/flashsale.dump"
    "${cluster[@]}" stop
    printf "include 'flashsale.conf'\n" >>"$socket/data/postgresql.conf"
    # The dump has sqitch's registry, so that sqitch has nothing to do.
    stack_open sale.hold_s=3 sale.sales_ahead=0
    grep --quiet 'Nothing to deploy' "$RUN_DIR/log/sqitch.log"
    restored
}

@test "a base backup and the WAL archived since: no acknowledged purchase is lost" {
    install --directory --owner="$owner" --mode=0700 "$backup/wal"
    sql 'ALTER SYSTEM SET archive_mode = on'
    sql "ALTER SYSTEM SET archive_command = 'test ! -e $backup/wal/%f && cp %p $backup/wal/%f'"
    stack stop-part postgresql
    stack start-part postgresql
    wait_until 5000 workers_decide
    back_up "${as_postgresql[@]}" pg_basebackup --host="$RUN_DIR/postgresql" --username=postgres \
        --pgdata="$backup/base" --wal-method=stream --checkpoint=fast --no-sync
    sold_at_end=$(sold)
    last=$(sql 'SELECT pg_walfile_name(pg_switch_wal())')
    wait_until 10000 test -e "$backup/wal/$last"

    restore_folder
    data=$RUN_DIR/postgresql/data
    cp --archive "$backup/base" "$data"
    printf "archive_mode = off\nrestore_command = 'cp %s/wal/%%f %%p'\n" "$backup" >>"$data/postgresql.auto.conf"
    install --owner="$owner" --mode=0600 /dev/null "$data/recovery.signal"
    stack_open sale.hold_s=3 sale.sales_ahead=0
    same "$(sold)" "$sold_at_end"
    [[ $sold_at_end -gt $sold_behind ]]
    acknowledged_is_sold
    run -0 generator --audit 1
}
