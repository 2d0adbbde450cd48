#!/usr/bin/env bats
# The programs' command line: options, settings, and what they refuse.

load helper

programs=(flashsale-fcgi flashsale-generator)

setup() {
    conf=$BATS_TEST_TMPDIR/flashsale.conf
}

# refused CONFIGURATION EXPECTED...: both programs refuse it, and their error line has each of EXPECTED.
refused() {
    local program text configuration=$1
    shift
    printf '%s\n' "$configuration" >"$conf"
    for program in "${programs[@]}"; do
        run -2 "$BUILD_DIR/$program" -t -c "$conf"
        for text in "$@"; do
            [[ $output == *"$text"* ]] || {
                printf '%s said: %s\nwithout: %s\n' "$program" "$output" "$text"
                return 1
            }
        done
    done
}

@test "--help names every option and setting, --version the version" {
    for program in "${programs[@]}"; do
        run -0 "$BUILD_DIR/$program" --help
        for word in --config --option --test --help --version sale.items_per_sale redis.address; do
            [[ $output == *"$word"* ]]
        done
        run -0 "$BUILD_DIR/$program" --version
        [[ $output =~ ^"$program "[0-9]+\.[0-9]+\.[0-9]+$ ]]
    done
}

@test "the generator's options are unknown to the worker" {
    run -0 "$BUILD_DIR/flashsale-generator" --help
    for word in --list '--audit SALE_ID' --dry-run --json '"violations":' 'Exit status:'; do
        [[ $output == *"$word"* ]]
    done
    run -0 "$BUILD_DIR/flashsale-fcgi" --help
    [[ $output != *--audit* && $output != *'Exit status'* ]]
    run -2 "$BUILD_DIR/flashsale-fcgi" -t --list
    for wrong in '--list --audit 1' '--dry-run --list' --json '--audit none' --audit '--audit 0' '--list=1'; do
        # shellcheck disable=SC2086 # several options
        run -2 "$BUILD_DIR/flashsale-generator" $wrong
        [[ $output == *flashsale-generator:* ]]
    done
    # Settings are checked first.
    run -0 "$BUILD_DIR/flashsale-generator" -t --audit none
}

@test "conf/flashsale.conf is valid" {
    for program in "${programs[@]}"; do
        run -0 "$BUILD_DIR/$program" -t -c "$TOP/conf/flashsale.conf"
    done
}

@test "-t checks the configuration and exits, and connects to nothing" {
    echo 'database = { worker_conninfo = "host=/nowhere"; generator_conninfo = "host=/nowhere"; };' \
        >"$conf"
    for program in "${programs[@]}"; do
        run -0 "$BUILD_DIR/$program" -t -c "$conf"
    done
}

@test "an unknown setting is refused with its file and line" {
    refused $'sale = {\n  hold_s = 30;\n  holds = 31;\n};' "$conf:3" sale.holds
    refused $'\nsales = {\n  hold_s = 30;\n};' "$conf:3" sales.hold_s
}

@test "a setting of the wrong type is refused with what was expected" {
    refused $'sale = {\n  hold_s = "30";\n};' "$conf:2" sale.hold_s 'a whole number from 1 to'
    refused $'sale = {\n  hold_s = 30.5;\n};' "$conf:2" sale.hold_s 'a whole number'
    refused $'redis = {\n  fail_open = 1;\n};' "$conf:2" redis.fail_open 'true or false'
    refused $'redis = {\n  address = 6379;\n};' "$conf:2" redis.address 'a string'
    refused 'hold_s = 30;' "$conf:1" hold_s 'a group'
}

@test "a setting out of range is refused with the range" {
    refused $'sale = {\n  hold_s = 0;\n};' "$conf:2" 'sale.hold_s = 0' 'from 1 to 86400'
    refused $'sale = {\n  hold_s = 86401;\n};' "$conf:2" 'from 1 to 86400'
    refused $'sale = {\n  items_per_sale = 99999999999L;\n};' "$conf:2" sale.items_per_sale
    refused $'sale = {\n  unknown_item = "some";\n};' "$conf:2" '"refuse" or "any"'
    refused $'log = {\n  level = "loud";\n};' "$conf:2" '"debug"'
}

@test "settings that contradict each other are refused" {
    refused 'worker = { connections_max = 96; keepalive_connections_max = 96; };' worker.connections_max \
        worker.keepalive_connections_max
    refused 'sale = { hold_s = 61; duration_s = 60; };' sale.hold_s sale.duration_s
}

