#!/usr/bin/env bats
# The scripts do the same whatever their caller's environment is, in a folder whose name has a space, and after a
# crash.
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
    # What bash reads for a script that it runs; and what a relative cd would find.
    printf 'printf noise\n' >"$PLACE/noise"
    mkdir --parents "$PLACE/foreign"/{deploy,tests,k6,sql,.ci,build/deb}
    : >"$PLACE/foreign/build/deb/precious"
}

# Sources and programs, as a clone that was built; what git would not know is left out.
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

# script PATH ARGUMENT...: of the copy, called from its folder.
script() (
    cd "$PROJECT" || exit
    "$@" 3>&-
)

# hostile LOCALE COMMAND...: all that a caller's environment has had in it, and more.
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

# Everything of the stack at once, as when the power goes off.
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
        # Its times are what they say, UTC.
        [[ $(tail --lines=1 "$RUN_DIR/log/stack.log") == "$(date --utc +%Y-%m-%dT%H:)"* ]]
        # PostgreSQL's user can read all that is in its folder.
        [[ $EUID -ne 0 ]] || same "$(setpriv --reuid=postgres --regid=postgres --init-groups \
            find "$RUN_DIR/postgresql/data" ! -readable)" ''
        hostile "$locale" deploy/private/stack clean
        nothing_runs
    done
}

@test "the other scripts work in any environment" {
    for server in nginx lighttpd; do
        hostile de_DE deploy/site "$server" >"$BATS_TEST_TMPDIR/site"
        # The one bash that was told to has made noise, and no other.
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

@test "settings of the caller's environment are the private stack's, and no test's" {
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

@test "with CDPATH no script goes to, and removes, what is somebody else's" {
    script git init --quiet
    hostile de_DE env DEB_DIR=build/deb deploy/deb tree
    [[ -e $PLACE/foreign/build/deb/precious && -e $PROJECT/build/deb/flashsale/debian/control ]]
}

@test "PostgreSQL's programs are its own, not those that look at the system's clusters" {
    # Debian's psql, createdb and the like are a script (pg_wrapper(1)).
    for program in psql createdb pg_dump; do
        path=$(PATH=/usr/bin:/bin script deploy/environment bash -c "type -P $program")
        same "$(realpath "$path" | grep --extended-regexp --count '^/usr/lib/postgresql/[0-9]+/bin/')" 1
    done
}

@test "neither the caller's Python nor modules that lie about are the stack's" {
    mkdir "$PLACE/other"
    printf '#!/bin/sh\nexit 9\n' >"$PLACE/other/python3"
    chmod +x "$PLACE/other/python3"
    printf 'raise SystemExit(9)\n' | tee "$PLACE/other"/{socket,subprocess,sitecustomize,supervisor}.py >/dev/null
    cd "$PLACE/other"
    PATH=$PLACE/other:$PATH PYTHONPATH=$PLACE/other run -3 "$PROJECT/deploy/private/stack" status
    [[ $output == "not running in $RUN_DIR"* ]]
}

@test "a file that the caller closed is none that is opened later" {
    script deploy/environment bash -c "links=\$(readlink /proc/\$\$/fd/{0,1,2}); printf %s \"\$links\" >'$RUN_DIR.links'" \
        <&- >&- 2>&-
    same "$(<"$RUN_DIR.links")" $'/dev/null\n/dev/null\n/dev/null'
}

@test "nobody reads what it says, or nobody is there at all: it serves" {
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

    # Nor does a build end there: what it does it says elsewhere.
    same "$(BUILD_DIR=build script make build/common/log.o 2>"$BATS_TEST_TMPDIR/said")" ''
    grep --quiet '^CC ' "$BATS_TEST_TMPDIR/said"

    { script deploy/private/stack run || true; } | true &
    wait_until 20000 test -e "$RUN_DIR/ready"
    sleep 0.5
    all_up
    sells
    script deploy/private/stack stop
}

@test "a log that cannot be written ends nothing" {
    script deploy/private/stack start
    mv "$RUN_DIR/log" "$RUN_DIR/log.away"
    kill -KILL "$(pid_of worker-1)"
    sleep 0.5
    mv "$RUN_DIR/log.away" "$RUN_DIR/log"
    wait_until 10000 all_up
    sells
}

@test "what is asked of a stack that runs is answered by how it was started" {
    WEB_SERVER=lighttpd WORKERS=1 script deploy/private/stack start
    run -0 env --unset=HTTP_PORT WORKERS=4 WEB_SERVER=nginx "$PROJECT/deploy/private/stack" status
    [[ $output == *"http://localhost:$HTTP_PORT "* && $output == *'lighttpd     up'* && $output == *'worker-1     up'* ]]
    [[ $output != *nginx* && $output != *worker-2* && $output != *down* ]]
    env --unset=HTTP_PORT --unset=HTTPS_PORT "$PROJECT/deploy/private/stack" stop-part lighttpd 3>&-
    run -1 script deploy/private/stack status
    env --unset=HTTP_PORT --unset=HTTPS_PORT "$PROJECT/deploy/private/stack" start-part lighttpd 3>&-
    sells

    # As make tells it: what is down is no error of make's.
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

@test "a part that cannot start is told of at once, and ends no other" {
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

@test "after a crash it serves again, once it says so" {
    script deploy/private/stack start
    sells
    kill_all
    wait_until 5000 test ! -e "/proc/$(pid_of stack)/exe"
    [[ -e $RUN_DIR/ready ]]
    run -3 script deploy/private/stack status
    script deploy/private/stack start
    sells
    same "$(sql 'SELECT count(*) FROM flashsale.item WHERE purchased_at IS NOT NULL')" 2

    # Its parts end with it, nginx's that have lost their first process by the next start at the latest.
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

@test "a folder in the cluster's does not keep it from starting" {
    script deploy/private/stack start
    script deploy/private/stack stop-part postgresql
    (cd "$(realpath "$RUN_DIR/postgresql/data")" && exec sleep 60) 3>&- &
    within 5000 script deploy/private/stack start-part postgresql
    kill $!
    wait_until 5000 sells
}

@test "another clone at the place of one that was removed sells a sale of its own" {
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
    # What was there before may only have been moved.
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
    # That is what this is about.
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
