#!/usr/bin/env bats
# docs/IDENTITY.md: the shop's server logs users in, and the web server of the file's name checks the cookie that it signs.
# The files are the document's; the shop is tests/login/shop.py, which makes cookies with deploy/login/shop_cookie.py.
# shellcheck disable=SC2016 # PHP's variables

load helper
load site
load login
load storefront

NAME=__Host-flashsale-user

setup_file() {
    site_prepare "$BATS_TEST_FILENAME" http.identity=remote_user http.login_url=/login
    take "$WEB_SERVER/login-cookie.conf" "$WEB_SERVER-login-cookie.conf"
    if [[ $WEB_SERVER == nginx ]]; then
        sed --in-place '1i load_module /usr/lib/nginx/modules/ngx_http_js_module.so;' "$ROOT/main.conf"
    else
        rm "$ROOT/share/lighttpd"
        cp --recursive "$TOP/deploy/lighttpd" "$ROOT/share"
        take lighttpd/login-cookie.lua ../share/lighttpd/login-cookie.lua
    fi
    cp "$ROOT/etc/tls/certificate.pem" "$ROOT/etc/tls/authorities.pem"
    run_commands '**1. A key**'
    background shop "$TOP/tests/login/shop.py" 8000 "$ROOT/etc/login-keys.json"
    wait_until 5000 inside bash -c 'exec 9<>/dev/tcp/127.0.0.1/8000'
    server_start
}

teardown_file() {
    end shop
    site_end
}

teardown() {
    [[ ${BATS_TEST_COMPLETED:-} == 1 ]] || tail --lines=5 "$ROOT"/log/*
    after_test
}

new_key() {
    openssl rand -hex 32
}

# keys KEY...: the file has these.
keys() {
    jq --null-input --compact-output '$ARGS.positional' --args "$@" >"$ROOT/etc/login-keys.json.new"
    mv "$ROOT/etc/login-keys.json.new" "$ROOT/etc/login-keys.json"
}

key() {
    jq --raw-output '.[0]' "$ROOT/etc/login-keys.json"
}

# take_keys: nginx reads the file when it is told to, lighttpd within two seconds of a change.
take_keys() {
    [[ $WEB_SERVER == lighttpd ]] || kill -HUP "$(cat "$ROOT/pid")"
    sleep 2
}

# cookie USER SECONDS [PROGRAM...]: NAME=VALUE, by the document's program.
cookie() {
    "${@:3}" "$TOP/deploy/login/shop_cookie.py" "$ROOT/etc/login-keys.json" "$1" "$2" | sed 's/;.*//'
}

# signed TEXT KEY: that text with its MAC, whatever it says.
signed() {
    printf '%s.%s' "$1" "$(printf %s "$1" | openssl dgst -sha256 -mac HMAC -macopt "key:$2" | sed 's/.* //')"
}

encoded() {
    base64 --wrap=0 | tr '+/' '-_' | tr --delete =
}

in_an_hour() {
    printf '%s' $(($(date +%s) + 3600))
}

# is_user NAME COOKIE: who sends the cookie is that user, to read and to buy.
is_user() {
    visit GET /me --header "Cookie: $2"
    expect 200
    same "$(json .user)" "$1"
    visit POST '/checkout?id=1' --header "Cookie: $2"
    [[ $HTTP_STATUS == 200 || $HTTP_STATUS == 409 || $HTTP_STATUS == 412 ]] || expect 200
}

@test "the web server accepts the document's files" {
    run -0 server_check
    printf '%s\n' "$output"
    [[ $output != *warn* && $output != *WARN* && $output != *duplicate* ]]
}

@test "the document's checks pass" {
    run_commands 'Of each mode:' >"$BATS_TEST_TMPDIR/said"
    run_commands 'made by' >>"$BATS_TEST_TMPDIR/said"
    cat "$BATS_TEST_TMPDIR/said"
    same "$(jq --raw-output '.outcome // "\(.identity) \(.user)"' "$BATS_TEST_TMPDIR/said")" \
        $'remote_user null\nunauthorized\nunauthorized\nremote_user amy\nremote_user null'
}

# lines_in LANGUAGE: the document's lines in that language.
lines_in() {
    sed --quiet "/^\`\`\`$1\$/,/^\`\`\`\$/{/^\`/d;p}" "$TOP/docs/IDENTITY.md"
}

@test "the document's lines in Python and PHP make the cookie" {
    is_user 'jörg 💐' "$(python3 -c "
import base64, hmac, json, sys, time
user, seconds, keys = 'jörg 💐', 60, json.load(open(sys.argv[1]))
$(lines_in python)
print(header.partition(';')[0])" "$ROOT/etc/login-keys.json")"
    is_user 'jörg 💐' "$(php --no-php-ini --run "
namespace test;
function header(string \$line, bool \$replace) { echo preg_replace('/^Set-Cookie: |;.*/', '', \$line); }
\$user = 'jörg 💐'; \$seconds = 60; \$keys = json_decode(file_get_contents(\$argv[1]), true);
$(lines_in php)" "$ROOT/etc/login-keys.json")"
}

