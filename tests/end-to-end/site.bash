# Shared by 22-site-nginx.bats and 23-site-lighttpd.bats: the site as deploy/site prints it for a host, in the main
# configuration file of Debian's package, with the same ports, in a network namespace. Only paths differ. Its workers
# belong to a private stack.
# shellcheck shell=bash

# From TEST-NET-3 (RFC 5737): neither loopback nor private.
SERVER=203.0.113.1
CLIENTS=(203.0.113.{2..9} 10.1.2.3 2001:db8:1::{1,2} 2001:db8:2::1)

no_proxies

site_setup() {
    export WEB_SERVER=${1##*site-}
    WEB_SERVER=${WEB_SERVER%.bats}
    # The workers' limit by user, as installed.
    stack_start sale.items_per_sale=1000 http.user_rate=10 http.user_burst=50
    export ROOT=$RUN_DIR/host
    mkdir --parents "$ROOT"/{etc/tls,log,run,share,state,web/.well-known/acme-challenge}
    ln --symbolic "$TOP/www" "$TOP/deploy/lighttpd" "$ROOT/share"
    ln --symbolic "$RUN_DIR/worker-1.sock" "$ROOT/run/1.sock"
    ln --symbolic "$RUN_DIR/worker-2.sock" "$ROOT/run/2.sock"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=shop.test \
        -addext subjectAltName=DNS:shop.test -keyout "$ROOT/etc/tls/key.pem" \
        -out "$ROOT/etc/tls/certificate.pem" 2>"$ROOT/log/openssl"
    sed "s#/run/flashsale/#$ROOT/run/#" "$TOP/deploy/$WEB_SERVER/upstream.conf" \
        >"$ROOT/etc/$WEB_SERVER-upstream.conf"
    print_site >"$ROOT/site.conf"
    "main_of_$WEB_SERVER" >"$ROOT/main.conf"
    [[ $WEB_SERVER != lighttpd ]] ||
        cp "$TOP/deploy/lighttpd/limits.lua" "$ROOT/etc/lighttpd-limits.lua"
    make_network
    server_start
}

print_site() {
    "$TOP/deploy/site" "$WEB_SERVER" ETC="$ROOT/etc" TLS="$ROOT/etc/tls" SHARE="$ROOT/share" \
        LOG="$ROOT/log" CACHE="$ROOT/state/cache" | sed "s#/var/www/html#$ROOT/web#"
}

main_of_nginx() {
    local name temporary=''
    for name in client_body fastcgi proxy scgi uwsgi; do
        temporary+="${name}_temp_path $ROOT/state/$name; "
    done
    sed "s#^user .*#user root;#
        s#/run/nginx.pid#$ROOT/pid#
        s#/var/log/nginx#$ROOT/log#
        /modules-enabled\|conf\.d/d
        s#include /etc/nginx/sites-enabled/.*#$temporary include $ROOT/site.conf;#" /etc/nginx/nginx.conf
}

main_of_lighttpd() {
    sed "/^server.username\|^server.groupname/d
        s#/run/lighttpd.pid#$ROOT/pid#
        s#/var/log/lighttpd#$ROOT/log#
        s#/var/cache/lighttpd/uploads#$ROOT/state#
        s#/var/www/html#$ROOT/web#
        s#/etc/lighttpd/conf-enabled/\*.conf#$ROOT/site.conf#" /etc/lighttpd/lighttpd.conf
}

# ---- the network ----------------------------------------------------------------------------------------

make_network() {
    local address
    local -a as_root=()
    [[ $EUID -eq 0 ]] || as_root=(--user --map-root-user)
    unshare "${as_root[@]}" --net sleep 900 3>&- &
    export NETWORK_PID=$!
    wait_until 5000 network_is_made
    inside ip link set lo up
    for address in "$SERVER" "${CLIENTS[@]}"; do
        inside ip address add "$address" dev lo
    done
}

network_is_made() {
    [[ $(readlink "/proc/$NETWORK_PID/ns/net") != $(readlink /proc/self/ns/net) ]]
}

inside() {
    local -a user=()
    [[ $EUID -eq 0 ]] || user=(--user --preserve-credentials)
    command nsenter "${user[@]}" --net --target "$NETWORK_PID" "$@"
}

# ---- the server -----------------------------------------------------------------------------------------

server_check() {
    case $WEB_SERVER in
    nginx) inside nginx -t -e stderr -c "$ROOT/main.conf" ;;
    lighttpd) inside lighttpd -tt -f "$ROOT/main.conf" ;;
    esac
}

