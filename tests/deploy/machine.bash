# Debian systems for the tests of the package: trees by debootstrap, kept in build/deploy, and containers that boot
# a copy of one with its own systemd and a network of its own, which has no way out.
# shellcheck shell=bash

trees=$TOP/build/deploy

# What a machine has beside the package and its dependencies. All is fetched when the tree is made, and nothing later.
declare -gA server_packages=([nginx]=nginx [lighttpd]='lighttpd lighttpd-mod-openssl lighttpd-modules-lua')
other_packages=(postgresql redis-server)

# Whatever this machine does besides goes first.
gently() {
    nice --adjustment=10 "$@" 3>&-
}

# in_tree TREE COMMAND...: in a system that is not booted, with this machine's network.
in_tree() {
    local tree=$1
    shift
    gently systemd-nspawn --quiet --pipe --register=no --keep-unit --machine="flashsale-tree-$$-$RANDOM" \
        --directory="$tree" --setenv=DEBIAN_FRONTEND=noninteractive "$@" </dev/null
}

apt_in() {
    local tree=$1
    shift
    in_tree "$tree" apt-get --yes --quiet --no-install-recommends \
        --option=DPkg::Options::=--force-unsafe-io "$@"
}

# Says why containers cannot be had here, and nothing where they can.
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

# The mirror that this machine itself uses.
mirror() {
    # shellcheck disable=SC2016 # a format of apt-get's
    apt-get indextargets 'Created-By: Packages' 'Label: Debian' --format '$(SITE)' | head --lines=1
}

# ---- the package ----------------------------------------------------------------------------------------

is_own_suite() {
    grep --quiet "^VERSION_CODENAME=$1\$" /etc/os-release
}

# build_package SUITE FOLDER: what is in FOLDER/flashsale, on that system.
build_package() {
    local suite=$1 folder=$2
    if is_own_suite "$suite"; then
        DEB_DIR=$folder gently "$folder/flashsale/deploy/deb" package
    else
        in_tree "$trees/$suite.build" --bind="$folder:/build" --setenv=DEB_DIR=/build \
            /build/flashsale/deploy/deb package
    fi
}

# The next version: another number, and one more change of the schema.
make_next_version() {
    local version
    version=$(sed --quiet 's/^#define FLASHSALE_VERSION "\(.*\)"/\1/p' common/options.h)
    sed --in-place "s/^#define FLASHSALE_VERSION .*/#define FLASHSALE_VERSION \"$version.1\"/" common/options.h
    sed --in-place "1s/($version)/($version.1)/" debian/changelog
    printf '%s\n' 'BEGIN;' "COMMENT ON SCHEMA flashsale IS 'as of $version.1';" 'COMMIT;' >sql/deploy/next.sql
    printf '%s\n' 'SELECT;' | tee sql/revert/next.sql >sql/verify/next.sql
    printf '%s\n' 'next [schema] 2026-11-22T00:00:00Z flashsale <flashsale@localhost> # one more' >>sql/sqitch.plan
}

# make_packages SUITE: build/deploy/SUITE.packages/{first,next}, from the sources as they are now.
make_packages() {
    local suite=$1 key folder=$trees/$1.packages
    key=$(cd "$TOP" && git ls-files -z --cached --others --exclude-standard | xargs --null sha256sum 2>/dev/null |
        sha256sum)
    [[ ! -e $folder/key || $(<"$folder/key") != "$key" ]] || return 0
    rm --recursive --force "$folder"
    DEB_DIR=$folder/first "$TOP/deploy/deb" tree
    mkdir "$folder/next"
    cp --recursive "$folder/first/flashsale" "$folder/next/flashsale"
    (cd "$folder/next/flashsale" && make_next_version)
    build_package "$suite" "$folder/first"
    build_package "$suite" "$folder/next"
    printf '%s' "$key" >"$folder/key"
}

# ---- trees ----------------------------------------------------------------------------------------------

# Other packages, or another way to make it, make another tree.
tree_key() {
    cat "$TOP/deploy/debian/control" "$TOP/tests/deploy/machine.bash" | sha256sum
}

