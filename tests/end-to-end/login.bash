# Shared by the tests of log-ins: a browser, and the files of docs/IDENTITY.md as they are, except for paths and names.
# shellcheck shell=bash

PROVIDER=203.0.113.9:9443

# renamed: standard input with the test's paths and names.
renamed() {
    sed "s#/etc/flashsale/#$ROOT/etc/#g
        s#/usr/share/doc/flashsale/examples/shop_cookie#$TOP/deploy/login/shop_cookie#
        s#/usr/share/flashsale/#$ROOT/share/#
        s#/run/flashsale-login/#$ROOT/run/#
        s#/run/credentials/flashsale-login.service/#$ROOT/etc/login-#
        s#https://login\.example#https://$PROVIDER#
        s#https://sale\.example#https://shop.test#"
}

# take FILE TARGET: one of the document's files.
take() {
    renamed <"$TOP/deploy/$1" >"$ROOT/etc/$2"
}

# commands_of TEXT: the document's commands that follow the line with that text.
commands_of() {
    awk -v text="$1" 'index($0, text) { found = 1 }
        found && /^    / { print substr($0, 5); printed = 1; next }
        printed && NF { exit }' "$TOP/docs/IDENTITY.md" | renamed
}

# run_commands TEXT: runs them, in the network, as if the site were known to the DNS.
run_commands() {
    printf '%s\n' "cacert = $ROOT/etc/tls/certificate.pem" "connect-to = shop.test::$SERVER:" interface=203.0.113.2 \
        'write-out = "\n"' >"$ROOT/.curlrc"
    HOME=$ROOT inside bash -euo pipefail -c "$(commands_of "$1")"
}

# background NAME COMMAND...: runs it in the network, its output in log/NAME.
background() {
    local name=$1
    shift
    # shellcheck disable=SC2016 # expanded by that bash, whose pid the command keeps
    inside bash -c 'echo $$ >"$0"; exec "$@"' "$ROOT/$name.pid" "$@" >>"$ROOT/log/$name" 2>&1 3>&- &
}

# end NAME: ends it, if it runs.
end() {
    local pid
    [[ -e $ROOT/$1.pid ]] || return 0
    pid=$(<"$ROOT/$1.pid")
    rm "$ROOT/$1.pid"
    kill -CONT "$pid" && kill "$pid" || return 0
    wait_until 5000 is_gone "$pid"
}

# browser USER METHOD TARGET [curl's options]: as visit, with the cookies of that user's browser, at the site or at
# another address. (curl 7.88 reads the file again before it writes it, and with it cookies that an answer removed: it
# gets a pipe.)
# shellcheck disable=SC2034 # request uses URL
browser() {
    local jar=$BATS_TEST_TMPDIR/$1.cookies URL=https://shop.test is_visit=1
    [[ $3 != https://* ]] || URL=''
    touch "$jar"
    request "${@:2}" --cookie <(cat "$jar") --cookie-jar "$jar" --cacert "$ROOT/etc/tls/authorities.pem" \
        --interface 203.0.113.2 --connect-to "shop.test::$SERVER:"
}

# follow USER TARGET: gets it, and goes where the answers lead; sets PLACE, where that was.
# shellcheck disable=SC2034 # tests use PLACE
follow() {
    browser "$1" GET "$2" --location --write-out '%{http_code} %{url_effective}'
    PLACE=${HTTP_STATUS#* }
    HTTP_STATUS=${HTTP_STATUS%% *}
}

# session_of USER: the value of the session's cookie in that browser.
session_of() {
    sed --quiet "s/.*\t$SESSION_COOKIE\t//p" "$BATS_TEST_TMPDIR/$1.cookies"
}

# forged: options for headers by which somebody might claim to be eve.
forged() {
    local name
    for name in X-Auth-Request-User X-Auth-Request-Email X-Auth-Request-Preferred-Username X-Forwarded-User \
        X-Forwarded-Email X-Forwarded-Preferred-Username X-Remote-User X-User Remote-User REMOTE_USER User From; do
        printf -- '--header\n%s: eve\n' "$name"
    done
}

# nobody [curl's options]: who sends a request with these is not logged in.
nobody() {
    visit GET /me "$@"
    expect 200
    same "$(json '"\(.identity) \(.user) \(.login_url)"')" 'remote_user null /login'
}

# nobody_anywhere [curl's options]: the same, at each path that needs a user: 401 with a challenge.
nobody_anywhere() {
    local target method
    nobody "$@"
    for target in '/checkout?user_id=eve' '/purchase?code=AAAAAQAAAC_AAAAAAAAAAAAAAAAAAAAA' /users/eve/purchases \
        //checkout /users/%2E%2E%2Fme/purchases; do
        method=POST
        [[ $target != /users/* ]] || method=GET
        visit "$method" "$target" --header 'Sec-Fetch-Dest: empty' "$@"
        expect 401
        same "$(json '.outcome + " " + (.status | tostring)')" 'unauthorized 401'
        same "$(header Content-Type) $(header Cache-Control)" 'application/problem+json no-store'
        same "$(header WWW-Authenticate)" 'Login realm="flashsale", uri="/login"'
    done
}

# buys_from_own_pages USER ITEM [curl's options]: a POST of the sale's page, or of no page, is that user's; one that another
# site's page made the user's browser send is refused, and so is one that was sent on.
buys_from_own_pages() {
    local user=$1 item=$2 header
    shift 2
    for header in 'Sec-Fetch-Site: same-origin' 'Origin: https://shop.test' 'X-None: x'; do
        visit POST "/checkout?id=$item" --header "$header" "$@"
        expect 200
        same "$(json .user)" "$user"
    done
    for header in 'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site' 'Origin: https://evil.test' 'Origin: null' \
        'Origin: http://shop.test'; do
        for target in "/checkout?id=$item" /purchase?code=AAAAAQAAAC_AAAAAAAAAAAAAAAAAAAAA; do
            visit POST "$target" --header "$header" "$@"
            expect_problem 403 cross_origin
        done
    done
}

# walk_to_log_in NAME USER: in Chromium, through the form with that name; then the sale's page shows that user.
walk_to_log_in() {
    prepare_walks
    # With nothing but a loopback interface Chromium says that it is offline, and the page waits. It begins requests anew
    # when an interface gets an address, as IPv6 gives it one after a second.
    inside ip link add name walk-1 type veth peer name walk-2
    inside ip link set walk-1 addrgenmode none up
    inside ip link set walk-2 addrgenmode none up
    inside ip address add 198.51.100.1/24 dev walk-1
    printf '%s shop.test\n' "$SERVER" >"$ROOT/hosts"
    cat >"$ROOT/chromium" <<'SH'
#!/bin/sh
exec /usr/bin/chromium --ignore-certificate-errors "$@"
SH
    chmod +x "$ROOT/chromium"
    # shellcheck disable=SC2016 # expanded by that bash
    LOG_IN_AS=$1 KNOWN_AS=$2 URL=https://shop.test CHROMIUM=$ROOT/chromium inside unshare --mount bash -c \
        'mount --bind "$1" /etc/hosts && exec node "$2" log-in' bash "$ROOT/hosts" "$TOP/tests/browser/walk.js" 3>&-
}