@test "values with a syntax of their own are checked: addresses, connection strings" {
    refused $'redis = {\n  address = "redis://127.0.0.1:6379";\n};' "$conf:2" redis.address 'host:port'
    refused $'redis = {\n  address = "::1:6379";\n};' "$conf:2" '[IPv6]:port'
    refused $'database = {\n  worker_conninfo = "host=a bogus=1";\n};' "$conf:2" 'invalid connection option "bogus"'
    refused $'database = {\n  generator_conninfo = "port=99999";\n};' "$conf:2" 'invalid port number'
    refused $'database = {\n  worker_conninfo = "target_session_attrs=rw";\n};' "$conf:2" target_session_attrs
    refused $'worker = {\n  listen = ":9000";\n};' "$conf:2" worker.listen
}

@test "large numbers do not wrap, in any notation" {
    refused $'sale = {\n  items_per_sale = 4294968296;\n};' "$conf:2" 'items_per_sale = 4294968296' 'to 1000000'
    refused $'sale = {\n  items_per_sale = 4294968296L;\n};' "$conf:2" 'items_per_sale = 4294968296'
    refused $'sale = {\n  items_per_sale = 0x1000003E8;\n};' "$conf:2" 'items_per_sale = 4294968296'
    refused $'sale = {\n  items_per_sale = 01000;\n};' "$conf:2" 'leading zeros'
    for program in "${programs[@]}"; do
        run -2 "$BUILD_DIR/$program" -t -o sale.items_per_sale=4294968296
        run -2 "$BUILD_DIR/$program" -t -o sale.items_per_sale=18446744073709552616
    done
}

@test "sales that end before the generator runs again are refused" {
    refused 'sale = { duration_s = 600; };' 'sale.sales_ahead = 1' 'expected 6 or more'
    refused 'sale = { sales_ahead = 0; };' 'sale.sales_ahead = 0' 'expected 1 or more'
    for program in "${programs[@]}"; do
        run -0 "$BUILD_DIR/$program" -t -o sale.duration_s=600 -o sale.sales_ahead=6
        run -0 "$BUILD_DIR/$program" -t -o sale.duration_s=600 -o sale.generated_every_s=60
    done
}

@test "an included file is looked up beside the file that includes it, and errors in it name it" {
    mkdir "$BATS_TEST_TMPDIR/parts"
    printf '%s\n' '@include "parts/sale"' >"$conf"
    printf '%s\n' 'sale:' '{' '@include "terms"' '};' >"$BATS_TEST_TMPDIR/parts/sale"
    printf '%s\n' '// terms' 'hold_s = 31;' >"$BATS_TEST_TMPDIR/parts/terms"
    for program in "${programs[@]}"; do
        cd /
        run -0 "$BUILD_DIR/$program" -t -c "$conf"
        cd "$BATS_TEST_TMPDIR"
        run -0 "$BUILD_DIR/$program" -t -c flashsale.conf
    done
    printf '%s\n' '// terms' 'hold_s = 0;' >"$BATS_TEST_TMPDIR/parts/terms"
    refused '@include "parts/sale"' "$BATS_TEST_TMPDIR/parts/terms:2: sale.hold_s = 0"
    printf '%s\n' '// terms' 'hold_s = ;' >"$BATS_TEST_TMPDIR/parts/terms"
    refused '@include "parts/sale"' "$BATS_TEST_TMPDIR/parts/terms:2: syntax error"
    refused $'\n@include "none"' "$conf:2: " "$BATS_TEST_TMPDIR/none: cannot be read"
}

@test "-t checks that files and folders of settings exist" {
    refused 'metrics = { file = "/nonexistent/metrics"; };' metrics.file /nonexistent
    refused 'worker = { listen = "/nonexistent/1.sock"; };' worker.listen /nonexistent
    refused 'redis = { address = "h:1"; password_file = "/nonexistent"; };' redis.password_file
    refused 'redis = { address = "h:1"; password_file = "/tmp"; };' redis.password_file
    refused 'worker = { listen = "/tmp"; };' worker.listen socket
    refused 'worker = { listen = "/tmp/"; };' worker.listen socket
    refused 'metrics = { file = "/tmp"; };' metrics.file
    refused 'metrics = { file = "/dev/null"; };' metrics.file
    refused 'redis = { address = "h:1"; password_file = "/dev/null"; };' redis.password_file
    echo secret >"$BATS_TEST_TMPDIR/password"
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    refused "redis = { address = \"h:1\"; password_file = \"$BATS_TEST_TMPDIR/pipe\"; };" redis.password_file
    refused "worker = { listen = \"$BATS_TEST_TMPDIR/password\"; };" worker.listen socket
    for program in "${programs[@]}"; do
        run -0 "$BUILD_DIR/$program" -t -o "redis.password_file=$BATS_TEST_TMPDIR/password" -o redis.address=h \
            -o "worker.listen=$BATS_TEST_TMPDIR/1.sock" -o "metrics.file=$BATS_TEST_TMPDIR/metrics"
    done
}

