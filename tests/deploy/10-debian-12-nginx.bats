#!/usr/bin/env bats
# The package on a booted Debian, from its installation to its purge. The file's name has the Debian and the web server.
# Each test starts where the last one ended.

load ../end-to-end/helper
load machine

declare -A suites=([12]=bookworm [13]=trixie)
items=4000

setup_file() {
    local name=${BATS_TEST_FILENAME##*/*-debian-}
    name=${name%.bats}
    export SERVER=${name#*-} MISSING
    MISSING=$(why_no_machine)
    [[ -n $MISSING ]] || machine_start "${suites[${name%-*}]}"
}

setup() {
    [[ -z $MISSING ]] || skip "$MISSING"
    history=$BATS_TEST_TMPDIR/history
    stop=$BATS_TEST_TMPDIR/stop
    # The certificate that flashsale-setup makes.
    export SSL_CERT_FILE=$MACHINE/etc/flashsale/tls/certificate.pem
}

teardown() {
    [[ -z $MISSING ]] || return 0
    touch "$stop"
    [[ -z ${crowd_pid:-} ]] || wait "$crowd_pid" || true
    [[ ${BATS_TEST_COMPLETED:-} == 1 ]] || {
        inside systemctl list-units --failed 'flashsale*' "$SERVER*"
        inside journalctl --lines=30 --no-hostname --unit='flashsale*' --unit="$SERVER"
    }
}

teardown_file() {
    machine_end
}

apt() {
    inside apt-get --yes --quiet --option=DPkg::Options::=--force-unsafe-io "$@"
}

sql() {
    inside runuser --user=postgres -- psql --no-psqlrc --no-align --tuples-only --quiet --set=ON_ERROR_STOP=1 \
        --dbname=flashsale --command="$1"
}

page() {
    on_network curl --silent --show-error --fail --max-time 10 --cacert "$SSL_CERT_FILE" "$@"
}

# Sells to a new user, with the purchase, so that no item stays held.
sells() {
    local code
    code=$(page --request POST "https://localhost/checkout?user_id=someone-$RANDOM&id=any" | jq --raw-output .code)
    [[ $(page --request POST "https://localhost/purchase?code=$code" | jq .success) == true ]]
}

# The audit finds nothing in any sale.
sound() {
    same "$(sql 'SELECT s.sale_id, a.* FROM flashsale.sale s, flashsale.sale_audit(s.sale_id) a LIMIT 10')" ''
}

main_pid() {
    inside systemctl show --property=MainPID --value "flashsale-fcgi@$1.service"
}

active() {
    inside systemctl --quiet is-active "$@"
}

nothing_failed() {
    same "$(inside systemctl list-units --failed --plain --no-legend)" ''
}

# A crowd that keeps buying, with fewer requests than a web server allows an address.
load_begin() {
    on_network "$TOP/tests/client/crowd.py" steady --url https://localhost --connections 8 --pause-ms 100 \
        --seconds 120 --stop-file "$stop" --history "$history" --prefix "$1" >"$BATS_TEST_TMPDIR/result" &
    crowd_pid=$!
    wait_until 5000 test -s "$history"
    sleep 0.5
}

# All of its requests were decided.
load_end_without_loss() {
    sleep 0.5
    touch "$stop"
    wait "$crowd_pid"
    crowd_pid=
    cat "$BATS_TEST_TMPDIR/result"
    jq --raw-output 'select(.status == null or .status >= 500) |
        "\(.answered) \(.kind) \(.status) \(.outcome) \(.detail)"' "$history" | head --lines=20
    same "$(jq .unknown+.not_sent+.status_5xx "$BATS_TEST_TMPDIR/result")" 0
    [[ $(jq '.purchase["200"]' "$BATS_TEST_TMPDIR/result") -gt 50 ]]
    sound
}

@test "apt installs it, and one command makes a host that sells" {
    # shellcheck disable=SC2086,SC2154 # words; machine.bash has the names
    apt --no-install-recommends install "${other_packages[@]}" ${server_packages[$SERVER]} /packages/first.deb
    # Before that it does nothing.
    run ! active flashsale.target
    nothing_failed

    # The only file to edit. No sale ends during the tests.
    inside sed --in-place "s/items_per_sale = .*/items_per_sale = $items;/; s/duration_s = .*/duration_s = 604800;/" \
        /etc/flashsale/flashsale.conf
    # From a folder that PostgreSQL's user cannot enter.
    # shellcheck disable=SC2016 # for the inner shell
    run -0 inside sh -c 'cd /root && exec flashsale-setup "$1"' sh "$SERVER"
    printf '%s\n' "$output"
    [[ $output != *'Permission denied'* && $output != *'could not'* ]]
    [[ $output == *$'\nflashsale.target: enabled, and active\n/etc/flashsale/tls/certificate.pem: made; it is self-signed, '*$'\n'"$SERVER: serves the sale at https://"* ]]
    active flashsale.target flashsale-generator.timer flashsale-fcgi@1.service flashsale-fcgi@2.service "$SERVER"
    nothing_failed
    sells
    same "$(sql 'SELECT count(*) FROM flashsale.sale')" 2
    same "$(sql 'SELECT min(items_total) || $$ $$ || max(items_total) FROM flashsale.sale')" "$items $items"
}

@test "that command again changes nothing" {
    pids="$(main_pid 1) $(main_pid 2)"
    before=$(inside sha256sum /etc/flashsale/tls/key.pem)
    # In any environment of the caller.
    inside env PGHOST=/nowhere PGOPTIONS=--none PGUSER=nobody CDPATH=/usr PATH=/usr/bin:/bin POSIXLY_CORRECT=1 \
        OPENSSL_CONF=/nowhere PERL5OPT=-Mnone SQITCH_TARGET=none http_proxy=http://127.0.0.1:9 \
        sh -c "umask 077; exec /usr/sbin/flashsale-setup $SERVER"
    same "$(main_pid 1) $(main_pid 2)" "$pids"
    same "$(inside sha256sum /etc/flashsale/tls/key.pem)" "$before"
    same "$(sql 'SELECT count(*) FROM flashsale.sale')" 2
    sells
}

@test "the storefront is served with TLS" {
    page --header 'Accept: text/html' --output "$BATS_TEST_TMPDIR/page" https://localhost/
    grep --quiet '<title>' "$BATS_TEST_TMPDIR/page"
    same "$(page https://localhost/health | jq --raw-output '.status + " " + .redis')" 'ok ok'
}

# presented: the serial number of the certificate that the web server shows.
presented() {
    on_network openssl s_client -connect localhost:443 </dev/null 2>/dev/null | openssl x509 -noout -serial
}

# documented SECTION...: the blocks of commands in these sections of docs/OPERATIONS.md, and the commands within its
# text, each ended by a zero byte; with this machine's web server and version of PostgreSQL. Without commands that need
# an example's name, or a package that the text names.
documented() {
    local version
    version=$(inside sh -c 'ls /etc/postgresql')
    perl -0777 -ne 'BEGIN { ($server, $version, @wanted) = @ARGV; @ARGV = ("docs/OPERATIONS.md") }
        my $other = $server eq "nginx" ? "lighttpd" : "nginx";
        my $command = qr/(?:systemctl|journalctl|curl|runuser|redis-cli|timeout|flashsale-fcgi\ -t|pg_lsclusters|uptime|
            nginx|lighttpd|grep|for)\b/x;
        for my $section (split /^## /m) {
            my ($name, $text) = $section =~ /\A([^\n]*)\n(.*)\z/s or next;
            next unless grep { $_ eq $name } @wanted;
            my @found = $text =~ /^((?: {4}.*\n)+)/mg;
            push @found, map { s/\n/ /r } $text =~ /`($command[^`]*)`/g if $name eq "Alerts";
            for (@found) {
                s/^ {4}//mg;
                next unless /\A$command/ and not /shop\.example|apt install|systemctl stop/;
                s/^$other .*\n//mg;
                s/\bnginx\b/$server/ if /systemctl status/;
                next if m{/$other/};
                s{/15/}{/$version/}g;
                print "$_\0" if /\S/;
            }
        }' "$SERVER" "$version" "$@"
}

@test "the commands of docs/OPERATIONS.md work as written there" {
    cd "$TOP"
    wrong=0 count=0
    while IFS= read -r -d '' block; do
        count=$((count + 1))
        run inside bash -c "cd / && $block"
        # The log has no refusal yet.
        [[ $block != *status=429* ]] || status=0
        [[ $status -eq 0 && ($output != '' || $block == *'systemctl '*start* || $block == *status=429*) && $output != *'command not found'* &&
            $output != *'could not change directory'* && $output != *'Permission denied'* ]] || {
            wrong=$((wrong + 1))
            printf -- '---- status %s of\n%s\n%s\n' "$status" "$block" "$output" | head --lines=20
        }
        # A web server that reloads may close a connection without a request.
        [[ $block != *'systemctl re'* ]] || {
            sleep 1
            wait_until 5000 page https://localhost/health
        }
    done < <(
        documented 'Rolling restart' 'Changing limits' 'Changing rate limits' 'Certificates and TLS' Alerts \
            'Auditing a sale' Retention
        sed --quiet '/^To see the units, the timer and the log:/,/^|/s/^    //p' docs/OPERATIONS.md | tr '\n' '\0'
    )
    printf '%s commands, %s wrong\n' "$count" "$wrong"
    [[ $count -ge 25 && $wrong -eq 0 ]]
    sells
    nothing_failed
}

@test "a new certificate is used after the command of docs/OPERATIONS.md, and sales go on" {
    cd "$TOP"
    before=$(presented)
    inside cp --archive /etc/flashsale/tls /root/tls.before
    inside openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout /etc/flashsale/tls/key.pem -out /etc/flashsale/tls/certificate.pem
    same "$(presented)" "$before"
    inside sh -c "$(documented 'Certificates and TLS' | tr '\0' '\n' | grep "^$SERVER ")"
    # nginx's old processes may go on for a moment.
    after=$(openssl x509 -noout -serial -in "$MACHINE/etc/flashsale/tls/certificate.pem")
    is_shown() {
        [[ $(presented) == "$after" ]]
    }
    [[ $after != "$before" ]]
    wait_until 5000 is_shown
    active "$SERVER"
    # The web server did not end, so systemd did not restart it.
    same "$(inside systemctl show --property=NRestarts --value "$SERVER")" 0
    wait_until 5000 sells
    nothing_failed
}

@test "only workers and web servers may use the sockets" {
    for worker in 1 2; do
        same "$(inside stat --format='%A %U %G' /run/flashsale/$worker.sock)" 'srw-rw---- flashsale_worker www-data'
    done
    run ! inside runuser --user=redis -- ls /run/flashsale
    same "$(inside stat --format='%a %U' /etc/flashsale/tls/key.pem)" '600 root'
}

@test "units are hardened: at most 1.5 by systemd-analyze security" {
    for unit in flashsale-fcgi@1.service flashsale-generator.service; do
        inside systemd-analyze security --no-pager --threshold=15 "$unit"
    done
}

@test "a password is in a file that only the service can read, not in arguments or logs" {
    secret=open-sesame-$RANDOM$RANDOM
    inside install -D --mode=0600 /dev/null /etc/credstore/flashsale-worker.pgpass
    printf '*:*:*:*:%s\n' "$secret" >"$MACHINE/etc/credstore/flashsale-worker.pgpass"
    inside systemctl restart flashsale-fcgi@1.service
    pid=$(main_pid 1)
    file=$(inside sed --null-data --quiet 's/^PGPASSFILE=//p' "/proc/$pid/environ" | tr --delete '\0')
    same "$(inside runuser --user=flashsale_worker -- cat "$file")" "*:*:*:*:$secret"
    for user in www-data flashsale_generator; do
        run ! inside runuser --user="$user" -- cat "$file"
    done
    run -1 inside grep --recursive --text --quiet "$secret" "/proc/$pid/cmdline" "/proc/$pid/environ"
    run -1 inside sh -c "journalctl | grep --quiet $secret"
}

@test "the timer fires before each hour, and then makes sales" {
    [[ $(inside systemctl show --property=NextElapseUSecRealtime --value flashsale-generator.timer) == *:45:00\ UTC ]]
    inside sed --in-place 's/sales_ahead = .*/sales_ahead = 3;/' /etc/flashsale/flashsale.conf
    folder=/etc/systemd/system/flashsale-generator.timer.d
    inside mkdir --parents "$folder"
    printf '[Timer]\nOnCalendar=\nOnCalendar=*:*:0/2\n' >"$MACHINE$folder/often.conf"
    inside systemctl daemon-reload
    inside systemctl restart flashsale-generator.timer
    four_sales() {
        [[ $(sql 'SELECT count(*) FROM flashsale.sale') == 4 ]]
    }
    wait_until 10000 four_sales
    inside rm --recursive "$folder"
    inside systemctl daemon-reload
    inside systemctl restart flashsale-generator.timer
}

@test "a killed worker is restarted" {
    for worker in 1 2; do
        pid=$(main_pid "$worker")
        inside sh -c "kill -KILL $pid"
        is_back() {
            active "flashsale-fcgi@$worker.service" && [[ $(main_pid "$worker") != "$pid" ]]
        }
        wait_until 5000 is_back
    done
    wait_until 5000 sells
    nothing_failed
}

@test "each worker is restarted in turn under load, and no request is lost" {
    pids="$(main_pid 1) $(main_pid 2)"
    load_begin restarted
    inside flashsale-restart
    load_end_without_loss
    for worker in 1 2; do
        [[ " $pids " != *" $(main_pid $worker) "* ]]
    done
}

@test "with wrong settings no worker is restarted" {
    pids="$(main_pid 1) $(main_pid 2)"
    inside sed --in-place 's/hold_s = .*/hold_s = 0;/' /etc/flashsale/flashsale.conf
    run -1 inside flashsale-restart
    [[ $output == *sale.hold_s* ]]
    same "$(main_pid 1) $(main_pid 2)" "$pids"
    inside sed --in-place 's/hold_s = .*/hold_s = 30;/' /etc/flashsale/flashsale.conf
}

@test "an upgrade under load changes the schema and the workers, and no request is lost" {
    was=$(page https://localhost/health | jq --raw-output .version)
    load_begin upgraded
    apt install /packages/next.deb
    load_end_without_loss
    same "$(page https://localhost/health | jq --raw-output .version)" "$was.1"
    same "$(sql "SELECT obj_description('flashsale'::regnamespace)")" "as of $was.1"
    nothing_failed
}

@test "a downgrade: the older programs sell with the newer schema" {
    was=$(page https://localhost/health | jq --raw-output .version)
    apt --allow-downgrades install /packages/first.deb
    same "$(page https://localhost/health | jq --raw-output .version).1" "$was"
    same "$(sql "SELECT obj_description('flashsale'::regnamespace)")" "as of $was"
    wait_until 5000 sells
}

@test "after a reboot it sells" {
    init=$(machine_init)
    before=$(sql 'SELECT count(*) FROM flashsale.item WHERE purchased_at IS NOT NULL')
    inside systemctl reboot
    rebooted() {
        [[ $(machine_init) != "$init" ]] && booted
    }
    wait_until 60000 rebooted
    active flashsale.target flashsale-generator.timer flashsale-fcgi@1.service flashsale-fcgi@2.service "$SERVER"
    wait_until 5000 sells
    same "$(sql 'SELECT count(*) FROM flashsale.item WHERE purchased_at IS NOT NULL')" $((before + 1))
}

@test "the sale is sold to the last item" {
    sources=()
    for number in {2..33}; do
        sources+=(--source "127.0.0.$number")
    done
    sold_out() {
        on_network "$TOP/tests/client/crowd.py" buy --url https://127.0.0.1 "${sources[@]}" --connections 32 \
            --users $((items / 10 + 1)) --prefix "buyer-$RANDOM-"
        [[ $(page https://localhost/status | jq --raw-output .sale_status) == sold_out ]]
    }
    wait_until 60000 sold_out
    same "$(page https://localhost/sale/status | jq .items_sold)" "$items"
    sound
}

@test "a removal stops it and keeps its data; installed again it sells again" {
    before=$(sql 'SELECT count(*) FROM flashsale.attempt')
    apt remove flashsale
    run ! active flashsale.target flashsale-fcgi@1.service flashsale-fcgi@2.service flashsale-generator.timer
    run -1 inside sh -c 'grep --quiet --no-messages flashsale /proc/[0-9]*/comm'
    active "$SERVER"
    nothing_failed
    inside test -e /etc/flashsale/flashsale.conf
    same "$(sql 'SELECT count(*) FROM flashsale.attempt')" "$before"

    apt install /packages/next.deb
    active flashsale.target flashsale-fcgi@1.service flashsale-fcgi@2.service flashsale-generator.timer
    inside flashsale-setup "$SERVER"
    same "$(page https://localhost/sale/status | jq .items_sold)" "$items"
}

@test "a purge asks nothing, and leaves only the database" {
    before=$(sql 'SELECT count(*) FROM flashsale.attempt')
    apt purge flashsale
    same "$(inside systemctl list-unit-files --no-legend 'flashsale*')" ''
    # systemd keeps the names of removed units for a while.
    same "$(inside systemctl list-units --all --state=loaded --state=active --state=failed --plain --no-legend \
        'flashsale*')" ''
    same "$(inside find /etc /usr /run /var/lib/flashsale /var/lib/systemd -xdev -name '*flashsale*' 2>/dev/null)" ''
    active "$SERVER"
    nothing_failed
    same "$(sql 'SELECT count(*) FROM flashsale.attempt')" "$before"
}
