#!/usr/bin/env bats
# tests/lint/house.py compares the sources with the rules of docs/ARCHITECTURE.md: rooms, walls, lengths.

load helper

setup_file() {
    # No stack is needed.
    unset RUN_DIR
    export COPY=$BATS_FILE_TMPDIR/copy
    mkdir "$COPY"
    tar --create --directory="$TOP" --exclude=./.git --exclude=./build --exclude=./run --exclude=node_modules . |
        tar --extract --directory="$COPY"
    "$COPY/tests/lint/house.py" | head --lines=-1 >"$BATS_FILE_TMPDIR/before"
}

# finds LINE...: the check of the copy fails, and prints these violations besides the tree's own.
finds() {
    local found
    run -1 "$COPY/tests/lint/house.py"
    found=$(head --lines=-1 <<<"$output" | grep --line-regexp --fixed-strings --invert-match \
        --file="$BATS_FILE_TMPDIR/before") || true
    same "$found" "$(printf '%s\n' "$@")"
}

finds_nothing_new() {
    same "$("$COPY/tests/lint/house.py" | head --lines=-1)" "$(<"$BATS_FILE_TMPDIR/before")"
}

# with_text FILE TEXT COMMAND...: runs it while the copy's file ends with the text.
with_text() {
    local file=$COPY/$1 result=0
    cp --preserve "$file" "$BATS_TEST_TMPDIR/kept"
    printf '%s\n' "$2" >>"$file"
    "${@:3}" || result=$?
    cp --preserve "$BATS_TEST_TMPDIR/kept" "$file"
    return "$result"
}

lines_of() {
    wc --lines <"$COPY/$1"
}

# lines COUNT TEXT: prints the text so many times.
lines() {
    for ((i = 0; i < $1; i++)); do printf '%s\n' "$2"; done
}

@test "the tree keeps the rules" {
    run -0 "$TOP/tests/lint/house.py"
    [[ $output =~ ^10\ rooms,\ [0-9]+\ includes\ between\ them\ in\ [0-9]+\ directions,\ 0\ violations$ ]]
}

@test "an include upwards is found" {
    local line=$(($(lines_of common/text.c) + 1))
    with_text common/text.c '#include "fcgi/sale/code.h"' \
        finds "common/text.c:$line: common/ includes fcgi/sale/, which is above it"
    line=$(($(lines_of fcgi/metrics/metrics.h) + 1))
    with_text fcgi/metrics/metrics.h '#  include "../main.h"' \
        finds "fcgi/metrics/metrics.h:$line: \"../main.h\" is in no room"
}

@test "an include that a row excludes is found" {
    local line=$(($(lines_of fcgi/http/reply.c) + 1))
    with_text fcgi/http/reply.c '#include "fcgi/sale/code.h"' \
        finds "fcgi/http/reply.c:$line: fcgi/http/ includes fcgi/sale/, which its row excludes"
}

@test "a library that only another room may include is found, by any of its headers" {
    local line=$(($(lines_of fcgi/api/routes.c) + 1)) header
    for header in libpq-fe.h fcgiapp.h hiredis/async.h json-c/json.h libconfig.h; do
        with_text fcgi/api/routes.c "#include <$header>" \
            finds "fcgi/api/routes.c:$line: fcgi/api/ includes <$header>, which only other rooms may include"
    done
}

@test "a function in C has at most 70 lines" {
    local line=$(($(lines_of catalog/words.c) + 3))
    local head=$'static int long_one(int a,\n                    int b)\n{'
    # From brace to brace.
    with_text catalog/words.c "$head"$'\n'"$(lines 69 '    a += b;')"$'\n}' \
        finds "catalog/words.c:$line: long_one() has 71 lines, 70 are the most"
    run with_text catalog/words.c "$head"$'\n'"$(lines 68 '    a += b;')"$'\n}' "$COPY/tests/lint/house.py"
    [[ $output != *long_one* ]]
}

@test "a function in SQL has at most 80 lines" {
    local line=$(($(lines_of sql/deploy/status.sql) + 1)) head tail=$'$$;'
    head=$'CREATE OR REPLACE FUNCTION long_one() RETURNS integer\nLANGUAGE sql\nAS $$'
    # Between the quotes.
    with_text sql/deploy/status.sql "$head"$'\n'"$(lines 81 '    SELECT 1;')"$'\n'"$tail" \
        finds "sql/deploy/status.sql:$line: long_one() has 81 lines, 80 are the most"
    run with_text sql/deploy/status.sql "$head"$'\n'"$(lines 80 '    SELECT 1;')"$'\n'"$tail" \
        "$COPY/tests/lint/house.py"
    [[ $output != *long_one* ]]
    # A body without quotes.
    head=$'create function long_one() returns integer\nbegin atomic'
    with_text sql/deploy/status.sql "$head"$'\n'"$(lines 90 '    SELECT 1;')"$'\nend;' \
        finds "sql/deploy/status.sql:$line: long_one() has 93 lines, 80 are the most"
}

@test "a file has at most 30 KB, except documents and data" {
    local file
    for file in www/js/big.js deploy/private/big deploy/systemd/big.service.in; do
        head --bytes=30721 /dev/zero | tr '\0' '#' >"$COPY/$file"
        finds "$file: 30721 bytes, 30720 are the most"
        truncate --size=30720 "$COPY/$file"
        finds_nothing_new
        rm "$COPY/$file"
    done
    [[ $(stat --format=%s "$COPY/fcgi/api/openapi.json") -gt 30720 ]]
    [[ $(stat --format=%s "$COPY/tests/contract/contract.txt") -gt 30720 ]]
}

@test "a room that the table lacks is found, and a folder beside the rooms, and a room without files" {
    mkdir "$COPY/fcgi/util" "$COPY/misc"
    echo 'int x;' >"$COPY/fcgi/util/x.c"
    finds "fcgi/util/x.c: fcgi/util/ is not in the table of rooms (docs/ARCHITECTURE.md)"
    rm --recursive "$COPY/fcgi/util"
    echo 'x' >"$COPY/misc/x.js"
    finds 'misc/: is not in "Rooms" of docs/ARCHITECTURE.md'
    rm --recursive "$COPY/misc"

    mkdir "$COPY/fcgi/empty"
    # shellcheck disable=SC2016 # Markdown's quotes
    sed --in-place 's:^| .catalog/.:| `fcgi/empty/` | nothing | |\n&:' "$COPY/docs/ARCHITECTURE.md"
    finds 'docs/ARCHITECTURE.md: fcgi/empty/ has no C file'
    cp "$TOP/docs/ARCHITECTURE.md" "$COPY/docs"

    # A room that the table lost.
    sed --in-place '/^| .catalog\//d' "$COPY/docs/ARCHITECTURE.md"
    run -1 "$COPY/tests/lint/house.py"
    [[ $output == *'catalog/words.c: catalog/ is not in the table of rooms'* ]]
    [[ $output == *'"catalog/item.h" is in no room'* ]]
    sed --in-place '/^| .*\/. |/d' "$COPY/docs/ARCHITECTURE.md"
    run -1 "$COPY/tests/lint/house.py"
    same "$output" 'docs/ARCHITECTURE.md: the table of rooms is missing'
    cp "$TOP/docs/ARCHITECTURE.md" "$COPY/docs"
}
