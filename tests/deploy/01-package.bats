#!/usr/bin/env bats
# The package and "make install", without installing them.

load ../end-to-end/helper

setup_file() {
    # No stack is needed.
    unset RUN_DIR
    export DEB_DIR=$BATS_FILE_TMPDIR/deb
    "$TOP/deploy/deb" tree
}

@test "the package is built, and lintian finds no error" {
    "$TOP/deploy/deb" package
    lintian --fail-on=error --suppress-tags=bad-distribution-in-changes-file "$DEB_DIR"/*.changes
}

@test "README.md installs it from where \"make deb\" puts it" {
    path=$(sed --quiet 's/^ *apt install \(.*\.deb\)$/\1/p' "$TOP/README.md")
    [[ $path == ./build/deb/* ]]
    # shellcheck disable=SC2206 # a pattern
    files=($DEB_DIR/${path#./build/deb/})
    same "${#files[@]} $(dpkg-deb --field "${files[0]}" Package)" '1 flashsale'
}

@test "it has both programs, their pages, units, schema, storefront and sites, and settings as a conffile" {
    dpkg-deb --extract "$DEB_DIR"/flashsale_*.deb "$BATS_TEST_TMPDIR/root"
    cd "$BATS_TEST_TMPDIR/root"
    ls usr/sbin/flashsale-{fcgi,generator,setup,restart}
    ls usr/share/man/man8/flashsale-{fcgi,generator,setup,restart}.8.gz usr/share/man/man5/flashsale.conf.5.gz
    ls usr/lib/systemd/system/{flashsale-fcgi@.service,flashsale.target,flashsale-generator.{service,timer}}
    ls usr/share/flashsale/{www/index.html,sql/sqitch.plan,sites/nginx/flashsale,sites/lighttpd/50-flashsale.conf}
    same "$(dpkg-deb --ctrl-tarfile "$DEB_DIR"/flashsale_*.deb | tar --extract --to-stdout ./conffiles | sort)" \
        "$(find etc -type f -printf '/%p\n' | sort)"
}

@test "it has the document on log-ins, and what that and its examples name" {
    dpkg-deb --extract "$DEB_DIR"/flashsale_*.deb "$BATS_TEST_TMPDIR/root"
    cd "$BATS_TEST_TMPDIR/root/usr/share/doc/flashsale"
    ls IDENTITY.md*
    mapfile -t files < <(grep --only-matching --no-filename '/usr/share/[a-z/]*flashsale/[a-z_./-]*[a-z]' \
        "$TOP/docs/IDENTITY.md" examples/*login* | sort --unique)
    [[ ${#files[@]} -ge 7 ]]
    ls --directory "${files[@]/#/$BATS_TEST_TMPDIR/root}"
    ls examples/{{nginx,lighttpd}-login-cookie.conf,nginx-login-oidc.conf,oauth2-proxy.cfg,flashsale-login.service,shop_cookie.{py,php}}
    # Nothing of it is in use until an operator copies it.
    run ! ls "$BATS_TEST_TMPDIR"/root/etc/flashsale/*login*
}

@test "its settings are valid" {
    dpkg-deb --extract "$DEB_DIR"/flashsale_*.deb "$BATS_TEST_TMPDIR/root"
    settings=$BATS_TEST_TMPDIR/root/etc/flashsale/flashsale.conf
    for program in flashsale-fcgi flashsale-generator; do
        "$BATS_TEST_TMPDIR/root/usr/sbin/$program" -t -c "$settings"
    done
    # Exactly these differ from the defaults.
    same "$(diff "$TOP/conf/flashsale.conf" "$settings" | sed --quiet 's/^>  *\([a-z]*\) = .*/\1/p')" \
        $'address\nfile'
}

@test "units are hardened: at most 1.5 by systemd-analyze security" {
    for unit in "$TOP"/deploy/{systemd,login}/*.service; do
        systemd-analyze security --offline=yes --no-pager --threshold=15 "$unit"
    done
}

@test "make install installs below PREFIX, with paths below PREFIX" {
    root=$BATS_TEST_TMPDIR/root
    make --no-print-directory --directory="$TOP" BUILD_DIR="$BUILD_DIR" DESTDIR="$root" PREFIX=/opt/flashsale install
    ls "$root"/opt/flashsale/sbin/flashsale-{fcgi,generator,setup,restart}
    run -1 grep --recursive --extended-regexp '/usr/(sbin|share)/flashsale' "$root/opt" --include='*.service' \
        --include='flashsale*' --exclude-dir=doc --exclude-dir=man --binary-files=without-match
    grep --quiet ' /opt/flashsale/sbin/flashsale-fcgi$' "$root/opt/flashsale/lib/systemd/system/flashsale-fcgi@.service"
    # An operator's changes stay.
    echo '# mine' >"$root/etc/flashsale/flashsale.conf"
    make --no-print-directory --directory="$TOP" BUILD_DIR="$BUILD_DIR" DESTDIR="$root" PREFIX=/opt/flashsale install
    same "$(cat "$root/etc/flashsale/flashsale.conf")" '# mine'
}