server_start() {
    case $WEB_SERVER in
    nginx) inside nginx -e stderr -c "$ROOT/main.conf" -g 'daemon off;' >"$ROOT/log/output" 2>&1 3>&- & ;;
    lighttpd) inside lighttpd -D -f "$ROOT/main.conf" >"$ROOT/log/output" 2>&1 3>&- & ;;
    esac
    wait_until 5000 inside bash -c "exec 9<>/dev/tcp/$SERVER/443"
}

server_stop() {
    local pid
    pid=$(cat "$ROOT/pid")
    kill "$pid"
    wait_until 10000 is_gone "$pid"
}

is_gone() {
    ! kill -0 "$1" 2>/dev/null
}

site_end() {
    [[ ! -e $ROOT/pid ]] || server_stop
    [[ -z ${NETWORK_PID:-} ]] || kill "$NETWORK_PID"
    stack_end
}

# ---- requests -------------------------------------------------------------------------------------------

curl() {
    if [[ ${is_visit:-0} == 1 ]]; then
        inside curl "$@"
    else
        command curl "$@"
    fi
}

# visit METHOD TARGET [curl's options]: as request, but to the site, from the address FROM; BY=http: without TLS, at PORT.
# shellcheck disable=SC2034 # request uses URL
visit() {
    local URL=${BY:-https}://shop.test is_visit=1 server=$SERVER
    local from=${FROM:-203.0.113.2}
    [[ $from != 127.* ]] || server=127.0.0.1
    [[ $from != *:* ]] || server='[::1]'
    [[ $from != 2001:* ]] || server='[2001:db8:1::1]'
    request "$@" --cacert "$ROOT/etc/tls/certificate.pem" --interface "$from" \
        --connect-to "shop.test::$server:${PORT:-}"
}

# many COUNT METHOD TARGET: sends so many requests over few connections, from FROM; prints how many replies had each
# combination of status and headers, as in "39 429 application/problem+json 1 no-store max-age=63072000". The bodies
# are in files REPLIES/1 and so on.
many() {
    local from=${FROM:-203.0.113.2} server=$SERVER
    [[ $from != 2001:* ]] || server='[2001:db8:1::1]'
    REPLIES=$BATS_TEST_TMPDIR/replies
    rm --recursive --force "$REPLIES"
    mkdir "$REPLIES"
    inside curl --silent --max-time 60 --cacert "$ROOT/etc/tls/certificate.pem" --interface "$from" \
        --connect-to "shop.test::$server:" --request "$2" --parallel --parallel-max 8 \
        --output "$REPLIES/#1" --write-out "%{http_code} %{content_type} %header{retry-after} \
%header{cache-control} %header{strict-transport-security}\n" "https://shop.test$3&n=[1-$1]" 2>/dev/null |
        sort | uniq --count | sed 's/^ *//' >"$REPLIES/counts"
    cat "$REPLIES/counts"
}

# counted PATTERN: how many of those replies match it.
counted() {
    sed --quiet "s#^\([0-9]*\) $1\$#\1#p" "$REPLIES/counts" |
        awk '{ sum += $1 } END { print sum + 0 }'
}

# handshake OPTIONS...: openssl's report about a connection; fails without one.
handshake() {
    inside openssl s_client -connect "$SERVER:443" -servername shop.test \
        -CAfile "$ROOT/etc/tls/certificate.pem" -verify_return_error "$@" </dev/null 2>&1
}

# log_lines: the lines of the site's own log.
log_lines() {
    cat "$ROOT/log/flashsale.log"
}
