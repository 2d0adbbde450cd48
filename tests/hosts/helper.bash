# Several hosts on one machine, for tests: each is a network namespace. A bridge connects them, in a namespace of its
# own, so that the machine's network is unchanged.
#
#     client ── balancer ──┬── web1 ──┬── database1 (primary)
#                          └── web2 ──┼── database2 (its synchronous standby)
#                                     └── redis
#
# Hosts have these names. HOSTS_DIR has a folder for each, and log/HOST-NAME.log. Servers on the network use TLS, with
# certificates of a CA made for the run; Unix sockets are used only within a host.
# shellcheck shell=bash

# shellcheck source=tests/helper.bash
source "$(dirname "${BASH_SOURCE[0]}")/../helper.bash"

# No proxy reaches these hosts.
no_proxies

HOSTS=(client balancer web1 web2 database1 database2 redis)
declare -gA ADDRESS=([client]=10.77.0.1 [balancer]=10.77.0.2 [web1]=10.77.0.11 [web2]=10.77.0.12
    [database1]=10.77.0.21 [database2]=10.77.0.22 [redis]=10.77.0.31)
NETWORK=10.77.0.0/24
URL=http://${ADDRESS[balancer]}:80

# ---- a file of tests -------------------------------------------------------------------------------------

# hosts_setup [SETTING=VALUE...]: starts all hosts for a file's tests, or skips the tests with the reason.
hosts_setup() {
    export HINDRANCE
    HINDRANCE=$(hosts_hindrance)
    [[ -z $HINDRANCE ]] || return 0
    hosts_open
    hosts_start "$@"
}

setup() {
    [[ -z ${HINDRANCE:-} ]] || skip "$HINDRANCE"
}

teardown() {
    after_test
}

