#!/usr/bin/env bats
# The site as installed on a host, with the web server of the file's name: TLS, redirects, limits, the log, and the web
# server's own replies.

load helper
load site

setup_file() {
    site_setup "$BATS_TEST_FILENAME"
}

teardown_file() {
    site_end
}

teardown() {
    [[ ${BATS_TEST_COMPLETED:-} == 1 ]] || tail --lines=5 "$ROOT"/log/*
    after_test
}

@test "the web server's own check accepts the site" {
    run -0 server_check
    printf '%s\n' "$output"
    [[ $output != *warn* && $output != *WARN* && $output != *duplicate* ]]
}

@test "a missing or wrong value is reported" {
    run -1 "$TOP/deploy/site" apache
    [[ $output == *usage* ]]
    run -1 "$TOP/deploy/site" nginx FOR=private
    [[ $output == *'has no value'* ]]
    run -1 "$TOP/deploy/site" nginx FOR=elsewhere
}

@test "a template gets its values and its conditional lines" {
    template=$BATS_TEST_TMPDIR/template
    printf '%s\n' 'a @X@' @one 'one @X@' @end @two 'two @X@' @end 'b@Y@' >"$template"
    same "$("$TOP/deploy/fill" "$template" X='1 &' Y= FOR='zero two' X=2)" $'a 1 &\ntwo 1 &\nb'
    same "$("$TOP/deploy/fill" "$template" X=1 Y=)" $'a 1\nb'
    run -1 "$TOP/deploy/fill" "$template" X=1
    [[ $output == *'@Y@ has no value'* ]]
    run -1 "$TOP/deploy/fill" "$template" X=1 Y
    [[ $output == *'Y is not NAME=VALUE'* ]]
}

# upstream.conf allows for eight nginx processes.
@test "workers accept as many connections as nginx keeps alive" {
    [[ $WEB_SERVER == nginx ]] || skip 'lighttpd keeps none'
    keepalive=$(sed --quiet 's/^keepalive \([0-9]*\);$/\1/p' "$TOP/deploy/nginx/upstream.conf")
    kept=$(sed --quiet 's/^ *keepalive_connections_max = \([0-9]*\);$/\1/p' "$TOP/conf/flashsale.conf")
    [[ $keepalive -gt 0 && $((8 * keepalive)) -le $kept ]]
}

@test "TLS 1.2 and 1.3, and nothing older" {
    for version in tls1 tls1_1; do
        run handshake "-$version" -cipher DEFAULT@SECLEVEL=0
        printf '%s\n' "$output"
        [[ $status -ne 0 && $output == *alert*protocol*version* ]]
    done
    run -0 handshake -tls1_2
    run -0 handshake -tls1_3
}

@test "ciphers and curves of the intermediate profile, and no others" {
    for cipher in ECDHE-ECDSA-{AES128-GCM-SHA256,AES256-GCM-SHA384,CHACHA20-POLY1305}; do
        run -0 handshake -tls1_2 -cipher "$cipher"
        [[ $output == *"Cipher is $cipher"* ]]
    done
    for cipher in ECDHE-ECDSA-{AES128-SHA,AES256-SHA384,AES128-CCM}; do
        run handshake -tls1_2 -cipher "$cipher:@SECLEVEL=0"
        printf '%s\n' "$output"
        [[ $status -ne 0 && $output == *alert*handshake*failure* ]]
    done
    for group in X25519 P-256 P-384; do
        run -0 handshake -groups "$group"
    done
    run handshake -groups P-521
    [[ $status -ne 0 && $output == *alert* ]]
}

@test "the client chooses the cipher" {
    for first in ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-ECDSA-CHACHA20-POLY1305; do
        run -0 handshake -tls1_2 -cipher "$first:ECDHE-ECDSA-AES128-GCM-SHA256"
        [[ $output == *"Cipher is $first"* ]]
    done
}

@test "TLS sessions are resumed, by nginx without tickets" {
    run -0 handshake -tls1_2 -sess_out "$BATS_TEST_TMPDIR/session"
    [[ $output == *New,* ]]
    if [[ $WEB_SERVER == nginx ]]; then
        [[ $output != *'session job:'* ]]
    fi
    run -0 handshake -tls1_2 -sess_in "$BATS_TEST_TMPDIR/session"
    [[ $output == *Reused,* ]]
}

@test "HTTP/2 for clients that offer it, unless lighttpd reads no bodies there; HTTP/1.1 for others" {
    version=2
    [[ $WEB_SERVER == nginx ]] || "$TOP/deploy/lighttpd/http2" | grep --quiet '"server.h2proto" => "enable"' || version=1.1
    visit GET /health --write-out '%{http_version} %{http_code}'
    same "$HTTP_STATUS" "$version 200"
    visit GET /health --http1.1 --write-out '%{http_version} %{http_code}'
    same "$HTTP_STATUS" '1.1 200'
}

@test "a sale, and the page with its policy" {
    visit POST '/checkout?user_id=amy&id=1'
    expect 200
    visit POST "/purchase?code=$(json .code)"
    expect 200
    same "$(json .user)" amy
    visit GET / --header 'Accept: text/html'
    expect 200
    same "$(header Content-Type)" 'text/html; charset=utf-8'
    [[ $(header Content-Security-Policy) == "default-src 'none'; script-src 'self'"* ]]
    same "$(header X-Content-Type-Options)" nosniff
    visit GET /www/js/main.js
    expect 200
    visit GET /www/.hidden
    expect_problem 404 not_found
}

# compressed PATH: whether a client that accepts compression gets it, and the same content.
compressed() {
    local plain
    visit GET "$1" --header 'Accept: text/html, */*;q=0.5'
    expect 200
    plain=$(sha256sum <"$BODY")
    same "$(header Content-Encoding)" ''
    [[ $(header Vary) == *Accept-Encoding* ]] || fail "$1: $(cat "$HEADERS")"
    visit GET "$1" --header 'Accept: text/html, */*;q=0.5' --compressed
    expect 200
    same "$1 $(header Content-Encoding)" "$1 gzip"
    [[ $(header Vary) == *Accept-Encoding* ]] || fail "$1: $(cat "$HEADERS")"
    [[ $1 == /items/* || $1 != /items* && $1 != /sale* ]] || return 0 # these have the time, and change with holds
    same "$1 $(sha256sum <"$BODY")" "$1 $plain"
}

@test "public replies are compressed for clients that accept it; replies with codes never are" {
    for path in / /www/js/main.js /www/flashsale.css /items/1-1/image.svg /openapi.json \
        '/items?sale_id=1&page_size=48' '/sale/status'; do
        compressed "$path"
    done
    # 304 for what the client has, compressed or not.
    for path in /www/flashsale.css /items/1-1/image.svg; do
        visit GET "$path" --compressed
        visit GET "$path" --compressed --header "If-None-Match: $(header ETag)"
        expect 304
    done
    visit POST '/checkout?user_id=amy&id=12' --compressed
    expect 200
    same "$(header Content-Encoding)" ''
    visit POST "/purchase?code=$(json .code)" --compressed
    expect 200
    same "$(header Content-Encoding)" ''
    for path in /me '/me?user_id=amy' /users/amy/purchases; do
        visit GET "$path" --compressed
        same "$path $(header Content-Encoding)" "$path "
    done
}

@test "every reply by HTTPS has Strict-Transport-Security, whoever makes it" {
    targets=(/health /status '/items?page_size=1' / /items/1/image.svg /problems/held /www/icon.svg /nothing
        /www/nothing '/checkout?user_id=amy')
    # /metrics is refused there. The head of lighttpd's site says why lighttpd has no header there.
    [[ $WEB_SERVER != nginx ]] || targets+=(/metrics)
    for target in "${targets[@]}"; do
        for version in --http1.1 --http2; do
            visit GET "$target" "$version"
            same "$target $(header Strict-Transport-Security)" "$target max-age=63072000"
            expect_common_headers
        done
    done
    visit GET / --header 'Accept: text/html'
    same "$(header Strict-Transport-Security)" max-age=63072000
}

@test "plain HTTP is redirected, with method and query, and gets nothing else" {
    for method in GET POST; do
        form=()
        [[ $method == GET ]] || form=(--data x=y)
        for target in /health '/checkout?user_id=amy&id=any' '/items?page_num=2' / /metrics; do
            BY=http visit "$method" "$target" "${form[@]}"
            expect 308
            same "$(header Location)" "https://shop.test$target"
            same "$(header Strict-Transport-Security)" ''
        done
    done
    BY=http visit GET /health --header 'Host: shop.test:80'
    same "$(header Location)" https://shop.test/health
    BY=http visit GET /health --http1.0 --header 'Host:'
    [[ $HTTP_STATUS == 400 || $HTTP_STATUS == 404 ]]
    same "$(json .success)" false
    expect_common_headers
    BY=http visit POST '/checkout?user_id=amy' --data x=y --location
    expect 200
}

@test "plain HTTP at the port for TLS: nginx redirects, lighttpd closes the connection" {
    for method in GET POST; do
        # shellcheck disable=SC2030,SC2031 # each request is one of its own
        BY=http PORT=443 visit "$method" '/items?page_num=2'
        [[ $WEB_SERVER == nginx ]] || {
            same "$HTTP_STATUS" 000
            continue
        }
        expect 308
        same "$(header Location)" 'https://shop.test/items?page_num=2'
        expect_common_headers
    done
}

@test "malformed HTTP is refused without TLS as with TLS" {
    inside "$TOP/tests/contract/malformed.py" --url "http://$SERVER:80" --seed 3 --count 300 --sent-on
    for target in /.well-known/acme-challenge/ /.well-known/acme-challenge /.well-known/acme-challenge/nothing /-/503; do
        BY=http visit GET "$target"
        [[ $HTTP_STATUS == 308 || $HTTP_STATUS == 404 ]]
        expect_common_headers
    done
}

@test "ACME challenges are answered by plain HTTP" {
    printf 'proof\n' >"$ROOT/web/.well-known/acme-challenge/token"
    BY=http visit GET /.well-known/acme-challenge/token
    expect 200
    same "$(cat "$BODY")" proof
}

@test "metrics are for this machine only" {
    FROM=127.0.0.1 visit GET /metrics
    expect 200
    grep --quiet '^flashsale_' "$BODY"
    FROM=::1 visit GET /metrics
    expect 200
    for from in 203.0.113.2 10.1.2.3 2001:db8:1::2; do
        FROM=$from visit GET /metrics
        expect_problem 404 not_found
    done
}

@test "requests have a limit of size" {
    visit POST '/checkout?user_id=amy' --data "$(printf 'x%.0s' {1..20000})"
    expect_problem 413 body_too_large
    head --bytes=70000 /dev/zero >"$BATS_TEST_TMPDIR/body-of-70000"
    for version in --http1.1 --http2; do
        # A client that is refused while it still sends may miss the answer, now and then (RFC 9112, section 9.6).
        for _ in 1 2 3 4 5; do
            visit POST '/checkout?user_id=amy' --data-binary "@$BATS_TEST_TMPDIR/body-of-70000" "$version"
            [[ $HTTP_STATUS == 000 ]] || break
        done
        expect_problem 413 body_too_large
    done
    visit GET /health --http1.1 --header "X-Long: $(printf 'x%.0s' {1..9000})"
    [[ $HTTP_STATUS == 400 || $HTTP_STATUS == 431 ]]
    [[ $(json .success) == false ]]
}

# Sends half a request; prints after how many seconds the connection was closed.
half_a_request() {
    inside python3 - "$SERVER" <<'END'
import socket, ssl, sys, time
trust = ssl.create_default_context()
trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
plain = socket.create_connection((sys.argv[1], 443), timeout=30)
connection = trust.wrap_socket(plain, server_hostname="shop.test")
connection.sendall(b"POST /checkout?user_id=slow HTTP/1.1\r\nHost: shop.test\r\nContent-Le")
began = time.monotonic()
try:
    while connection.recv(4096):
        pass
except (ConnectionResetError, ssl.SSLEOFError):
    pass # nginx 1.26 resets it
print(round(time.monotonic() - began))
END
}

@test "an unfinished request is closed in time" {
    run -0 half_a_request
    printf '%s\n' "$output"
    [[ $output -ge 8 && $output -le 25 ]]
}

@test "normal use meets no limit: a page with all its pictures, ten items bought as fast as possible" {
    FROM=203.0.113.4 many 300 GET '/items/7/image.svg?'
    same "$(counted '200 .*')" 300
    for number in {101..110}; do
        FROM=203.0.113.4 visit POST "/checkout?user_id=polite&id=$number"
        expect 200
        FROM=203.0.113.4 visit POST "/purchase?code=$(json .code)"
        expect 200
    done
}

@test "a user who asks too often is limited, and nobody else" {
    FROM=203.0.113.5 many 300 POST '/checkout?user_id=greedy&id=300'
    [[ $(counted '200 .*') -ge 50 ]]
    [[ $(counted '429 application/problem+json 1 no-store max-age=63072000') -ge 50 ]]
    same "$(counted '.*')" "$(($(counted '200 .*') + $(counted '429 .*')))"
    BODY=$(grep --files-with-matches too_many_requests "$REPLIES"/[0-9]* | head --lines=1)
    same "$(json '[.type, .status, .outcome, .success] | join(" ")')" \
        '/problems/too_many_requests 429 too_many_requests false'
    FROM=203.0.113.5 visit POST '/checkout?user_id=patient&id=301'
    expect 200
    FROM=203.0.113.5 visit GET '/items?user_id=greedy&page_size=3'
    expect 200
    sleep 1.2
    FROM=203.0.113.5 visit POST '/checkout?user_id=greedy&id=300'
    expect 200
}

# few_allowed: limits that an operator changed, one request a minute and bursts of 20; many_allowed: as installed.
few_allowed() {
    case $WEB_SERVER in
    nginx)
        sed --in-place=.installed 's#rate=[0-9]*r/s#rate=1r/m#; s#burst=[0-9]*#burst=20#' \
            "$ROOT/site.conf"
        ;;
    lighttpd)
        sed --in-place=.installed 's#rate = [0-9]*, burst = [0-9]*#rate = 1 / 60, burst = 20#' \
            "$ROOT/etc/lighttpd-limits.lua"
        ;;
    esac
    take_limits
}

many_allowed() {
    local file
    for file in "$ROOT"/site.conf "$ROOT"/etc/lighttpd-limits.lua; do
        [[ ! -e $file.installed ]] || mv "$file.installed" "$file"
    done
    take_limits
}

take_limits() {
    if [[ $WEB_SERVER == nginx ]]; then
        server_check
        kill -HUP "$(cat "$ROOT/pid")"
    fi
    sleep 2
}

@test "an address that asks too often is limited, with IPv6 its network; operators can change limits" {
    few_allowed
    for from in 203.0.113.6 2001:db8:1::1; do
        FROM=$from many 60 GET '/health?'
        [[ $(counted '200 .*') -ge 20 && $(counted '429 .*') -ge 20 ]]
    done
    FROM=203.0.113.6 visit GET /www/icon.svg
    expect_problem 429 too_many_requests
    FROM=2001:db8:1::2 visit GET /health
    expect_problem 429 too_many_requests
    for from in 203.0.113.7 2001:db8:2::1; do
        FROM=$from visit GET /health
        expect 200
    done
    many_allowed
    FROM=203.0.113.6 visit GET /health
    expect 200
}

@test "without workers: 503, with a worker's body, and the storefront is still served" {
    stack stop-part worker-1
    stack stop-part worker-2
    visit POST '/checkout?user_id=amy&id=5'
    expect_problem 503 unavailable
    same "$(header Retry-After)" 1
    same "$(header Strict-Transport-Security)" max-age=63072000
    visit GET '/items?page_size=4'
    expect_problem 503 unavailable
    visit GET / --header 'Accept: text/html'
    expect 200
    visit POST '/purchase?code=code-to-no-worker'
    expect_problem 503 unavailable
    visit GET /users/user-to-no-worker/purchases
    expect_problem 503 unavailable
    stack start-part worker-1
    stack start-part worker-2
    wait_until 10000 sells_again
}

sells_again() {
    visit POST '/checkout?user_id=amy&id=6'
    [[ $HTTP_STATUS == 200 ]]
}

# logged REQUEST_ID: the log line of that request.
logged() {
    grep "request_id=$1\\( \\|\$\\)" "$ROOT/log/flashsale.log"
}

@test "the log has the outcome of each request, and neither codes nor users" {
    visit POST '/checkout?user_id=secret-user&id=400' --header 'X-Request-Id: logged-checkout'
    expect 200
    code=$(json .code)
    visit POST "/purchase?code=$code" --header 'X-Request-Id: logged-purchase'
    expect 200
    for path in /users/secret-user/purchases //users/secret-user/purchases /%75sers/secret-user/purchases \
        /nothing/../users/secret-user/purchases; do
        visit GET "$path" --header 'X-Request-Id: logged-user'
        visit GET "$path" --header 'X-Request-Id: logged-user' --http1.1
        BY=http visit GET "$path?user_id=secret-user"
    done
    FROM=203.0.113.8 many 200 POST '/checkout?user_id=secret-user&id=400'
    BY=http visit POST "/purchase?code=$code" --header 'X-Request-Id: logged-plain' --data x=y
    expect 308
    for id in logged-checkout logged-purchase logged-plain logged-user; do
        wait_until 5000 logged "$id"
    done
    log_lines | tail --lines=20
    line=$(logged logged-purchase)
    [[ $line =~ ^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-9:]{8}[^\ ]*\ address=203\.0\.113\.2\  ]]
    [[ $line == *' method=POST path=/purchase '*' status=200 bytes='* ]]
    case $WEB_SERVER in
    nginx)
        [[ $line =~ \ seconds=[0-9.]+\ .*\ worker=\"unix:.*/run/[12]\.sock\" ]]
        [[ $line =~ \ worker_status=\"200\"\ worker_seconds=\"[0-9.]+\" ]]
        ;;
    lighttpd) [[ $line =~ \ microseconds=[0-9]+\  ]] ;;
    esac
    [[ $(logged logged-plain) == *'path=/purchase '*' status=308 '* ]]
    [[ $(logged logged-checkout) == *'path=/checkout '* ]]
    # It has failures of the last test, too. site.conf.in says what is in lighttpd's error log.
    logs=("$ROOT/log/flashsale.log")
    [[ $WEB_SERVER != nginx ]] || logs=("$ROOT"/log/*)
    for secret in secret-user "$code" user-to-no-worker code-to-no-worker greedy; do
        run ! grep --fixed-strings -e "$secret" "${logs[@]}"
    done
    grep --quiet 'path=/checkout .*status=503' "$ROOT/log/flashsale.log"
    grep --quiet 'path=/checkout .*status=429' "$ROOT/log/flashsale.log"
}
