#!/usr/bin/env bats
# What of the storefront is measured: speed, layout shift, where the focus is, how old what is told may be.

load helper
load storefront

setup_file() {
    storefront_start sale.hold_s=$((8 + 4 * TEST_SLOWNESS))
}

@test "the page names all modules that it loads, so that none waits for another" {
    local modules preloaded
    modules=$(cd "$TOP/www/js" && printf '%s\n' *.js)
    preloaded=$(sed --quiet 's#.*<link rel="modulepreload" href="/www/js/\(.*\)">.*#\1#p' "$TOP/www/index.html")
    same "$(printf '%s\nmain.js\n' "$preloaded" | sort)" "$(sort <<<"$modules")"
    # Each is imported by another, so none is loaded for nothing.
    for module in $preloaded; do
        grep --quiet --extended-regexp "(from|import) '\./$module'" "$TOP"/www/js/*.js
    done
}

@test "the first view asks for each path once, and is less than 100 KB" {
    walk arrival
}

@test "nothing moves by itself, at a desk" {
    walk shift-desk
}

@test "nothing moves by itself, on a phone" {
    walk shift-phone
}

@test "performance of 0.95, by what Lighthouse weighs" {
    walk performance
}

@test "the focus is never hidden, at 320, 390 and 820 pixels and enlarged twice" {
    walk focus
}

@test "each poll is answered by one request, with what is a second old at most" {
    walk fresh
}