after_test() {
    [[ ${BATS_TEST_COMPLETED:-} == 1 || ! -d ${HOSTS_DIR:-} ]] || tail --lines=5 "$HOSTS_DIR"/log/*.log
}

teardown_file() {
    hosts_close
}

# ---- the network ----------------------------------------------------------------------------------------

# Prints why hosts cannot be made here; nothing if they can.
hosts_hindrance() {
    local name
    [[ $EUID -eq 0 ]] || {
        printf 'network namespaces need root'
        return
    }
    for name in ip nsenter nginx redis-server stunnel4 spawn-fcgi sqitch python3 jq; do
        type "$name" >/dev/null 2>&1 || {
            printf '%s is missing: deploy/private/packages run test hosts' "$name"
            return
        }
    done
    unshare --net ip link add bridge-of-test type bridge 2>/dev/null ||
        printf 'this machine lets no network namespace with a bridge be made'
}

# Removes namespaces and folders of killed processes; their names have the pid of the process that made them.
remove_leftovers() {
    local namespace owner folder
    while read -r namespace _; do
        [[ $namespace =~ ^flashsale-([0-9]+)- ]] || continue
        owner=${BASH_REMATCH[1]}
        kill -0 "$owner" 2>/dev/null || remove_namespace "$namespace"
    done < <(ip netns list)
    for folder in /tmp/flashsale-hosts-*.*; do
        owner=${folder#*-hosts-}
        kill -0 "${owner%.*}" 2>/dev/null || rm --recursive --force "$folder"
    done
}

remove_namespace() {
    local pids try
    for try in {1..100}; do
        pids=$(ip netns pids "$1" 2>/dev/null) || break
        [[ -n $pids ]] || break
        # shellcheck disable=SC2086 # a word each
        kill -KILL $pids 2>/dev/null || true
        sleep 0.02
    done
    ip netns delete "$1" 2>/dev/null || fail "namespace $1 stays (try $try)"
}

# hosts_open: makes the folder and the namespaces. hosts_close removes them, in any state.
hosts_open() {
    local host
    HOSTS_RUN=flashsale-$BASHPID
    HOSTS_DIR=$(mktemp --directory "/tmp/flashsale-hosts-${HOSTS_RUN#*-}.XXXX")
    export HOSTS_RUN HOSTS_DIR
    remove_leftovers
    chmod 0755 "$HOSTS_DIR"
    mkdir "$HOSTS_DIR"/{log,pid}
    ip netns add "$HOSTS_RUN-switch"
    ip -n "$HOSTS_RUN-switch" link add bridge type bridge
    ip -n "$HOSTS_RUN-switch" link set bridge up
    for host in "${HOSTS[@]}"; do
        mkdir "$HOSTS_DIR/$host"
        ip netns add "$HOSTS_RUN-$host"
        ip -n "$HOSTS_RUN-switch" link add "$host" type veth peer name network netns "$HOSTS_RUN-$host"
        ip -n "$HOSTS_RUN-switch" link set "$host" master bridge up
        ip -n "$HOSTS_RUN-$host" address add "${ADDRESS[$host]}/24" dev network
        ip -n "$HOSTS_RUN-$host" link set network up
        ip -n "$HOSTS_RUN-$host" link set lo up
    done
}

hosts_close() {
    local host
    [[ -n ${HOSTS_RUN:-} ]] || return 0
    for host in "${HOSTS[@]}" switch; do
        [[ ! -e /run/netns/$HOSTS_RUN-$host ]] || remove_namespace "$HOSTS_RUN-$host" || true
    done
    rm --recursive --force "$HOSTS_DIR"
}

# on HOST COMMAND...: runs it in the host's network.
on() {
    local host=$1
    shift
    nsenter --net="/run/netns/$HOSTS_RUN-$host" -- "$@"
}

# Pull a host's cable out, and plug it in again: packets are lost silently.
cut_off() {
    ip -n "$HOSTS_RUN-switch" link set "$1" down
}

join_again() {
    ip -n "$HOSTS_RUN-switch" link set "$1" up
}

# start HOST NAME COMMAND...: runs it in the background.
start() {
    local host=$1 name=$2
    shift 2
    nsenter --net="/run/netns/$HOSTS_RUN-$host" -- setsid "$@" </dev/null \
        >>"$HOSTS_DIR/log/$host-$name.log" 2>&1 3>&- &
    printf '%s\n' "$!" >"$HOSTS_DIR/pid/$host-$name"
    disown "$!"
}

pid_of() {
    cat "$HOSTS_DIR/pid/$1"
}

# Kills every process of a host at once, like a power failure.
power_off() {
    local pids
    while pids=$(ip netns pids "$HOSTS_RUN-$1") && [[ -n $pids ]]; do
        # shellcheck disable=SC2086 # a word each
        kill -KILL $pids 2>/dev/null || true
        sleep 0.02
    done
}

# reaches FROM HOST PORT
reaches() {
    # shellcheck disable=SC2016 # the inner shell's
    on "$1" timeout 1 bash -c 'exec 9<>"/dev/tcp/$0/$1"' "${ADDRESS[$2]}" "$3" 2>/dev/null
}

port_answers() {
    reaches client "$@"
}

# ---- secrets --------------------------------------------------------------------------------------------

new_key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)

make_authority() {
    openssl req -x509 "${new_key[@]}" -days 2 -subj '/CN=flashsale test authority' \
        -keyout "$1.key" -out "$1.pem" 2>/dev/null
}

make_secrets() {
    local host
    # The balancer connects to both web hosts by one name.
    local -A also=([web1]=',DNS:flashsale-host' [web2]=',DNS:flashsale-host')
    (
        umask 077
        for host in flashsale_worker flashsale_generator flashsale_standby redis; do
            openssl rand -hex 16 >"$HOSTS_DIR/$host.password"
        done
    )
    make_authority "$HOSTS_DIR/authority"
    chmod 0644 "$HOSTS_DIR/authority.pem"
    for host in balancer web1 web2 database1 database2 redis; do
        openssl req "${new_key[@]}" -subj "/CN=$host" -keyout "$HOSTS_DIR/$host/key.pem" \
            -out "$HOSTS_DIR/$host/request.pem" 2>/dev/null
        openssl x509 -req -in "$HOSTS_DIR/$host/request.pem" -days 2 -CA "$HOSTS_DIR/authority.pem" \
            -CAkey "$HOSTS_DIR/authority.key" -CAcreateserial -out "$HOSTS_DIR/$host/certificate.pem" \
            -extfile <(printf 'subjectAltName=DNS:%s%s\n' "$host" "${also[$host]:-}") 2>/dev/null
    done
}

password_of() {
    cat "$HOSTS_DIR/$1.password"
}

# make_passfile HOST ROLE [OWNER]: for libpq.
make_passfile() {
    local file=$HOSTS_DIR/$1/$2.passfile
    printf '*:5432:*:%s:%s\n' "$2" "$(password_of "$2")" >"$file"
    chmod 0600 "$file"
    [[ -z ${3:-} ]] || chown "$3:" "$file"
}

# ---- PostgreSQL -----------------------------------------------------------------------------------------

as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups --reset-env)

find_postgresql() {
    export POSTGRESQL_BIN
    POSTGRESQL_BIN=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin | sort --version-sort | tail --lines=1)
    [[ -x $POSTGRESQL_BIN/postgres ]] || fail 'PostgreSQL is missing'
}

# For a client's connection string: all database hosts, by name, so that their certificates can be verified.
database_hosts() {
    printf 'host=database1,database2 hostaddr=%s,%s' "${ADDRESS[database1]}" "${ADDRESS[database2]}"
}

VERIFIED="sslmode=verify-full sslrootcert"

# configure_database HOST: the settings that are the same on primary and standby.
configure_database() {
    local host=$1 home=$HOSTS_DIR/$1
    install --directory --owner=postgres --mode=0755 "$home/socket"
    chown postgres: "$home" "$home/key.pem"
    chmod 0600 "$home/key.pem"
    make_passfile "$host" flashsale_standby postgres
    : >"$home/role.conf"
    cp "$TOP/conf/postgresql.conf" "$home/flashsale.conf"
    cat >"$home/postgresql.conf" <<EOF
include 'flashsale.conf'
shared_buffers = 64MB
listen_addresses = '${ADDRESS[$host]}'
unix_socket_directories = '$home/socket'
hba_file = '$home/pg_hba.conf'
ident_file = '$home/pg_ident.conf'
password_encryption = 'scram-sha-256'
ssl = on
ssl_cert_file = '$home/certificate.pem'
ssl_key_file = '$home/key.pem'
# Primary and standby soon notice that the other is lost.
wal_sender_timeout = 3s
wal_receiver_timeout = 3s
wal_retrieve_retry_interval = 200ms
include 'role.conf'
EOF
    # Over the network only with TLS and password.
    cat >"$home/pg_hba.conf" <<EOF
local   all          postgres                                             trust
hostssl flashsale    flashsale_worker,flashsale_generator  $NETWORK  scram-sha-256
hostssl replication  flashsale_standby                     $NETWORK  scram-sha-256
EOF
    : >"$home/pg_ident.conf"
    chown postgres: "$home"/*.conf
}

# be_primary HOST [STANDBY]: commits wait for the standby, or without one for nobody; also for a running server.
be_primary() {
    # Flushed by both, a commit survives the death of either. remote_apply would also make it visible on the standby,
    # where nobody reads.
    printf "synchronous_commit = on\nsynchronous_standby_names = '%s'\n" "${2:+FIRST 1 ($2)}" \
        >"$HOSTS_DIR/$1/role.conf"
    [[ ! -e $HOSTS_DIR/pid/$1-postgresql ]] || kill -HUP "$(pid_of "$1-postgresql")"
}

be_standby() {
    local home=$HOSTS_DIR/$1
    printf "synchronous_standby_names = ''\nprimary_conninfo = '%s'\n" "$(replication_to "$2" "$1")" \
        >"$home/role.conf"
}

# replication_to PRIMARY STANDBY: a connection string.
replication_to() {
    printf 'host=%s hostaddr=%s user=flashsale_standby passfile=%s application_name=%s connect_timeout=2 %s=%s' \
        "$1" "${ADDRESS[$1]}" "$HOSTS_DIR/$2/flashsale_standby.passfile" "$2" "$VERIFIED" \
        "$HOSTS_DIR/authority.pem"
}

start_database() {
    start "$1" postgresql "${as_postgres[@]}" "$POSTGRESQL_BIN/postgres" -D "$HOSTS_DIR/$1/data" \
        --config-file="$HOSTS_DIR/$1/postgresql.conf"
    wait_until 20000 answers "$1" || {
        tail --lines=10 "$HOSTS_DIR/log/$1-postgresql.log" >&2
        return 1
    }
}

answers() {
    sql "$1" 'SELECT 1'
}

# sql HOST STATEMENT: as the superuser, by the host's socket.
sql() {
    psql --no-psqlrc --no-align --tuples-only --quiet --set=ON_ERROR_STOP=1 \
        --host="$HOSTS_DIR/$1/socket" --username=postgres --dbname="${3:-flashsale}" --command="$2"
}

# make_primary HOST: a new cluster with the schema, and a password for each role.
make_primary() {
    local host=$1 role
    configure_database "$host"
    be_primary "$host"
    # Unsynced: this cluster need not survive a power failure.
    "${as_postgres[@]}" "$POSTGRESQL_BIN/initdb" --no-sync --pgdata="$HOSTS_DIR/$host/data" --username=postgres \
        --encoding=UTF8 --locale=C --auth=reject >"$HOSTS_DIR/log/$host-initdb.log" 2>&1
    start "$host" postgresql "${as_postgres[@]}" "$POSTGRESQL_BIN/postgres" -D "$HOSTS_DIR/$host/data" \
        --config-file="$HOSTS_DIR/$host/postgresql.conf"
    wait_until 20000 sql "$host" 'SELECT 1' postgres
    (
        export PGHOST=$HOSTS_DIR/$host/socket PGUSER=postgres
        export SQITCH_FULLNAME='flashsale test' SQITCH_EMAIL=test@localhost
        createdb flashsale
        cd "$TOP/sql"
        sqitch deploy --target db:pg:flashsale
    ) >"$HOSTS_DIR/log/$host-sqitch.log" 2>&1 || {
        tail --lines=10 "$HOSTS_DIR/log/$host-sqitch.log" >&2
        return 1
    }
    sql "$host" 'CREATE ROLE flashsale_standby LOGIN REPLICATION'
    for role in flashsale_worker flashsale_generator flashsale_standby; do
        # By standard input, since everybody can read arguments.
        psql --no-psqlrc --quiet --host="$HOSTS_DIR/$host/socket" --username=postgres \
            --dbname=flashsale <<<"ALTER ROLE $role PASSWORD '$(password_of "$role")'"
    done
}

# make_standby HOST PRIMARY: copies the primary, follows it, and makes its commits wait for this one from then on.
make_standby() {
    local host=$1 primary=$2
    [[ -e $HOSTS_DIR/$host/postgresql.conf ]] || configure_database "$host"
    be_standby "$host" "$primary"
    # A cable that was just plugged in again takes a moment.
    wait_until 10000 reaches "$host" "$primary" 5432
    rm --recursive --force "$HOSTS_DIR/$host/data"
    on "$host" "${as_postgres[@]}" "$POSTGRESQL_BIN/pg_basebackup" --pgdata="$HOSTS_DIR/$host/data" \
        --checkpoint=fast --wal-method=stream --no-sync --dbname="$(replication_to "$primary" "$host")" \
        >"$HOSTS_DIR/log/$host-basebackup.log" 2>&1 || {
        cat "$HOSTS_DIR/log/$host-basebackup.log" >&2
        return 1
    }
    install --owner=postgres --mode=0600 /dev/null "$HOSTS_DIR/$host/data/standby.signal"
    start_database "$host"
    be_primary "$primary" "$host"
    wait_until 20000 is_synchronous "$primary"
}

is_synchronous() {
    [[ $(sql "$1" "SELECT sync_state FROM pg_stat_replication") == sync ]]
}

promote() {
    "${as_postgres[@]}" "$POSTGRESQL_BIN/pg_ctl" promote --pgdata="$HOSTS_DIR/$1/data" --timeout=20 \
        >>"$HOSTS_DIR/log/$1-promote.log" 2>&1
}

# ---- Redis ----------------------------------------------------------------------------------------------

start_redis() {
    local home=$HOSTS_DIR/redis
    (
        umask 077
        cp "$TOP/conf/redis.conf" "$home/redis.conf"
        cat >>"$home/redis.conf" <<EOF
# With TLS and a password; no port without TLS, no Unix socket.
port 0
tls-port 6379
bind ${ADDRESS[redis]}
tls-cert-file $home/certificate.pem
tls-key-file $home/key.pem
tls-ca-cert-file $HOSTS_DIR/authority.pem
tls-auth-clients no
requirepass $(password_of redis)
dir $home
EOF
    )
    start redis redis redis-server "$home/redis.conf"
    wait_until 5000 port_answers redis 6379
}

redis() {
    REDISCLI_AUTH=$(password_of redis) on redis redis-cli -h "${ADDRESS[redis]}" --tls \
        --cacert "$HOSTS_DIR/authority.pem" --sni redis "$@"
}

# ---- a web host -----------------------------------------------------------------------------------------

# start_web HOST [SETTING=VALUE...]: two workers and nginx; Redis through stunnel.
start_web() {
    local host=$1 home=$HOSTS_DIR/$1 worker
    shift
    make_passfile "$host" flashsale_worker
    make_passfile "$host" flashsale_generator
    install --mode=0600 "$HOSTS_DIR/redis.password" "$home/redis.password"
    configure_workers "$host" "$@" >"$home/flashsale.conf"

    # Workers connect to stunnel on their own host, which connects to Redis's host and verifies its certificate.
    cat >"$home/stunnel.conf" <<EOF
foreground = yes
pid =
syslog = no
[redis]
client = yes
accept = 127.0.0.1:6379
connect = ${ADDRESS[redis]}:6379
TIMEOUTconnect = 1
CAfile = $HOSTS_DIR/authority.pem
verifyChain = yes
checkHost = redis
sni = redis
EOF
    start "$host" stunnel stunnel4 "$home/stunnel.conf"
    mkdir --parents "$home/nginx"
    "$TOP/deploy/fill" "$TOP/tests/hosts/web.conf.in" "HOME=$home" "ADDRESS=${ADDRESS[$host]}" >"$home/nginx/nginx.conf"
    for worker in 1 2; do
        start "$host" "worker-$worker" spawn-fcgi -n -s "$home/worker-$worker.sock" -M 0660 -b 1024 -- \
            "$BUILD_DIR/flashsale-fcgi" -c "$home/flashsale.conf"
    done
    start "$host" nginx nginx -e stderr -p "$home/nginx" -c "$home/nginx/nginx.conf"
    wait_until 5000 port_answers "$host" 443
}

configure_workers() {
    local host=$1 home=$HOSTS_DIR/$1 setting name value group=''
    shift
    local -A settings=(
        [database.worker_conninfo]="\"$(conninfo "$host" flashsale_worker)\""
        [database.generator_conninfo]="\"$(conninfo "$host" flashsale_generator)\""
        [redis.address]='"127.0.0.1:6379"'
        [redis.password_file]="\"$home/redis.password\""
        [metrics.file]="\"$home/metrics\""
        # The tests' users ask as fast as they can.
        [http.user_rate]=0
        # No sale ends during the tests.
        [sale.duration_s]=604800
        [sale.generated_every_s]=0
    )
    for setting in "$@"; do
        settings[${setting%%=*}]=${setting#*=}
    done
    while read -r name; do
        value=${settings[$name]}
        if [[ ${name%%.*} != "$group" ]]; then
            [[ -z $group ]] || printf '};\n'
            group=${name%%.*}
            printf '%s:\n{\n' "$group"
        fi
        printf '    %s = %s;\n' "${name#*.}" "$value"
    done < <(printf '%s\n' "${!settings[@]}" | sort)
    printf '};\n'
}

conninfo() {
    printf '%s dbname=flashsale user=%s passfile=%s %s=%s target_session_attrs=read-write' \
        "$(database_hosts)" "$2" "$HOSTS_DIR/$1/$2.passfile" "$VERIFIED" "$HOSTS_DIR/authority.pem"
}

generate() {
    on web1 "$BUILD_DIR/flashsale-generator" -c "$HOSTS_DIR/web1/flashsale.conf" \
        >>"$HOSTS_DIR/log/web1-generator.log" 2>&1
}

start_balancer() {
    local home=$HOSTS_DIR/balancer host servers=''
    mkdir --parents "$home/nginx"
    for host in web1 web2; do
        servers+="        server ${ADDRESS[$host]}:443 max_fails=1 fail_timeout=2s;"$'\n'
    done
    "$TOP/deploy/fill" "$TOP/deploy/nginx/balancer.conf.in" 'USER=user root;' "RUN=$home" \
        "SERVERS=${servers%$'\n'}" "LISTEN=        listen ${ADDRESS[balancer]}:80 backlog=4096;" \
        "AUTHORITY=$HOSTS_DIR/authority.pem" >"$home/nginx/nginx.conf"
    start balancer nginx nginx -e stderr -p "$home/nginx" -c "$home/nginx/nginx.conf"
    wait_until 5000 port_answers balancer 80
}

# hosts_start [SETTING=VALUE...]: starts all hosts, and waits until each web host sells.
hosts_start() {
    local host
    find_postgresql
    make_secrets
    export PRIMARY=database1 STANDBY=database2
    make_primary database1
    make_standby database2 database1
    start_redis
    for host in web1 web2; do
        start_web "$host" "$@"
    done
    generate
    start_balancer
    for host in web1 web2; do
        wait_until 10000 is_healthy "$host"
    done
}

# ---- requests -------------------------------------------------------------------------------------------

# ask HOST METHOD TARGET: a request from the client's host; prints the body.
ask() {
    on client curl --silent --max-time 20 --cacert "$HOSTS_DIR/authority.pem" --request "$2" \
        --resolve "web1:443:${ADDRESS[web1]}" --resolve "web2:443:${ADDRESS[web2]}" "$(url_of "$1")$3"
}

url_of() {
    case $1 in
    balancer) printf '%s' "$URL" ;;
    *) printf 'https://%s' "$1" ;;
    esac
}

is_healthy() {
    [[ $(ask "$1" GET /health | jq --raw-output '.database + "|" + .redis') == 'ok|ok' ]]
}

crowd() {
    on client "$TOP/tests/client/crowd.py" "$@" 3>&-
}

# sold_by HOST: how many items its workers have sold since they started, by their own counters.
sold_by() {
    ask "$1" GET /metrics | sed --quiet 's/^flashsale_decisions_total{.*outcome="purchased".*} //p'
}

# purchases_of HOST: how many purchases its workers have answered, with any outcome.
purchases_of() {
    ask "$1" GET /metrics |
        awk '/^flashsale_decisions_total{kind="purchase"/ { sum += $2 } END { print sum + 0 }'
}

sold() {
    sql "$PRIMARY" 'SELECT count(*) FROM flashsale.item WHERE purchased_at IS NOT NULL'
}

# acknowledged_is_sold HISTORY HOST...: all acknowledged purchases are in the rows of each of these hosts.
acknowledged_is_sold() {
    local host
    for host in "${@:2}"; do
        history_is_sold "$1" null sql "$host"
    done
}

audit() {
    sql "$PRIMARY" 'SELECT s.sale_id, a.* FROM flashsale.sale s, flashsale.sale_audit(s.sale_id) a LIMIT 10'
}
