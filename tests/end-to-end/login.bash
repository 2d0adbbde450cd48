# Shared by the tests of log-ins: a browser, and the files of docs/IDENTITY.md as they are, except for paths and names.
# shellcheck shell=bash

PROVIDER=203.0.113.9:9443

# take FILE TARGET: a file of the document, with the test's paths and names.
take() {
    sed "s#/etc/flashsale/#$ROOT/etc/#
        s#/usr/share/flashsale/#$ROOT/share/#
        s#/run/flashsale-login/#$ROOT/run/#
        s#/run/credentials/flashsale-login.service/#$ROOT/etc/login-#
        s#https://login\.example#https://$PROVIDER#
        s#https://sale\.example#https://shop.test#" "$TOP/deploy/$1" >"$ROOT/etc/$2"
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
    same "$(json '.identity + " " + (.user | tostring)')" 'remote_user null'
    visit POST '/checkout?user_id=eve' "$@"
    expect 401
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
