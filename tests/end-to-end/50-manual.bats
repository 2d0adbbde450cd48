#!/usr/bin/env bats
# The manual pages have all settings and options of the programs.

load helper

setup_file() {
    # No stack is needed.
    unset RUN_DIR
    export MANUAL=$BUILD_DIR/man
    make --no-print-directory --directory="$TOP" manual \
        BUILD_DIR="$(realpath --relative-to="$TOP" "$BUILD_DIR")" >&2
}

settings_in_help() {
    "$BUILD_DIR/flashsale-fcgi" --help | sed --quiet '/^Settings:/,$s/^  \([a-z_]*\.[a-z_]*\) .*/\1/p'
}

@test "flashsale.conf(5) has exactly the programs' settings, in their order" {
    [[ $(settings_in_help | wc --lines) -gt 30 ]]
    same "$(sed --quiet 's/^\.It Va \([^ ]*\) No = .*/\1/p' "$MANUAL/flashsale.conf.5")" "$(settings_in_help)"
}

@test "flashsale.conf(5) has the defaults" {
    grep --quiet '^\.It Va sale\.items_per_sale No = 10000$' "$MANUAL/flashsale.conf.5"
    grep --quiet '^\.It Va log\.level No = \\(dqinfo\\(dq$' "$MANUAL/flashsale.conf.5"
    # No placeholder is left.
    run ! grep '@[A-Z]*@' "$MANUAL/flashsale.conf.5"
}

@test "the programs' pages have every option" {
    for program in flashsale-fcgi flashsale-generator; do
        options=$("$BUILD_DIR/$program" --help | sed --quiet 's/^  \(-[a-z], \)\?--\([a-z-]*\).*/\2/p')
        [[ -n $options ]]
        for option in $options; do
            grep --quiet "Fl .*-$option" "$TOP/docs/man/$program.8" || {
                echo "$program.8 lacks --$option"
                false
            }
        done
    done
}
