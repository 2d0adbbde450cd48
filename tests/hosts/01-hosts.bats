#!/usr/bin/env bats
# Two web hosts, PostgreSQL with a synchronous standby, Redis, and a balancer, each on a host of its own. Stock and
# limit are exact across hosts, and a host may be cut off during a sale.

bats_require_minimum_version 1.5.0
load helper

ITEMS=3000

setup_file() {
    # A disk that stalls for a second causes no 503; the balancer waits for 4 s.
    hosts_setup "sale.items_per_sale=$ITEMS" sale.hold_s=4 sale.holds_max=0 database.statement_ms_max=2200
}

hold() {
    ask "$1" POST "/checkout?user_id=$2&id=${3:-any}" | jq --raw-output .code
}

@test "every host sells, by its own workers, with PostgreSQL and Redis on other hosts" {
    for host in web1 web2; do
        code=$(hold "$host" amy)
        same "$(ask "$host" POST "/purchase?code=$code" | jq .success)" true
        [[ $(sold_by "$host") -eq 1 ]]
    done
    same "$(sold)" 2
}

@test "a code of one host buys on the other one, and both give the same reply" {
    code=$(hold web1 bea 7)
    ask web2 POST "/purchase?code=$code" >"$BATS_TEST_TMPDIR/first"
    ask web1 POST "/purchase?code=$code" >"$BATS_TEST_TMPDIR/again"
    same "$(jq .success "$BATS_TEST_TMPDIR/first")" true
    cmp "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/again"
    same "$(ask web2 POST '/checkout?user_id=carl&id=7' | jq --raw-output .outcome)" sold
}

@test "the balancer's own refusals have the form of a host's" {
    on client "$TOP/tests/contract/malformed.py" --url "$URL" --seed 1 --count 1000
}

@test "PostgreSQL is reached with TLS, verified by name, and with a password, stored as SCRAM" {
    same "$(sql "$PRIMARY" "SELECT DISTINCT s.ssl, s.version >= 'TLSv1.2', a.usename
        FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid)
        WHERE a.client_addr IS NOT NULL ORDER BY 3")" $'t|t|flashsale_standby\nt|t|flashsale_worker'
    same "$(sql "$PRIMARY" "SELECT count(*) FROM pg_authid
        WHERE rolname ~ '^flashsale_(worker|generator|standby)' AND rolpassword LIKE 'SCRAM-SHA-256\$%'")" 3

    connect() {
        on web1 psql --no-psqlrc --command='SELECT 1' "dbname=flashsale user=flashsale_worker $1"
    }
    passfile=passfile=$HOSTS_DIR/web1/flashsale_worker.passfile
    there="host=$PRIMARY hostaddr=${ADDRESS[$PRIMARY]}"
    connect "$there $passfile $VERIFIED=$HOSTS_DIR/authority.pem"
    # Refused: another authority; another name; no TLS; no password.
    make_authority "$BATS_TEST_TMPDIR/other"
    run -2 connect "$there $passfile $VERIFIED=$BATS_TEST_TMPDIR/other.pem"
    [[ $output == *'certificate verify failed'* ]]
    run -2 connect "${there/host=$PRIMARY/host=elsewhere} $passfile $VERIFIED=$HOSTS_DIR/authority.pem"
    [[ $output == *'does not match host name "elsewhere"'* ]]
    run -2 connect "$there $passfile sslmode=disable"
    [[ $output == *'no encryption'* ]]
    run -2 connect "$there passfile=/dev/null sslmode=require"
    [[ $output == *'no password supplied'* ]]
}

@test "Redis is reached with TLS and password, and gets refusals" {
    # The refusal of carl in a test above.
    [[ -n $(redis --scan --pattern 'flashsale:*:refusals') ]]
    run on web1 redis-cli -h "${ADDRESS[redis]}" --tls --cacert "$HOSTS_DIR/authority.pem" dbsize
    [[ $output == *NOAUTH* ]]
    REDISCLI_AUTH=$(password_of redis) run timeout 2 nsenter --net="/run/netns/$HOSTS_RUN-web1" \
        redis-cli -h "${ADDRESS[redis]}" dbsize
    [[ $output != *'integer'* && ! $output =~ ^[0-9]+$ ]]
}

