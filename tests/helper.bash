# Shared by all tests in bats: paths, waiting, comparing.
#
# BUILD_DIR (build); TEST_SLOWNESS (1): a factor for time limits, for builds with sanitizers.
# shellcheck shell=bash

# shellcheck source=deploy/environment
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/environment"

TOP=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
: "${BUILD_DIR:=$TOP/build}" "${TEST_SLOWNESS:=1}"
BUILD_DIR=$(realpath --canonicalize-missing "$BUILD_DIR")
# Failed checks end the program (common/check.h).
export TOP BUILD_DIR TEST_SLOWNESS CHECKS=stop

# For tests that have hosts of their own.
no_proxies() {
    unset http_proxy https_proxy ftp_proxy all_proxy HTTP_PROXY HTTPS_PROXY FTP_PROXY ALL_PROXY
}

fail() {
    printf '%s\n' "$*" >&2
    return 1
}

same() {
    [[ $1 == "$2" ]] || fail "expected: $2"$'\n'"got:      $1"
}

now_ms() {
    printf '%s' "$((${EPOCHREALTIME/[.,]/} / 1000))"
}

# wait_until MS COMMAND...: repeats it until it succeeds; fails after MS (times TEST_SLOWNESS).
wait_until() {
    local deadline=$(($(now_ms) + $1 * TEST_SLOWNESS))
    shift
    until "$@" >/dev/null 2>&1; do
        [[ $(now_ms) -le $deadline ]] || fail "waited too long for: $*" || return
        sleep 0.02
    done
}

# history_is_sold HISTORY BEFORE SQL...: all purchases that were acknowledged (before that time, in seconds, or null for
# any) are in the rows; SQL... is a command that runs a query.
history_is_sold() {
    jq --raw-output --argjson before "$2" 'select(.kind == "purchase" and .status == 200
        and ($before == null or .answered < $before)) | .item + " " + .user' "$1" |
        sort --unique >"$BATS_TEST_TMPDIR/told"
    "${@:3}" "SELECT sale_id || '-' || number || ' ' || held_by FROM flashsale.item
        WHERE purchased_at IS NOT NULL" | sort >"$BATS_TEST_TMPDIR/sold"
    [[ -s $BATS_TEST_TMPDIR/told ]]
    same "$(comm -23 "$BATS_TEST_TMPDIR/told" "$BATS_TEST_TMPDIR/sold" | head)" ''
}

# sample_holds FOLDER SQL...: until FOLDER/stop exists, adds lines to FOLDER/samples: the most items that a user holds at
# one moment, and how many users hold any. SQL... is a command that runs a query.
sample_holds() {
    until [[ -e $1/stop ]]; do
        # By the time at which the rows are looked at: now() is earlier than the newest of them.
        "${@:2}" 'SELECT coalesce(max(holds), 0), count(*) FROM (
            SELECT count(*) AS holds FROM flashsale.item
            WHERE purchased_at IS NULL AND held_until > clock_timestamp() GROUP BY sale_id, held_by) h' \
            >>"$1/samples" 2>>"$1/samples.err" || sleep 0.1
    done
}

# holds_are_bound HISTORY HOLDS_MAX HOLD_S FOLDER SQL...: by the samples, and by what the clients saw, no user of sale 1
# held more at once, and nobody was refused more with fewer. Prints what tests/client/holds.py counted.
holds_are_bound() {
    [[ $(wc --lines <"$4/samples") -ge 20 ]] || fail "too few samples: $(cat "$4/samples" "$4/samples.err")" || return
    same "$(cut --delimiter='|' --fields=1 "$4/samples" | sort --numeric-sort | tail --lines=1)" "$2" || return
    "${@:5}" "SELECT user_id, outcome, sale_id || '-' || number, secret, extract(epoch FROM attempted_at)
        FROM flashsale.attempt WHERE sale_id = 1" >"$4/attempts"
    "$TOP/tests/client/holds.py" --history "$1" --log "$4/attempts" --holds-max "$2" --hold-s "$3"
}

# told_of HISTORY WHAT TURN: how many checkouts of that kind got an item (crowd.py, parallel).
told_of() {
    jq --slurp --arg what "$2" --argjson turn "$3" \
        'map(select(.what == $what and .turn == $turn and .status == 200)) | length' "$1"
}

# within MS COMMAND...: it must succeed in that time (times TEST_SLOWNESS).
within() {
    local began limit=$(($1 * TEST_SLOWNESS))
    shift
    began=$(now_ms)
    "$@" || return
    local took=$(($(now_ms) - began))
    [[ $took -le $limit ]] || fail "$*: took $took ms, longer than $limit"
}
