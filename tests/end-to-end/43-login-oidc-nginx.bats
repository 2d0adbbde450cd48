#!/usr/bin/env bats
# docs/IDENTITY.md: users log in at an OpenID Connect provider. nginx, oauth2-proxy and their files are the real ones, the
# provider is tests/login/provider.py.

load helper
load site
load login
load storefront

AMY=248289761001
SESSION_COOKIE=__Host-flashsale-login

setup_file() {
    # No stack yet: teardown has nothing to end.
    unset RUN_DIR
    export OAUTH2_PROXY MISSING=
    OAUTH2_PROXY=$("$TOP/tests/login/oauth2-proxy" find 2>&1) || {
        MISSING=$OAUTH2_PROXY
        return 0
    }
    site_prepare "$BATS_TEST_FILENAME" http.identity=remote_user http.login_url=/login
    take nginx/login-oidc.conf nginx-login-oidc.conf
    take login/oauth2-proxy.cfg oauth2-proxy.cfg
    run_commands '**3. Its secrets**'
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=provider \
        -addext "subjectAltName=IP:${PROVIDER%:*}" -keyout "$ROOT/etc/tls/provider-key.pem" \
        -out "$ROOT/etc/tls/provider.pem" 2>>"$ROOT/log/openssl"
    cat "$ROOT/etc/tls/"{certificate,provider}.pem >"$ROOT/etc/tls/authorities.pem"
    cat >"$ROOT/etc/users" <<JSON
{"amy": {"sub": "$AMY", "email": "amy@shop.test", "email_verified": true},
 "zoë": {"sub": "zoë/…", "email": "zoe@shop.test", "email_verified": true},
 "new amy": {"sub": "248289761002", "email": "amy@shop.test", "email_verified": true},
 "unverified": {"sub": "u", "email": "amy@shop.test", "email_verified": false},
 "other nonce": {"sub": "$AMY", "nonce": "x"}, "other key": {"sub": "$AMY", "key": "other"},
 "other audience": {"sub": "$AMY", "aud": "x"}, "other issuer": {"sub": "$AMY", "iss": "https://x"},
 "a walker": {"sub": "walker-7"}, "dots": {"sub": "../problems"}, "late": {"sub": "$AMY", "exp": 1000000000}, "nameless": {"sub": null}}
JSON
    provider_start
    proxy_start
    server_start
}

provider_start() {
    background provider "$TOP/tests/login/provider.py" --address "$PROVIDER" --certificate "$ROOT/etc/tls/provider.pem" \
        --key "$ROOT/etc/tls/provider-key.pem" --users "$ROOT/etc/users" --secret "$ROOT/etc/login-client-secret" \
        --redirect-url https://shop.test/oauth2/callback
    wait_until 10000 inside bash -c "exec 9<>/dev/tcp/${PROVIDER%:*}/${PROVIDER#*:}"
}

# proxy_start [OPTION...]: with the provider's certificate as the system's authorities.
proxy_start() {
    background proxy env SSL_CERT_FILE="$ROOT/etc/tls/provider.pem" "$OAUTH2_PROXY" --config="$ROOT/etc/oauth2-proxy.cfg" "$@"
    wait_until 10000 curl --silent --fail --unix-socket "$ROOT/run/proxy.sock" http://localhost/ping
}

setup() {
    [[ -z $MISSING ]] || skip "$MISSING"
}

teardown_file() {
    [[ -n ${ROOT:-} ]] || return 0
    end proxy
    end provider
    site_end
}

