#!/usr/bin/env bats
# Measurements of the storefront: speed, layout shift, focus, age of data.

load helper
load storefront

setup_file() {
    storefront_start sale.hold_s=$((8 + 4 * TEST_SLOWNESS))
}

@test "the page preloads all modules, so that none waits for another" {
    local modules preloaded
    modules=$(cd "$TOP/www/js" && printf '%s\n' *.js)
    preloaded=$(sed --quiet 's#.*<link rel="modulepreload" href="/www/js/\(.*\)">.*#\1#p' "$TOP/www/index.html")
    same "$(printf '%s\nmain.js\n' "$preloaded" | sort)" "$(sort <<<"$modules")"
    # Each is imported by another one, so that none is loaded in vain.
    for module in $preloaded; do
        grep --quiet --extended-regexp "(from|import) '\./$module'" "$TOP"/www/js/*.js
    done
}

@test "the first view asks for each path once, and is less than 100 KB" {
    walk arrival
}

@test "nothing moves by itself, on a desktop" {
    walk shift-desk
}

@test "nothing moves by itself, on a phone" {
    walk shift-phone
}

@test "performance of 0.95, by Lighthouse's weights" {
    walk performance
}

@test "the focus is never hidden, at 320, 390 and 820 pixels and at 200 %" {
    walk focus
}

@test "each poll takes one request, and its data is at most a second old" {
    walk fresh
}
