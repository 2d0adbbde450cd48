#!/usr/bin/env bats
# The scripts do the same in any environment of their caller, in a folder whose name has a space, and after a crash.
# shellcheck disable=SC2030,SC2031 # what a test exports is its own

load helper

setup_file() {
    # Each test starts what it needs.
    unset RUN_DIR
    PLACE=$(mktemp --directory /tmp/flashsale-test.XXXX)
    chmod 0755 "$PLACE"
    export PLACE PROJECT="$PLACE/a place"
    copy_project "$PROJECT"
    for locale in de_DE tr_TR; do
        localedef --inputfile="$locale" --charmap=UTF-8 "$PLACE/$locale.UTF-8"
    done
    # For BASH_ENV, which bash reads before a script; and for CDPATH, where a relative cd looks.
    printf 'printf noise\n' >"$PLACE/noise"
    mkdir --parents "$PLACE/foreign"/{deploy,tests,k6,sql,.ci,build/deb}
    : >"$PLACE/foreign/build/deb/precious"
}

# Copies sources and programs, as a clone that was built; without files that git ignores.
copy_project() {
    mkdir --parents "$1/build"
    tar --create --directory="$TOP" --exclude=./build --exclude=./run --exclude=./.git --exclude=node_modules . |
        tar --extract --directory="$1"
    cp --recursive "$BUILD_DIR"/{flashsale-fcgi,flashsale-generator,unit} "$1/build"
}

setup() {
    RUN_DIR=$PLACE/run
    HTTP_PORT=$((RANDOM % 6000 * 2 + 20000)) HTTPS_PORT=$((HTTP_PORT + 1)) BUILD_DIR=$PROJECT/build
    export RUN_DIR HTTP_PORT HTTPS_PORT BUILD_DIR GENERATE_EVERY_S=0 GENERATOR_OPTIONS='-o sale.items_per_sale=50'
    export URL=http://127.0.0.1:$HTTP_PORT
}

