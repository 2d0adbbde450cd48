# Containers for the tests of the package: each boots a copy of a tree (tests/deploy/tree) with its own systemd, and has
# a network of its own, without access to others.
# shellcheck shell=bash

trees=$TOP/build/deploy

# Packages of a machine besides the package and its dependencies.
declare -gA server_packages=([nginx]=nginx [lighttpd]='lighttpd lighttpd-mod-deflate lighttpd-mod-openssl lighttpd-modules-lua')
other_packages=(curl postgresql redis-server)

# Prints why containers are impossible here; nothing if they are possible.
why_no_machine() {
    local tree
    if [[ $EUID -ne 0 ]]; then
        printf 'only root can boot a container'
        return
    elif ! type debootstrap systemd-nspawn >/dev/null 2>&1; then
        printf 'debootstrap or systemd-nspawn is missing'
        return
    fi
    tree=$(mktemp --directory)
    mkdir "$tree"/{usr,etc,lib,lib64}
    systemd-nspawn --quiet --register=no --keep-unit --private-network --directory="$tree" --bind-ro=/usr \
        --bind-ro=/lib --bind-ro=/lib64 /usr/bin/true </dev/null >/dev/null 2>&1 ||
        printf 'systemd-nspawn cannot run a container here'
    rm --recursive --force "$tree"
}

# ---- a machine ------------------------------------------------------------------------------------------

# machine_start SUITE: boots a copy of its tree. MACHINE is its root folder; it has the packages in /packages.
machine_start() {
    local suite=$1 lock log=$BATS_FILE_TMPDIR/tree.log old
    mkdir --parents "$trees"
    exec {lock}>>"$trees/lock"
    flock "$lock"
    # Removes machines of killed runs.
    for old in "$trees"/machine.*.lock; do
        [[ ! -e $old ]] || ! flock --nonblock "$old" true || rm --recursive --force "${old%.lock}"{,.*}
    done
    # shellcheck disable=SC2048,SC2086 # words
    "$TOP/tests/deploy/tree" "$suite" "${other_packages[@]}" ${server_packages[*]} >"$log" 2>&1 3>&- {lock}>&- || {
        tail --lines=20 "$log" >&2
        return 1
    }
    MACHINE=$(mktemp --directory "$trees/machine.XXXXXX")
    export MACHINE
    : >"$MACHINE.lock"
    cp --archive "$trees/$suite/." "$MACHINE"
    mkdir "$MACHINE/packages"
    cp "$trees/$suite.packages/first/flashsale_"*.deb "$MACHINE/packages/first.deb"
    cp "$trees/$suite.packages/next/flashsale_"*.deb "$MACHINE/packages/next.deb"
    chmod 0755 "$MACHINE"

    # This machine's service manager does not know the container, so a reboot (status 133) is done here. If the tests
    # are killed, the container powers off.
    # shellcheck disable=SC2016 # for the inner shell
    setpriv --pdeathsig=KILL bash -c 'exec 9>>"$1.lock"; flock 9; shift; status=133
        while [[ $status -eq 133 ]]; do setpriv --pdeathsig=TERM "$@" 9>&-; status=$?; done' \
        bash "$MACHINE" systemd-nspawn --quiet --boot --register=no --keep-unit --private-network --console=read-only \
        --machine="flashsale-test-$$-$RANDOM" --directory="$MACHINE" </dev/null >"$MACHINE.console" 2>&1 3>&- {lock}>&- &
    printf '%s' $! >"$MACHINE.pid"
    wait_until 10000 is_running
    flock --unlock "$lock"
    exec {lock}>&-
    wait_until 60000 booted
}

child_of() {
    local children
    children=$(<"/proc/$1/task/$1/children") && [[ -n $children ]] && printf '%s' "${children%% *}"
}

# The pid of the container's first process on this machine; it changes with a reboot.
machine_init() {
    local nspawn
    nspawn=$(child_of "$(<"$MACHINE.pid")") && child_of "$nspawn"
} 2>/dev/null

# inside COMMAND...: runs it on the machine, as root.
inside() {
    local init
    init=$(machine_init) && nsenter --target="$init" --mount --uts --ipc --net --pid --root --wd \
        env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
        SYSTEMD_PAGER=cat SYSTEMD_COLORS=0 "$@" </dev/null 3>&-
}

# on_network COMMAND...: runs it on this host, in the machine's network.
on_network() {
    local init
    init=$(machine_init) && nsenter --target="$init" --net "$@" 3>&-
}

booted() {
    [[ $(inside systemctl is-system-running) == running ]]
}

is_running() {
    ! flock --nonblock "$MACHINE.lock" true
}

is_gone() {
    ! is_running && ! grep --quiet --no-messages "$MACHINE" /proc/[0-9]*/mountinfo
}

machine_end() {
    [[ -n ${MACHINE:-} ]] || return 0
    if [[ -e $MACHINE.pid ]]; then
        # Its data is not kept, so it needs no orderly end. The kernel ends all processes with the first one.
        kill -KILL "$(machine_init)" || kill -KILL "$(<"$MACHINE.pid")" || true
        wait_until 10000 is_gone || true
    fi
    rm --recursive --force "$MACHINE" "$MACHINE".*
}