@test "all wrong settings are listed, not only the first" {
    refused $'sale = {\n  hold_s = 0;\n  holds = 1;\n};' "$conf:2" "$conf:3"
}

@test "a file with a syntax error, or a missing one, is refused" {
    refused $'sale = {\n  hold_s = \n' "$conf:"
    for program in "${programs[@]}"; do
        run -2 "$BUILD_DIR/$program" -t -c "$BATS_TEST_TMPDIR/missing"
        [[ $output == *"$BATS_TEST_TMPDIR/missing"* ]]
    done
}

@test "-o overrides the file, and is checked as the file is" {
    echo 'sale = { hold_s = 30; };' >"$conf"
    for program in "${programs[@]}"; do
        run -0 "$BUILD_DIR/$program" -t -c "$conf" -o sale.hold_s=2 -o sale.duration_s=4 \
            -o sale.generated_every_s=4
        run -2 "$BUILD_DIR/$program" -t -c "$conf" -o sale.duration_s=4
        for wrong in sale.hold_s=0 sale.hold_s=x sale.hold_s= sale.holds=1 sale.hold_s \
            redis.fail_open=yes; do
            run -2 "$BUILD_DIR/$program" -t -c "$conf" -o "$wrong"
            [[ $output == *"${wrong%%=*}"* ]]
        done
    done
}

@test "a variable overrides the file but not -o, and is checked as the file is" {
    echo 'sale = { hold_s = 30; }; log = { level = "INFO"; };' >"$conf"
    for program in "${programs[@]}"; do
        run -0 env FLASHSALE_SALE_HOLD_S=3600 FLASHSALE_REDIS_ADDRESS= "$BUILD_DIR/$program" -t -c "$conf"
        same "$output" "$program: the settings in $conf are right, with 2 from the environment"
        # Settings from variables are checked against each other, too.
        run -2 env FLASHSALE_SALE_HOLD_S=3601 "$BUILD_DIR/$program" -t -c "$conf"
        [[ $output == *'sale.hold_s = 3601: expected no more than sale.duration_s'* ]]
        run -0 env FLASHSALE_SALE_HOLD_S=3601 "$BUILD_DIR/$program" -t -c "$conf" -o sale.hold_s=2
        run -2 env FLASHSALE_SALE_HOLD_S=x "$BUILD_DIR/$program" -t -c "$conf" -o sale.hold_s=2
        [[ $output == 'FLASHSALE_SALE_HOLD_S: sale.hold_s = x: expected a whole number'* ]]
        run -2 env FLASHSALE_SALE_HOLDS=2 FLASHSALE_HOLD_S=2 "$BUILD_DIR/$program" -t -c "$conf"
        [[ $output == *'FLASHSALE_SALE_HOLDS: there is no such setting'* ]]
        [[ $output == *'FLASHSALE_HOLD_S: there is no such setting'* ]]
        # Without -t, too.
        run -2 env FLASHSALE_SALE_HOLDS=2 "$BUILD_DIR/$program" -c "$conf"
        run -0 "$BUILD_DIR/$program" --help
        [[ $output == *FLASHSALE_SALE_HOLD_S=60* ]]
    done
}

@test "words are read in upper and lower case, from the file, variables and options" {
    echo 'log = { level = "WARNING"; }; sale = { unknown_item = "Any"; }; redis = { fail_open = TRUE; };' >"$conf"
    for program in "${programs[@]}"; do
        run -0 "$BUILD_DIR/$program" -t -c "$conf"
        run -0 env FLASHSALE_LOG_LEVEL=DEBUG FLASHSALE_REDIS_FAIL_OPEN=False "$BUILD_DIR/$program" -t -c "$conf"
        run -0 "$BUILD_DIR/$program" -t -c "$conf" -o log.level=ERROR -o http.identity=REMOTE_USER \
            -o redis.fail_open=TRUE
    done
}

@test "an unknown option or an argument too many is refused" {
    for program in "${programs[@]}"; do
        run -2 "$BUILD_DIR/$program" --nonsense
        run -2 "$BUILD_DIR/$program" -t flashsale.conf
    done
}

@test "the generator without PostgreSQL fails, with an error message" {
    run ! "$BUILD_DIR/flashsale-generator" -o "database.generator_conninfo=host=$BATS_TEST_TMPDIR"
    [[ $output == *PostgreSQL* || $output == *database* || $output == *socket* ]]
}