@test "no argument, environment or log has a password" {
    patterns=$BATS_TEST_TMPDIR/patterns
    cat "$HOSTS_DIR"/*.password >"$patterns"
    same "$(wc --lines <"$patterns")" 4
    looked=0
    for host in "${HOSTS[@]}"; do
        for pid in $(ip netns pids "$HOSTS_RUN-$host"); do
            run ! grep --quiet --binary-files=text --file="$patterns" "/proc/$pid/cmdline" \
                "/proc/$pid/environ"
            looked=$((looked + 1))
        done
    done
    [[ $looked -gt 20 ]]
    run ! grep --recursive --files-with-matches --file="$patterns" "$HOSTS_DIR/log"
}

@test "300 clients check out one item at once, half on each host: one gets it" {
    result=$(crowd same-item --url "$URL" --clients 300 --item 9 --timeout 60)
    same "$(jq --compact-output .checkout <<<"$result")" '{"200":1,"412 held":299}'
}

@test "one user's 15 codes at once on both hosts: 10 are bought, 5 refused" {
    codes=()
    for n in {1..15}; do
        codes+=("$(hold web$((n % 2 + 1)) dan)")
    done
    before1=$(purchases_of web1) before2=$(purchases_of web2)
    crowd purchase-all --url "$URL" "${codes[@]}" >"$BATS_TEST_TMPDIR/result"
    same "$(jq --compact-output .purchase "$BATS_TEST_TMPDIR/result")" '{"200":10,"429 user_limit":5}'
    [[ $(purchases_of web1) -gt $before1 && $(purchases_of web2) -gt $before2 ]]
    same "$(sql "$PRIMARY" "SELECT cardinality(numbers) FROM flashsale.buyer WHERE user_id = 'dan'")" 10
}

# The number of purchases answered so far.
bought_of() {
    grep --count '"kind": "purchase".*"status": 200' "$1" || true
}

@test "a web host is cut off during the sale: the other goes on; reconnected: both sell" {
    history=$BATS_TEST_TMPDIR/history
    crowd steady --url "$URL" --connections 16 --seconds 60 --stop-file "$BATS_TEST_TMPDIR/stop" \
        --pause-ms 60 --prefix cut --history "$history" >"$BATS_TEST_TMPDIR/result" &
    crowd_pid=$!
    wait_until 5000 test -s "$history"
    sleep 1
    cut_off web2
    # After 4 s the balancer sends requests that wait for the lost host to the other one.
    sleep 5
    before=$(bought_of "$history")
    other=$(sold_by web1)
    sleep 1.5
    [[ $(bought_of "$history") -gt $((before + 30)) ]]
    [[ $(sold_by web1) -gt $((other + 30)) ]]

    join_again web2
    wait_until 10000 is_healthy web2
    joined=$(sold_by web2)
    went_on() {
        [[ $(sold_by web2) -gt $((joined + 10)) ]]
    }
    wait_until 10000 went_on
    touch "$BATS_TEST_TMPDIR/stop"
    wait "$crowd_pid"
    cat "$BATS_TEST_TMPDIR/result"
    # Every request was answered.
    same "$(jq .unknown+.not_sent "$BATS_TEST_TMPDIR/result")" 0
    acknowledged_is_sold "$history" "$PRIMARY"
    same "$(audit)" ''
}

@test "sold out through the balancer: exactly the stock, no user over the limit, all rows on the standby" {
    # 350 users may buy 3,500 items. Several crowds, because some hold items that they may not buy.
    for crowd in 1 2 3; do
        crowd buy --url "$URL" --users 350 --each 12 --connections 48 --prefix "$crowd-"
        [[ $(sold) -lt $ITEMS ]] || break
        sleep 4.5
    done
    same "$(sold)" "$ITEMS"
    same "$(ask web1 POST '/checkout?user_id=zoe' | jq --raw-output .outcome)" sold_out
    same "$(ask web2 POST '/checkout?user_id=zoe' | jq --raw-output .outcome)" sold_out
    same "$(sql "$PRIMARY" "SELECT sum(cardinality(numbers)), max(cardinality(numbers)) <= 10
        FROM flashsale.buyer")" "$ITEMS|t"
    same "$(audit)" ''
    has_all() {
        [[ $(PRIMARY=$STANDBY sold) == "$ITEMS" ]]
    }
    wait_until 2000 has_all
    # Both hosts' workers sold.
    [[ $(sold_by web1) -gt $((ITEMS / 5)) && $(sold_by web2) -gt $((ITEMS / 10)) ]]
}