teardown() {
    [[ ${BATS_TEST_COMPLETED:-} == 1 ]] || tail --lines=8 "$RUN_DIR"/log/*.log || true
    script deploy/private/stack clean >/dev/null
    [[ -z ${USER_OF_TEST:-} ]] || {
        pkill -KILL --uid "$USER_OF_TEST" || true
        wait_until 5000 userdel --remove "$USER_OF_TEST" || true
    }
}

teardown_file() {
    rm --recursive --force "$PLACE"
}

# script PATH ARGUMENT...: runs the copy's script, from the copy's folder.
script() (
    cd "$PROJECT" || exit
    "$@" 3>&-
)

# hostile LOCALE COMMAND...: runs it with every variable that a caller's environment has had, and more.
hostile() (
    umask 077
    cd "$PROJECT" || exit
    exec env --unset=HOME LC_ALL="$1.UTF-8" LANG="$1.UTF-8" LANGUAGE="$1" LOCPATH="$PLACE" \
        PATH=/usr/bin:/bin CDPATH="$PLACE/foreign" BASH_ENV="$PLACE/noise" ENV="$PLACE/noise" POSIXLY_CORRECT=1 \
        http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 all_proxy=http://127.0.0.1:9 \
        HTTPS_PROXY=http://127.0.0.1:9 ALL_PROXY=http://127.0.0.1:9 no_proxy=example.org \
        PGHOST=/nowhere PGPORT=9 PGUSER=nobody PGDATABASE=none PGOPTIONS=--none PGCLUSTER=99/none PGSERVICE=none \
        SQITCH_TARGET=none SQITCH_CONFIG=/nowhere GREP_OPTIONS=--none TAR_OPTIONS=--none PERL5OPT=-Mnone \
        PYTHONHOME=/nowhere OPENSSL_CONF="$PLACE/noise" GIT_DIR=/nowhere MAKEFLAGS=k GLOBIGNORE='*' \
        "BASH_FUNC_cd%%=() { echo noise; }" "BASH_FUNC_realpath%%=() { echo noise; }" \
        TZ=Pacific/Kiritimati TMPDIR=/nowhere IFS=/ "${@:2}" 3>&-
)

sells() {
    post '/checkout?user_id=amy'
    expect 200
    post "/purchase?code=$(json .code)"
    expect 200
}

all_up() {
    run -0 script deploy/private/stack status
    [[ $output != *down* ]]
}

# Kills all of the stack at once, like a power failure.
kill_all() {
    local pid
    for pid in $(cat "$RUN_DIR"/pid/stack "$RUN_DIR"/pid/*) $(pgrep --full "$RUN_DIR|$PROJECT") \
        $(pgrep --parent "$(pid_of nginx)"); do
        [[ $pid == "$$" || $pid == "$BASHPID" ]] || kill -KILL "$pid" 2>/dev/null || true
    done
}

nothing_runs() {
    run -1 pgrep --full "^[^ ]*(postgres|redis-server|flashsale-|nginx).*$RUN_DIR"
}

@test "a stack starts, sells, is asked and ends, in any environment" {
    for locale in de_DE tr_TR; do
        export WEB_SERVER=nginx
        [[ $locale == de_DE ]] || WEB_SERVER=lighttpd
        hostile "$locale" deploy/private/stack start
        sells
        run -0 hostile "$locale" deploy/private/stack status
        hostile "$locale" deploy/private/stack stop-part redis
        hostile "$locale" deploy/private/stack start-part redis
        # Its times are UTC.
        [[ $(tail --lines=1 "$RUN_DIR/log/stack.log") == "$(date --utc +%Y-%m-%dT%H:)"* ]]
        # PostgreSQL's user can read everything in its folder.
        [[ $EUID -ne 0 ]] || same "$(setpriv --reuid=postgres --regid=postgres --init-groups \
            find "$RUN_DIR/postgresql/data" ! -readable)" ''
        hostile "$locale" deploy/private/stack clean
        nothing_runs
    done
}

@test "the other scripts work in any environment" {
    for server in nginx lighttpd; do
        hostile de_DE deploy/site "$server" >"$BATS_TEST_TMPDIR/site"
        # Only the first bash, which reads BASH_ENV, has made noise.
        same "$(sed '1s/^noise//' "$BATS_TEST_TMPDIR/site")" "$(script deploy/site "$server")"
    done
    hostile tr_TR env BUILD_DIR=build make manual build/fcgi/api/openapi.min.json
    hostile de_DE env DESTDIR="$PROJECT/installed" deploy/install
    same "$(find "$PROJECT/installed" ! -perm -444 -o -type d ! -perm -555)" ''
    hostile de_DE deploy/private/packages build
    run -0 hostile tr_TR tests/run unit tests/sql/09-reading.sql
    printf '%s\n' "$output"
    [[ ${lines[-1]} =~ ^[0-9]+\ passed,\ 0\ failed$ ]]
}

@test "settings in the caller's environment apply to the private stack, and not to tests" {
    export FLASHSALE_SALE_PURCHASE_LIMIT=3 FLASHSALE_LOG_LEVEL=DEBUG
    script deploy/private/stack start
    same "$(sql 'SELECT purchase_limit FROM flashsale.sale LIMIT 1')" 3
    sells
    grep --quiet '^<7>' "$RUN_DIR/log/worker-1.log" "$RUN_DIR/log/worker-2.log"
    script deploy/private/stack stop
    export FLASHSALE_NONE=1
    run -1 script deploy/private/stack start
    [[ $output == *'FLASHSALE_NONE: there is no such setting'* ]]
    run -0 script tests/run build/unit/test_options
}

@test "with CDPATH no script enters, and removes, another folder" {
    script git init --quiet
    hostile de_DE env DEB_DIR=build/deb deploy/deb tree
    [[ -e $PLACE/foreign/build/deb/precious && -e $PROJECT/build/deb/flashsale/debian/control ]]
}

@test "scripts use PostgreSQL's own programs, not Debian's wrapper for the system's clusters" {
    # Debian's psql, createdb and so on are a script (pg_wrapper(1)).
    for program in psql createdb pg_dump; do
        path=$(PATH=/usr/bin:/bin script deploy/environment bash -c "type -P $program")
        same "$(realpath "$path" | grep --extended-regexp --count '^/usr/lib/postgresql/[0-9]+/bin/')" 1
    done
}

@test "the stack uses neither the caller's Python nor modules in the current folder" {
    mkdir "$PLACE/other"
    printf '#!/bin/sh\nexit 9\n' >"$PLACE/other/python3"
    chmod +x "$PLACE/other/python3"
    printf 'raise SystemExit(9)\n' | tee "$PLACE/other"/{socket,subprocess,sitecustomize,supervisor}.py >/dev/null
    cd "$PLACE/other"
    PATH=$PLACE/other:$PATH PYTHONPATH=$PLACE/other run -3 "$PROJECT/deploy/private/stack" status
    [[ $output == "not running in $RUN_DIR"* ]]
}

@test "descriptors 0 to 2 that the caller closed are not reused for other files" {
    script deploy/environment bash -c "links=\$(readlink /proc/\$\$/fd/{0,1,2}); printf %s \"\$links\" >'$RUN_DIR.links'" \
        <&- >&- 2>&-
    same "$(<"$RUN_DIR.links")" $'/dev/null\n/dev/null\n/dev/null'
}

@test "it serves though nobody reads its output" {
    script deploy/private/stack start | true
    all_up
    sells
    script deploy/private/stack stop | true

    script deploy/private/stack start 2>&1 | head --bytes=1
    all_up
    script deploy/private/stack stop

    script deploy/private/stack start <&- >&- 2>&-
    all_up
    script deploy/private/stack stop

    script deploy/private/stack start >/dev/full
    all_up
    script deploy/private/stack stop

    # A build prints nothing to standard output.
    same "$(BUILD_DIR=build script make build/common/log.o 2>"$BATS_TEST_TMPDIR/said")" ''
    grep --quiet '^CC ' "$BATS_TEST_TMPDIR/said"

    { script deploy/private/stack run || true; } | true &
    wait_until 20000 test -e "$RUN_DIR/ready"
    sleep 0.5
    all_up
    sells
    script deploy/private/stack stop
}

@test "it goes on if its log cannot be written" {
    script deploy/private/stack start
    mv "$RUN_DIR/log" "$RUN_DIR/log.away"
    kill -KILL "$(pid_of worker-1)"
    sleep 0.5
    mv "$RUN_DIR/log.away" "$RUN_DIR/log"
    wait_until 10000 all_up
    sells
}

@test "a running stack is asked with the settings that it was started with" {
    WEB_SERVER=lighttpd WORKERS=1 script deploy/private/stack start
    run -0 env --unset=HTTP_PORT WORKERS=4 WEB_SERVER=nginx "$PROJECT/deploy/private/stack" status
    [[ $output == *"http://localhost:$HTTP_PORT "* && $output == *'lighttpd     up'* && $output == *'worker-1     up'* ]]
    [[ $output != *nginx* && $output != *worker-2* && $output != *down* ]]
    env --unset=HTTP_PORT --unset=HTTPS_PORT "$PROJECT/deploy/private/stack" stop-part lighttpd 3>&-
    run -1 script deploy/private/stack status
    env --unset=HTTP_PORT --unset=HTTPS_PORT "$PROJECT/deploy/private/stack" start-part lighttpd 3>&-
    sells

    # make status exits with 0 when a part is down.
    for expected in 'lighttpd     up' 'lighttpd     down' 'not running'; do
        BUILD_DIR=build run -0 script make --no-print-directory status
        printf '%s\n' "$output"
        [[ $output == *"$expected"* && $output != *Error* && $output != *'***'* ]]
        script deploy/private/stack stop-part lighttpd || true
        [[ $expected == *up ]] || script deploy/private/stack stop
    done
    run -3 script deploy/private/stack status
    WEB_SERVER=apache run -1 script deploy/private/stack start
    [[ $output == *'nginx or lighttpd'* ]]
    HTTP_PORT=http run -1 script deploy/private/stack start
    [[ $output == *'HTTP_PORT=http'* ]]
}

@test "a part that cannot start is reported at once; the others go on" {
    script deploy/private/stack start
    script deploy/private/stack stop-part nginx
    cp "$RUN_DIR/nginx/nginx.conf" "$RUN_DIR/nginx.conf"
    printf 'nonsense;\n' >>"$RUN_DIR/nginx/nginx.conf"
    began=$(now_ms)
    run -1 script deploy/private/stack start-part nginx
    [[ $output == *"nginx did not start; see $RUN_DIR/log/nginx.log"* ]]
    [[ $(($(now_ms) - began)) -lt $((5000 * TEST_SLOWNESS)) ]]
    run -1 script deploy/private/stack start-part postgres
    [[ $output == *"there is no part 'postgres': postgresql redis nginx worker-1 worker-2"* ]]
    run -1 script deploy/private/stack status
    [[ $(grep --count ' up ' <<<"$output") == 5 ]]
    mv "$RUN_DIR/nginx.conf" "$RUN_DIR/nginx/nginx.conf"
    script deploy/private/stack start-part nginx
    sells
}

@test "after a crash it starts, and serves when it says so" {
    script deploy/private/stack start
    sells
    kill_all
    wait_until 5000 test ! -e "/proc/$(pid_of stack)/exe"
    [[ -e $RUN_DIR/ready ]]
    run -3 script deploy/private/stack status
    script deploy/private/stack start
    sells
    same "$(sql 'SELECT count(*) FROM flashsale.item WHERE purchased_at IS NOT NULL')" 2

    # Its parts end with it; nginx's workers without their master end by the next start at the latest.
    kill -KILL "$(pid_of stack)" "$(pid_of nginx)"
    script deploy/private/stack start
    sells
    kill -KILL "$(pid_of stack)"
    wait_until 5000 nothing_runs

    script deploy/private/stack start
    kill -KILL "$(pid_of nginx)"
    wait_until 5000 test ! -e "$RUN_DIR/pid/nginx"
    script deploy/private/stack start-part nginx
    sells
}

@test "it starts in spite of a folder inside the cluster's folder" {
    script deploy/private/stack start
    script deploy/private/stack stop-part postgresql
    (cd "$(realpath "$RUN_DIR/postgresql/data")" && exec sleep 60) 3>&- &
    within 5000 script deploy/private/stack start-part postgresql
    kill $!
    wait_until 5000 sells
}

@test "a new clone at the path of a removed one has its own cluster" {
    [[ $EUID -eq 0 ]] || skip 'only for root the data is elsewhere'
    # PostgreSQL's user cannot get at it.
    mkdir --mode=0700 "$PLACE/private"
    export RUN_DIR=$PLACE/private/run
    script deploy/private/stack start
    sells
    script deploy/private/stack stop
    left=$(readlink "$RUN_DIR/postgresql")
    [[ $left == /var/tmp/flashsale-* ]]
    rm --recursive "$RUN_DIR"

    script deploy/private/stack start 2>"$BATS_TEST_TMPDIR/said"
    grep --quiet "^$left " "$BATS_TEST_TMPDIR/said"
    same "$(sql 'SELECT count(*) FROM flashsale.item WHERE purchased_at IS NOT NULL')" 0
    # The old cluster stays: its clone may only have been moved.
    [[ -d $left/data && $(readlink "$RUN_DIR/postgresql") != "$left" ]]
    rm --recursive "$left"
    sells
    script deploy/private/stack stop
    script deploy/private/stack start
    same "$(sql 'SELECT count(*) FROM flashsale.item WHERE purchased_at IS NOT NULL')" 1
    left=$(readlink "$RUN_DIR/postgresql")
    script deploy/private/stack clean
    [[ ! -e $left && ! -e $RUN_DIR ]]
}

@test "a user who came by su, in German" {
    [[ $EUID -eq 0 ]] || skip 'only root can make a user'
    USER_OF_TEST=flashsale-$((RANDOM % 10000))
    useradd --create-home --home-dir "$PLACE/$USER_OF_TEST" --shell /bin/bash "$USER_OF_TEST"
    copy_project "$PLACE/$USER_OF_TEST/flashsale"
    chown --recursive "$USER_OF_TEST:" "$PLACE/$USER_OF_TEST"
    export RUN_DIR=$PLACE/$USER_OF_TEST/flashsale/run
    as_user() {
        su - "$USER_OF_TEST" --command "cd flashsale; export LC_ALL=de_DE.UTF-8 LOCPATH='$PLACE' HTTP_PORT=$HTTP_PORT \
            HTTPS_PORT=$HTTPS_PORT GENERATE_EVERY_S=0; $1" </dev/null 3>&-
    }
    # The user's PATH has no nginx.
    run ! as_user 'type nginx'
    for server in nginx lighttpd; do
        as_user "WEB_SERVER=$server deploy/private/stack start"
        sells
        as_user 'deploy/private/stack status'
        as_user 'deploy/private/stack stop'
    done
    as_user 'deploy/private/packages build'
    run -0 as_user 'tests/run unit tests/sql/09-reading.sql'
    printf '%s\n' "$output"
    [[ ${lines[-1]} =~ ^[0-9]+\ passed,\ 0\ failed$ ]]
    as_user 'deploy/private/stack clean'
}
