#!/usr/bin/env bats
# The standby takes over from a primary that died under load: all acknowledged purchases are there, and sales go on.

bats_require_minimum_version 1.5.0
load helper

@test "a failover under load: nothing acknowledged is lost, and sales go on" {
    hindrance=$(hosts_hindrance)
    [[ -z $hindrance ]] || skip "$hindrance"
    ROUNDS=1 SEED=$((RANDOM % 1000)) "$TOP/tests/hosts/failover" 3>&-
}

# Codes of items 7 and 8 of sale 1; all bytes of their secrets are 7, and 8.
code_7=AAAAAQAAAAcHBwcHBwcHBwcHBwcHBwcH
code_8=AAAAAQAAAAgICAgICAgICAgICAgICAgI

# Writes a history, and rows that agree with it.
write_history() {
    cd "$BATS_TEST_TMPDIR" || return
    cat >history <<EOF
{"kind": "checkout", "user": "amy", "item": "1-7", "code": "$code_7", "status": 200, "outcome": "", "sent": 10, "answered": 11}
{"kind": "checkout", "user": "bob", "item": "1-7", "code": null, "status": 412, "outcome": "held", "sent": 11, "answered": 11}
{"kind": "purchase", "user": "amy", "item": "1-7", "code": "$code_7", "status": 200, "outcome": "", "sent": 12, "answered": 13.5}
{"kind": "purchase", "user": null, "item": null, "code": "$code_8", "status": null, "outcome": "unknown", "sent": 12, "answered": 13}
{"kind": "checkout", "user": "bob", "item": null, "code": null, "status": 503, "outcome": "unavailable", "sent": 13, "answered": 13}
EOF
    printf '1-7|amy|12.5\n' >items
    printf 'amy|accepted|07070707-0707-0707-0707-070707070707\nbob|held|\n' >attempts
}

# compared LOST-PURCHASES LOST-CHECKOUTS NOBODY-ASKED NEXT-SALE [OPTION...]: the expected result of the comparison.
compared() {
    same "$("$TOP/tests/hosts/compare.py" --history history --items items --attempts attempts "${@:5}" \
        2>/dev/null | jq --raw-output '"\(.lost_purchases) \(.lost_checkouts) \(.nobody_asked) " +
        "\(.next_sale) \(.unknown) \(.refused_503)"')" "$1 $2 $3 $4 1 1"
}

@test "the comparison finds lost answers, and items that nobody asked for" {
    write_history
    compared 0 0 0 13.5 --since 12
    compared 0 0 0 null --since 13

    # An unknown purchase may be there or not.
    printf '1-7|amy|12.5\n1-8|carl|12.5\n' >items
    compared 0 0 0 13.5
    printf '1-7|amy|12.5\n1-9|carl|12.5\n' >items
    compared 0 0 1 13.5
    : >items
    compared 1 0 0 null
    printf '1-7|bob|12.5\n' >items
    compared 1 0 0 null

    write_history
    printf 'amy|accepted|07070707-0707-0707-0707-070707070707\n' >attempts
    compared 0 1 0 13.5
    printf 'amy|accepted|07070707-0707-0707-0707-070707070708\nbob|held|\n' >attempts
    compared 0 1 0 13.5
    printf 'amy|accepted|07070707-0707-0707-0707-070707070707\nbob|sold|\n' >attempts
    compared 0 1 0 13.5
}
