#!/usr/bin/env bats
# The standby takes over from a primary that died under load: what was answered is there, and sales go on.

bats_require_minimum_version 1.5.0
load helper

@test "two failovers, there and back: nothing that was answered is lost" {
    hindrance=$(hosts_hindrance)
    [[ -z $hindrance ]] || skip "$hindrance"
    ROUNDS=2 SEED=$((RANDOM % 1000)) "$TOP/tests/hosts/failover" 3>&-
}

code_of() {
    python3 -c 'import base64, struct, sys
sale, number = map(int, sys.argv[1].split("-"))
print(base64.urlsafe_b64encode(struct.pack("!II16s", sale, number, bytes([number] * 16))).decode())' "$1"
}

# What was answered, and the rows that fit it.
write_history() {
    cd "$BATS_TEST_TMPDIR" || return
    cat >history <<EOF
{"kind": "checkout", "user": "amy", "item": "1-7", "code": "$(code_of 1-7)", "status": 200, "outcome": "", "sent": 10, "answered": 11}
{"kind": "checkout", "user": "bob", "item": "1-7", "code": null, "status": 412, "outcome": "held", "sent": 11, "answered": 11}
{"kind": "purchase", "user": "amy", "item": "1-7", "code": "$(code_of 1-7)", "status": 200, "outcome": "", "sent": 12, "answered": 13.5}
{"kind": "purchase", "user": null, "item": null, "code": "$(code_of 1-8)", "status": null, "outcome": "unknown", "sent": 12, "answered": 13}
{"kind": "checkout", "user": "bob", "item": null, "code": null, "status": 503, "outcome": "unavailable", "sent": 13, "answered": 13}
EOF
    printf '1-7|amy|12.5\n' >items
    printf 'amy|accepted|07070707-0707-0707-0707-070707070707\nbob|held|\n' >attempts
}

# compared NAME VALUE [OPTION...]: what the comparison says of it.
compared() {
    same "$("$TOP/tests/hosts/compare.py" --history history --items items --attempts attempts "${@:3}" \
        2>/dev/null | jq --compact-output ".$1")" "$2"
}

@test "the comparison finds what was lost, and what nobody asked for" {
    write_history
    for name in lost_purchases lost_checkouts nobody_asked; do
        compared "$name" 0
    done
    compared unknown 1
    compared refused_503 1
    compared next_sale 13.5 --since 12
    compared next_sale null --since 13

    # An unknown one is there or not.
    printf '1-7|amy|12.5\n1-8|carl|12.5\n' >items
    compared nobody_asked 0
    printf '1-7|amy|12.5\n1-9|carl|12.5\n' >items
    compared nobody_asked 1
    : >items
    compared lost_purchases 1
    printf '1-7|bob|12.5\n' >items
    compared lost_purchases 1

    write_history
    printf 'amy|accepted|07070707-0707-0707-0707-070707070707\n' >attempts
    compared lost_checkouts 1
    printf 'amy|accepted|07070707-0707-0707-0707-070707070708\nbob|held|\n' >attempts
    compared lost_checkouts 1
    printf 'amy|accepted|07070707-0707-0707-0707-070707070707\nbob|sold|\n' >attempts
    compared lost_checkouts 1
}