@test "without a cookie: a script gets 401, a navigation is led to the shop's form" {
    nobody_anywhere
    follow stranger /login
    expect 200
    grep --quiet 'name="user"' "$BODY"
    # The shop's refusals are its own, and so is the policy of its pages.
    browser stranger POST /login --data user=
    expect 422
    grep --quiet 'name="user"' "$BODY"
    same "$(header Content-Security-Policy)" ''
    for target in /status '/items?page_size=1' /health /openapi.json /www/index.html; do
        visit GET "$target"
        expect 200
    done
    # By HTTP/1.1 without a body or its length, too.
    [[ $WEB_SERVER != lighttpd ]] || return 0
    visit POST '/checkout?id=1' --http1.1 --header 'Content-Length:'
    expect 401
}

@test "who logs in at the shop checks out and buys, on any device, until the log-out" {
    browser zoe POST /login --data-urlencode 'user=zoë 💐'
    expect 303
    same "$(header Location)" /
    grep --ignore-case "^set-cookie: $NAME=.*; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax" "$HEADERS"
    browser zoe GET /me
    same "$(json '.identity + " " + .user')" 'remote_user zoë 💐'
    browser zoe POST '/checkout?id=11'
    expect 200
    same "$(json .user)" 'zoë 💐'
    browser other-device POST /login --data-urlencode 'user=zoë 💐'
    browser other-device GET /me
    same "$(json .held)" 1
    browser other-device POST "/purchase?code=$(json '.holds[0].code')"
    expect 200
    browser zoe GET /users/zo%C3%AB%20%F0%9F%92%90/purchases
    same "$(json .purchases_total)" 1
    browser amy POST /login --data user=amy
    browser amy GET /users/zo%C3%AB%20%F0%9F%92%90/purchases
    expect_problem 403 identity_mismatch
    browser amy POST '/checkout?id=12&user_id=zo%C3%AB%20%F0%9F%92%90'
    expect_problem 403 identity_mismatch
    same "$(sql 'SELECT held_by FROM flashsale.item WHERE number = 11')" 'zoë 💐'
    browser zoe GET /logout
    expect 303
    browser zoe GET /me
    same "$(json .user)" null
    browser zoe POST '/checkout?id=12'
    expect 401
}

@test "any name of UTF-8 comes whole, and nothing else is a name" {
    for name in a 'a/b' .. ../problems '/?#% ä' \"\\ "$(printf 'x%.0s' {1..128})" "$(printf '語%.0s' {1..42})" 日本語; do
        is_user "$name" "$(cookie "$name" 60)"
    done
    # A name that leads elsewhere when it is decoded.
    visit GET /users/..%2Fproblems/purchases --header "Cookie: $(cookie ../problems 60)"
    expect 200
    same "$(json .user)" ../problems
    visit GET /users/..%2Fproblems/purchases --header "Cookie: $(cookie amy 60)"
    expect_problem 403 identity_mismatch
    visit GET /users/..%2Fproblems/purchases
    expect 401
    is_user zoë "$(cookie $' zoe\u0308' 60)"
    for name in '' "$(printf 'x%.0s' {1..129})" $'a\nb' $'a\x7f'; do
        run -1 "$TOP/deploy/login/shop_cookie.py" "$ROOT/etc/login-keys.json" "$name" 60
        [[ $output == *ValueError* ]]
        # Even signed.
        nobody --header "Cookie: $(signed "$NAME=$(printf %s "$name" | encoded).$(in_an_hour)" "$(key)")"
    done
    # Not UTF-8, a NUL, a surrogate, and another spelling of the same bytes.
    for name in '\xff' 'amy\0x' '\xed\xa0\x80' '\xc0\xaf'; do
        nobody --header "Cookie: $(signed "$NAME=$(printf %b "$name" | encoded).$(in_an_hour)" "$(key)")"
    done
    is_user amy "$(signed "$NAME=YW15.$(in_an_hour)" "$(key)")"
    is_user ab "$(signed "$NAME=YWI.$(in_an_hour)" "$(key)")"
    nobody --header "Cookie: $(signed "$NAME=YWJ.$(in_an_hour)" "$(key)")"
    nobody --header "Cookie: $(signed "$NAME=YWI=.$(in_an_hour)" "$(key)")"
}