teardown() {
    [[ ${BATS_TEST_COMPLETED:-} == 1 || -n $MISSING ]] || tail --lines=5 "$ROOT"/log/*
    after_test
}

# answer_of BROWSER NAME: that person's log-in at the provider, from /login on; sets CALLBACK, where it leads.
answer_of() {
    follow "$1" /login
    expect 200
    [[ $PLACE == "https://$PROVIDER/authorize?"* ]] || fail "$PLACE"
    browser "$1" POST "$PLACE" --data-urlencode "user=$2"
    expect 303
    CALLBACK=$(header Location)
    [[ $CALLBACK == https://shop.test/oauth2/callback\?code=* ]] || fail "$CALLBACK"
}

# log_in BROWSER NAME
log_in() {
    answer_of "$@"
    follow "$1" "$CALLBACK"
}

@test "nginx and oauth2-proxy accept the document's files" {
    run -0 server_check
    [[ $output != *warn* ]]
    run -0 env SSL_CERT_FILE="$ROOT/etc/tls/provider.pem" "$OAUTH2_PROXY" --config="$ROOT/etc/oauth2-proxy.cfg" --config-test
}

@test "the document's version is the tested one; its checks pass" {
    grep --quiet "oauth2-proxy/v7@$(sed --quiet 's/^version=//p' "$TOP/tests/login/oauth2-proxy")$" "$TOP/docs/IDENTITY.md"
    run_commands 'Of each mode:' >"$BATS_TEST_TMPDIR/said"
    cat "$BATS_TEST_TMPDIR/said"
    same "$(jq --raw-output '.outcome // "\(.identity) \(.user)"' "$BATS_TEST_TMPDIR/said")" \
        $'remote_user null\nunauthorized\nunauthorized'
}

@test "without a session: a script gets 401, a navigation is led to the provider" {
    nobody_anywhere
    visit GET /login
    expect 303
    same "$(header Location)" '/oauth2/start?rd=%2F'
    follow stranger /login
    expect 200
    [[ $PLACE == "https://$PROVIDER/authorize?"* && $PLACE == *scope=openid\&* ]] || fail "$PLACE"
    # What needs no user needs no session.
    for target in /status '/items?page_size=1' /health /openapi.json /www/index.html; do
        visit GET "$target"
        expect 200
    done
    # Only these of oauth2-proxy's paths are there.
    for target in /oauth2/auth /oauth2/userinfo /oauth2/sign_in /oauth2/startx /-/who /-/who-or-nobody /-/nobody; do
        visit GET "$target"
        expect_problem 404 not_found
    done
}

@test "who logs in checks out and buys by the provider's sub, and sees what is theirs" {
    log_in amy amy
    expect 200
    same "$PLACE" https://shop.test/
    browser amy GET /me
    same "$(json '.identity + " " + .user')" "remote_user $AMY"
    browser amy POST '/checkout?id=1'
    expect 200
    same "$(json .user)" "$AMY"
    browser amy POST "/purchase?code=$(json .code)"
    expect 200
    same "$(json .user)" "$AMY"
    browser amy POST /checkout --data id=2
    expect 200
    # The codes are there on any device of hers, and after the first one's cookies are gone.
    log_in amy-second-device amy
    browser amy-second-device GET /me
    same "$(json '"\(.user) \(.bought) \(.held) \(.purchases[0].item.number) \(.holds[0].item.number)"')" "$AMY 1 1 1 2"
    browser amy-second-device POST "/purchase?code=$(json '.holds[0].code')"
    expect 200
    browser amy GET "/users/$AMY/purchases"
    same "$(json .purchases_total)" 2
    same "$(sql 'SELECT string_agg(held_by, chr(32) ORDER BY number) FROM flashsale.item WHERE number < 3')" "$AMY $AMY"
}

@test "the session's cookie is for this host, by TLS, and for no script" {
    log_in amy amy
    # (HEADERS has the answers of the whole way.)
    grep --ignore-case "^set-cookie: $SESSION_COOKIE=.*; Path=/; .*; HttpOnly; Secure; SameSite=Lax" "$HEADERS"
    row=$(grep __Host-flashsale-login "$BATS_TEST_TMPDIR/amy.cookies" | grep --invert-match csrf)
    # Host, no other host, path, TLS, and an end within twelve hours (curl's manual, "cookie file format").
    IFS=$'\t' read -r host others path tls until _ value <<<"$row"
    same "$host $others $path $tls" '#HttpOnly_shop.test FALSE / TRUE'
    [[ $until -le $(($(date +%s) + 12 * 3600)) ]]
    [[ ${#value} -lt 2000 ]]
}

@test "two users have what is theirs, and neither gets the other's" {
    log_in amy amy
    log_in zoe zoë
    browser zoe GET /me
    same "$(json '"\(.user) \(.bought)"')" 'zoë/… 0'
    browser zoe POST '/checkout?id=3'
    expect 200
    same "$(json .user)" zoë/…
    browser zoe GET /users/zo%C3%AB%2F%E2%80%A6/purchases
    same "$(json '"\(.user) \(.holds_total)"')" 'zoë/… 1'
    browser zoe GET "/users/$AMY/purchases"
    expect_problem 403 identity_mismatch
    for target in "/checkout?id=4&user_id=$AMY" "/checkout?id=4&user_id=zoe"; do
        browser zoe POST "$target"
        expect_problem 403 identity_mismatch
    done
    # A name that leads elsewhere when it is decoded.
    log_in dots dots
    browser dots GET /users/..%2Fproblems/purchases
    expect 200
    same "$(json .user)" ../problems
    browser amy GET /users/..%2Fproblems/purchases
    expect_problem 403 identity_mismatch
    browser amy POST '/checkout?id=4&user_id=zo%C3%AB/%E2%80%A6'
    expect_problem 403 identity_mismatch
    browser amy GET /me
    same "$(json .user)" "$AMY"
}

@test "who got somebody's e-mail address is somebody else; an unverified one does not matter" {
    log_in new-amy 'new amy'
    browser new-amy GET /me
    same "$(json '"\(.user) \(.bought)"')" '248289761002 0'
    log_in unverified unverified
    browser unverified GET /me
    same "$(json .user)" u
}

# with_email COMMAND...: runs it while the users are e-mail addresses, as the document says.
with_email() {
    local result=0
    sed --in-place=.sub 's/_auth_request_user/_auth_request_email/' "$ROOT/etc/nginx-login-oidc.conf"
    kill -HUP "$(cat "$ROOT/pid")"
    end proxy
    proxy_start --scope='openid email' --oidc-email-claim=email
    "$@" || result=$?
    mv "$ROOT/etc/nginx-login-oidc.conf.sub" "$ROOT/etc/nginx-login-oidc.conf"
    kill -HUP "$(cat "$ROOT/pid")"
    end proxy
    proxy_start
    return "$result"
}

two_have_one_address() {
    log_in amy amy
    browser amy GET /me
    same "$(json .user)" amy@shop.test || return
    log_in new-amy 'new amy'
    browser new-amy GET /me
    same "$(json .user)" amy@shop.test || return
    log_in unverified unverified
    browser unverified GET /me
    same "$(json .user)" null
}

@test "by e-mail addresses two persons are one user, and an unverified address is nobody's" {
    with_email two_have_one_address
}

@test "no header from outside becomes a user, with a session or without" {
    local basic bearer
    basic="Authorization: Basic $(printf eve:eve | base64)" bearer='Authorization: Bearer eve'
    mapfile -t claims < <(forged)
    nobody_anywhere "${claims[@]}" --header "$basic"
    nobody_anywhere "${claims[@]}" --header "$bearer"
    log_in amy amy
    browser amy POST '/checkout?id=5' "${claims[@]}" --header "$basic"
    expect 200
    same "$(json .user)" "$AMY"
    browser amy GET /me "${claims[@]}" --header "$bearer"
    same "$(json .user)" "$AMY"
    same "$(sql "SELECT count(*) FROM flashsale.attempt WHERE user_id = 'eve'")" 0
}

@test "a cookie that was changed, cut or made up is no session" {
    log_in amy amy
    value=$(session_of amy)
    visit GET /me --header "Cookie: __Host-flashsale-login=$value"
    same "$(json .user)" "$AMY"
    for made_up in x "${value:0:-1}" "${value:1}" "A${value:1}" "${value%%|*}||" ''; do
        nobody --header "Cookie: __Host-flashsale-login=$made_up"
    done
}

@test "the provider's answer counts once, in the browser that asked for it" {
    answer_of amy amy
    # Somebody else's browser: nobody is logged in as amy who did not ask for it (or is made to be amy).
    follow eve "$CALLBACK"
    expect 403
    browser eve GET /me
    same "$(json .user)" null
    follow amy "$CALLBACK"
    expect 200
    browser amy GET /me
    same "$(json .user)" "$AMY"
    follow again "$CALLBACK"
    [[ $HTTP_STATUS == 403 || $HTTP_STATUS == 500 ]]
    browser again GET /me
    same "$(json .user)" null
}

@test "an answer with another nonce, key, audience or issuer, a late one, and one without sub log nobody in" {
    for name in 'other nonce' 'other key' 'other audience' 'other issuer' late nameless; do
        browser=${name// /-}
        log_in "$browser" "$name"
        [[ $HTTP_STATUS == 403 || $HTTP_STATUS == 50[0-3] ]] || fail "$name: $HTTP_STATUS $PLACE"
        browser "$browser" GET /me
        same "$name: $(json .user)" "$name: null"
    done
}

@test "nobody is led to another site after the log-in" {
    for target in //evil.test https://evil.test/ /%5Cevil.test https:evil.test; do
        follow stranger "/oauth2/start?rd=$target"
        browser stranger POST "$PLACE" --data user=amy
        follow stranger "$(header Location)"
        same "$PLACE" https://shop.test/
        browser stranger GET /oauth2/sign_out?rd="$target"
        [[ $(header Location) != *evil* ]] || fail "$(header Location)"
    done
}

@test "another site's page buys nothing in the user's name" {
    log_in amy amy
    buys_from_own_pages "$AMY" 15 --header "Cookie: $SESSION_COOKIE=$(session_of amy)"
}

@test "the page, in a browser: a second device, and cookies that were lost" {
    walk_to_log_in 'a walker' walker-7
}

@test "after the log-out nobody is logged in there" {
    log_in amy amy
    follow amy /oauth2/sign_out?rd=%2F
    expect 200
    same "$PLACE" https://shop.test/
    browser amy GET /me
    same "$(json .user)" null
    browser amy POST '/checkout?id=6'
    expect 401
}

@test "a session ends in time" {
    end proxy
    proxy_start --cookie-expire=3s
    log_in amy amy
    value=$(session_of amy)
    browser amy POST '/checkout?id=7'
    expect 200
    sleep 3.5
    # Whether the browser forgets it or not.
    nobody --header "Cookie: __Host-flashsale-login=$value"
    end proxy
    proxy_start
}

# refused_in MS TARGET...: these are refused with 503 in that time, whoever asks, and what needs no user goes on.
refused_in() {
    local target method ms=$1
    shift
    for target in "$@"; do
        method=POST
        [[ $target == *\?* ]] || method=GET
        within "$ms" browser amy "$method" "$target"
        expect_problem 503 unavailable
        same "$(header Retry-After)" 1
        within "$ms" visit "$method" "$target"
        expect_problem 503 unavailable
    done
    for target in /status /www/index.html; do
        visit GET "$target"
        expect 200
    done
}

@test "without oauth2-proxy: 503 at once; while it hangs: after two seconds; then the sessions go on" {
    log_in amy amy
    kill -STOP "$(<"$ROOT/proxy.pid")"
    refused_in 4000 '/checkout?id=8' /me
    end proxy
    refused_in 1000 '/checkout?id=8' '/purchase?code=AAAAAQAAAC_AAAAAAAAAAAAAAAAAAAAA' /me "/users/$AMY/purchases"
    browser stranger GET /oauth2/start?rd=%2F
    expect_problem 503 unavailable
    same "$(sql 'SELECT count(*) FROM flashsale.attempt WHERE number = 8')" 0
    proxy_start
    browser amy POST '/checkout?id=8'
    expect 200
    same "$(json .user)" "$AMY"
}

@test "without the provider: who is logged in buys on, nobody else logs in" {
    log_in amy amy
    answer_of zoe zoë
    end provider
    browser amy POST '/checkout?id=9'
    expect 200
    within 5000 browser zoe GET "$CALLBACK"
    [[ $HTTP_STATUS == 50[0-3] ]] || fail "$HTTP_STATUS"
    nobody --cookie "$BATS_TEST_TMPDIR/zoe.cookies"
    # It does not start without the provider, so systemd tries on.
    run -1 timeout 10 env SSL_CERT_FILE="$ROOT/etc/tls/provider.pem" "$OAUTH2_PROXY" --config="$ROOT/etc/oauth2-proxy.cfg" \
        --http-address="unix://$BATS_TEST_TMPDIR/proxy.sock"
    provider_start
    log_in zoe zoë
    browser zoe GET /me
    same "$(json .user)" zoë/…
}

@test "no log has a code, a cookie or a user" {
    log_in amy amy
    browser amy POST '/checkout?id=10' --header 'X-Request-Id: logged-with-login'
    value=$(session_of amy)
    wait_until 5000 grep request_id=logged-with-login "$ROOT/log/flashsale.log"
    for secret in "$AMY" "${value:0:40}" 'code=' 'state=' "$(<"$ROOT/etc/login-client-secret")"; do
        run ! grep --fixed-strings -e "$secret" "$ROOT/log/flashsale.log" "$ROOT/log/error.log" "$ROOT/log/proxy"
    done
}