# make_tree SUITE: build/deploy/SUITE, which is booted. On another Debian than this machine's there is also
# SUITE.build, which has what building needs.
make_tree() {
    local suite=$1 new=$trees/$1.new
    rm --recursive --force "$new" "$trees/${suite:?}" "$trees/$suite".{build,packages}
    gently debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,procps "$suite" \
        "$new" "$(mirror)"
    apt_in "$new" update
    if ! is_own_suite "$suite"; then
        cp --archive "$new" "$trees/$suite.build"
        mkdir "$trees/$suite.build/control"
        cp --recursive "$TOP/deploy/debian" "$trees/$suite.build/control/debian"
        apt_in "$trees/$suite.build" install build-essential
        apt_in "$trees/$suite.build" build-dep --build-profiles=nocheck /control
    fi
    make_packages "$suite"
    # What the package depends on is only programs and libraries: here once for all machines. The services come when a
    # machine runs.
    apt_in "$new" satisfy "$(dpkg-deb --field "$trees/$suite.packages/first/flashsale_"*.deb Depends)"
    # shellcheck disable=SC2048,SC2086 # words
    apt_in "$new" install --download-only "${other_packages[@]}" ${server_packages[*]}
    mv "$new" "$trees/$suite"
    tree_key >"$trees/$suite.key"
}

# ---- a machine ------------------------------------------------------------------------------------------

# machine_start SUITE: boots a copy of its tree. MACHINE is its root folder, and packages are in /packages.
machine_start() {
    local suite=$1 lock log=$BATS_FILE_TMPDIR/tree.log old
    mkdir --parents "$trees"
    exec {lock}>>"$trees/lock"
    flock "$lock"
    # What a run that was killed left behind.
    for old in "$trees"/machine.*.lock; do
        [[ ! -e $old ]] || ! flock --nonblock "$old" true || rm --recursive --force "${old%.lock}" "$old"
    done
    if ! { [[ -d $trees/$suite && $(cat "$trees/$suite.key" 2>/dev/null) == "$(tree_key)" ]] || make_tree "$suite"; } \
        >"$log" 2>&1 || ! make_packages "$suite" >>"$log" 2>&1; then
        tail --lines=20 "$log" >&2
        return 1
    fi
    MACHINE=$(mktemp --directory "$trees/machine.XXXXXX")
    export MACHINE
    : >"$MACHINE.lock"
    cp --archive "$trees/$suite/." "$MACHINE"
    mkdir "$MACHINE/packages"
    cp "$trees/$suite.packages/first/flashsale_"*.deb "$MACHINE/packages/first.deb"
    cp "$trees/$suite.packages/next/flashsale_"*.deb "$MACHINE/packages/next.deb"
    chmod 0755 "$MACHINE"
    flock --unlock "$lock"
    exec {lock}>&-

    # No service manager of this machine's knows of it, so a reboot (status 133) is for us to do. It is gone when the
    # tests are, however they end.
    # shellcheck disable=SC2016 # for the inner shell
    setpriv --pdeathsig=KILL bash -c 'exec 9>>"$1.lock"; flock 9; shift; status=133
        while [[ $status -eq 133 ]]; do setpriv --pdeathsig=KILL "$@" 9>&-; status=$?; done' \
        bash "$MACHINE" systemd-nspawn --quiet --boot --register=no --keep-unit --private-network --console=read-only \
        --machine="flashsale-test-$$-$RANDOM" --directory="$MACHINE" </dev/null >"$MACHINE.console" 2>&1 3>&- &
    printf '%s' $! >"$MACHINE.pid"
    wait_until 30000 booted
}

child_of() {
    local children
    children=$(<"/proc/$1/task/$1/children") && [[ -n $children ]] && printf '%s' "${children%% *}"
}

# The container's first process, as this machine counts; another one after a reboot.
machine_init() {
    local nspawn
    nspawn=$(child_of "$(<"$MACHINE.pid")") && child_of "$nspawn"
} 2>/dev/null

# inside COMMAND...: on the machine, as its root.
inside() {
    local init
    init=$(machine_init) && nsenter --target="$init" --mount --uts --ipc --net --pid --root --wd \
        env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
        SYSTEMD_PAGER=cat SYSTEMD_COLORS=0 "$@" </dev/null 3>&-
}

# on_network COMMAND...: a program of ours, on the machine's network.
on_network() {
    local init
    init=$(machine_init) && nsenter --target="$init" --net "$@" 3>&-
}

booted() {
    [[ $(inside systemctl is-system-running) == running ]]
}

is_gone() {
    flock --nonblock "$MACHINE.lock" true && ! grep --quiet --no-messages "$MACHINE" /proc/*/mountinfo
}

machine_end() {
    [[ -n ${MACHINE:-} ]] || return 0
    if [[ -e $MACHINE.pid ]]; then
        # Its data is not kept, so nothing needs to be ended in order.
        kill -KILL "$(<"$MACHINE.pid")" || true
        wait_until 10000 is_gone || true
    fi
    rm --recursive --force "$MACHINE" "$MACHINE".*
}