@test "a cookie that was changed, cut, doubled or made up logs nobody in" {
    good=$(cookie amy 60) value=${good#*=}
    IFS=. read -r user expiry mac <<<"$value"
    is_user amy "$good"
    is_user amy "a=b; $good; $NAME-x=y; x$NAME=z"
    for made_up in "${value:0:-1}" "${value}0" "$user.$expiry" "$user.$expiry." "$user..$mac" ".$expiry.$mac" "" \
        "$(printf eve | encoded).$expiry.$mac" "$user.$((expiry + 1)).$mac" "$user.0$expiry.$mac" "$user.$expiry.${mac^^}" \
        "$user.$expiry.$(printf '0%.0s' {1..64})" "${user}A.$expiry.$mac" "$user.$expiry.$mac.$mac" "\"$value\"" " $value.x" \
        "$user.$expiry.$(printf '%s' "$user.$expiry" | sha256sum | cut --characters=-64)" \
        "$user.1e10.$mac" "$user.-1.$mac" "$user.$expiry.${mac:0:63}g"; do
        nobody --header "Cookie: $NAME=$made_up"
    done
    nobody_anywhere --header "Cookie: $NAME=$user.$((expiry + 1)).$mac"
    # For another cookie's name; doubled, in one field or two, with another user's or its own.
    nobody --header "Cookie: flashsale-user=$value"
    nobody --header "Cookie: ${NAME,,}=$value"
    nobody_anywhere --header "Cookie: $good;$good"
    for other in "$(cookie eve 60)" "$NAME=x" "$NAME="; do
        nobody --header "Cookie: $good; $other"
        nobody --http1.1 --header "Cookie: $other" --header "Cookie: $good"
    done
}

@test "a cookie ends in time, to the second" {
    nobody --header "Cookie: $(cookie amy 0)"
    nobody --header "Cookie: $(cookie amy -5)"
    nobody --header "Cookie: $(signed "$NAME=YW15.1" "$(key)")"
    short=$(cookie amy 3)
    visit GET /me --header "Cookie: $short"
    same "$(json .user)" amy
    sleep 3.1
    nobody_anywhere --header "Cookie: $short"
}

@test "no header from outside becomes a user, with a cookie or without" {
    local basic bearer
    basic="Authorization: Basic $(printf eve:eve | base64)" bearer='Authorization: Bearer eve'
    mapfile -t claims < <(forged)
    nobody_anywhere "${claims[@]}" --header "$basic"
    nobody_anywhere "${claims[@]}" --header "$bearer"
    visit POST '/checkout?id=13' "${claims[@]}" --header "$basic" --header "Cookie: $(cookie amy 60)"
    expect 200
    same "$(json .user)" amy
    same "$(sql "SELECT count(*) FROM flashsale.attempt WHERE user_id = 'eve'")" 0
}

@test "another site's page buys nothing in the user's name" {
    buys_from_own_pages amy 15 --header "Cookie: $(cookie amy 60)"
}

@test "the page, in a browser: a second device, and cookies that were lost" {
    walk_to_log_in walker walker
}

@test "keys are changed while users stay logged in; a short or removed key signs nothing" {
    old=$(key) new=$(new_key) by_old=$(cookie amy 60)
    # First every web server knows the new key, then the shop signs with it, then the old one goes.
    keys "$old" "$new"
    take_keys
    is_user amy "$by_old"
    keys "$new" "$old"
    take_keys
    by_new=$(cookie amy 60)
    [[ $by_new != "$by_old" ]]
    is_user amy "$by_old"
    is_user amy "$by_new"
    keys "$new"
    take_keys
    nobody --header "Cookie: $by_old"
    is_user amy "$by_new"
    keys "" short "$new"
    take_keys
    nobody --header "Cookie: $(signed "$NAME=YW15.$(in_an_hour)" short)"
    is_user amy "$by_new"
    keys
    take_keys
    nobody --header "Cookie: $by_new"
    keys "$new"
    take_keys
    is_user amy "$by_new"
}

@test "without the shop's server: nobody logs in, and who is logged in buys on" {
    end shop
    visit GET /login
    expect 503
    is_user amy "$(cookie amy 60)"
    background shop "$TOP/tests/login/shop.py" 8000 "$ROOT/etc/login-keys.json"
    wait_until 5000 inside bash -c 'exec 9<>/dev/tcp/127.0.0.1/8000'
}

@test "the document's PHP makes the same cookie as its Python" {
    for name in amy 'zoë 💐' '/?#% ä'; do
        is_user "$name" "$(php --no-php-ini --run '
            require $argv[1];
            echo strtok(flashsale_cookie(json_decode(file_get_contents($argv[2]), true), $argv[3], 60), ";");' \
            "$TOP/deploy/login/shop_cookie.php" "$ROOT/etc/login-keys.json" "$name")"
    done
    same "$(php --no-php-ini --run 'require $argv[1];
        echo preg_replace("/=[^;]*[.][^;]*;/", "=;", flashsale_cookie([str_repeat("k", 32)], "amy", 60));' \
        "$TOP/deploy/login/shop_cookie.php")" "$NAME=; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax"
    run ! php --no-php-ini --run 'require $argv[1]; flashsale_cookie(["k"], "a\nb", 60);' "$TOP/deploy/login/shop_cookie.php"
}

@test "the log has neither cookies nor users" {
    good=$(cookie secret-user 60)
    visit POST '/checkout?id=14' --header "Cookie: $good" --header 'X-Request-Id: logged-with-login'
    expect 200
    wait_until 5000 grep request_id=logged-with-login "$ROOT/log/flashsale.log"
    for secret in secret-user "${good##*.}" "$(key)"; do
        run ! grep --fixed-strings -e "$secret" "$ROOT"/log/*
    done
}
