# Shared by the storefront's tests. Each walk (tests/browser/walks) is a test. It fails by findings of axe, errors in
# the console and violations of the page's policy. Screenshots of every state are in run/screenshots.
# shellcheck shell=bash

# storefront_start [SETTING=VALUE...]: starts a stack for walks, and installs what drives the browser.
storefront_start() {
    prepare_walks
    export ACCESS_LOG=1
    stack_start "$@"
}

prepare_walks() {
    local tests=$TOP/tests/browser file
    exec 8>"$tests/package-lock.lock"
    flock 8
    if [[ ! $tests/node_modules/.package-lock.json -nt $tests/package-lock.json ]]; then
        npm --prefix "$tests" ci --no-audit --no-fund
    fi
    exec 8>&-
    file=${BATS_TEST_FILENAME##*/}
    export SCREENSHOTS=$TOP/run/screenshots/${file%.bats}
    rm --recursive --force "$SCREENSHOTS"
}

walk() {
    node "$TOP/tests/browser/walk.js" "$1" 3>&-
}

# with_users [SETTING=VALUE...]: the web server has one user, ida, whose password is her name.
with_users() {
    local options=' -o http.identity=remote_user' setting
    for setting in "$@"; do
        options+=" -o $setting"
    done
    export HTPASSWD=$BATS_TEST_TMPDIR/htpasswd
    printf 'ida:%s\n' "$(openssl passwd -apr1 ida)" >"$HTPASSWD"
    stack stop
    WORKER_OPTIONS+=$options stack start
}

without_users() {
    unset HTPASSWD
    stack stop
    stack start
}
