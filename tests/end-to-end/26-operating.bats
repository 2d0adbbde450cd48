#!/usr/bin/env bats
# The generator's answers to operators: which sales exist, whether one is sound, what a run would do.

load helper

setup_file() {
    stack_start sale.items_per_sale=100
}

# ask OPTION...: the JSON goes to the file $answer, the exit status is the result.
ask() {
    answer=$BATS_TEST_TMPDIR/answer
    # In a subshell, which the generator replaces (exec).
    (generator "$@" --json) >"$answer"
}

answer() {
    jq --raw-output "$1" "$answer"
}

# everything: all relations and rows, without the lines that differ between dumps.
everything() {
    pg_dump --host="$RUN_DIR/postgresql" --username=postgres flashsale |
        grep --invert-match --extended-regexp '^.(un)?restrict ' | sha256sum
}

@test "--list: each sale, the newest first, with the status that /sale/status says" {
    code=$(hold amy)
    post "/purchase?code=$code"
    expect 200
    ask --list
    same "$(answer '[.sales[] | .sale_id] | join(" ")')" "$(sql "SELECT string_agg(sale_id::text, ' '
        ORDER BY starts_at DESC) FROM flashsale.sale")"
    same "$(answer '.sales | length')" 2
    same "$(answer '.sales[] | [.sale_id, .status, .items_total, .items_sold, .purchase_limit, .hold_s,
        .holds_max, .draw_s] | join("|")')" $'2|scheduled|100|0|10|600|10|0\n1|active|100|1|10|600|10|0'
    request GET /sales
    same "$(answer '[.sales[] | .starts_at, .ends_at | sub("\\+00:00$"; "Z") | fromdate]')" \
        "$(json '[.page[] | .starts_at, .ends_at | sub("\\.000Z$"; "Z") | fromdate]')"

    run -0 generator --list
    same "${#lines[@]}" 3
    [[ ${lines[0]} =~ ^sale_id\ +status\ +starts_at\ +ends_at\ +items_total\ +items_sold\ +purchase_limit\ +hold_s\ +holds_max\ +draw_s$ ]]
    [[ ${lines[1]} =~ ^\ +2\ +scheduled\ +[0-9]{4}-[0-9-]+\ 00:00:00\+00\ .*\ 100\ +0\ +10\ +600\ +10\ +0$ ]]
    # Columns are aligned.
    same "$(awk '{print index($0, "active") index($0, "status") index($0, "scheduled")}' <<<"$output" |
        sort --unique | wc --lines)" 3
    same "${#lines[0]}" "${#lines[1]}"
    same "${#lines[0]}" "${#lines[2]}"
}

@test "--audit: a sound sale, by exit status, as text and as JSON" {
    run -0 generator --audit 1
    same "$output" 'sale 1 is sound'
    ask --audit 1
    same "$(jq --compact-output . "$answer")" '{"sale_id":1,"log_is_kept":true,"violations":[]}'
}

@test "--audit: a row for each violation, exit status 1; no user id is a command to the terminal" {
    sql "UPDATE flashsale.buyer SET numbers = numbers || 100 WHERE user_id = 'amy'"
    sql "INSERT INTO flashsale.buyer VALUES (1, E'e\\033[2Jve', ARRAY[100], 1, 10)"
    run -1 generator --audit 1
    printf '%s\n' "$output"
    same "${lines[-1]}" 'sale 1: 3 violations'
    same "${#lines[@]}" 5
    [[ $output == *sold_twice*100*'bought 2 times'* && $output == *'e?[2Jve'* && $output != *$'\033'* ]]
    status=0
    ask --audit 1 || status=$?
    same "$status" 1
    same "$(answer '.violations | map([.violation, .number, .user_id, .detail] | join(" ")) | .[]')" \
        "$(sql "SELECT concat_ws(' ', violation, number, user_id, detail) FROM flashsale.sale_audit(1)
                ORDER BY violation, number, user_id")"

    sql "DELETE FROM flashsale.buyer WHERE user_id LIKE 'e%'"
    sql "UPDATE flashsale.buyer SET numbers = numbers[1:1] WHERE user_id = 'amy'"
    run -0 generator --audit 1
}

@test "--audit: an unknown sale is an error" {
    run -1 generator --audit 99
    [[ $output == *no_such_sale* ]]
}

@test "--audit: a sale whose log was dropped is audited without it" {
    sql "UPDATE flashsale.sale SET starts_at = starts_at - interval '1 month',
         generated_at = generated_at - interval '1 month' WHERE sale_id = 1"
    # Only the log shows this violation.
    sql 'CREATE TABLE log AS TABLE flashsale.attempt'
    sql 'TRUNCATE flashsale.attempt'
    run -0 generator --audit 1
    [[ ${lines[0]} == 'sale 1 is sound' && ${lines[1]} == *'past retention'* ]]
    ask --audit 1
    same "$(answer .log_is_kept)" false
    sql 'INSERT INTO flashsale.attempt TABLE log'
    sql 'DROP TABLE log'
    sql "UPDATE flashsale.sale SET starts_at = starts_at + interval '1 month',
         generated_at = generated_at + interval '1 month' WHERE sale_id = 1"
    ask --audit 1
    same "$(answer .log_is_kept)" true
}

@test "--dry-run: says what a run would make and drop, changes nothing, and a run does just that" {
    # A partition of the log that is past retention.
    sql "SET ROLE flashsale_owner;
         CREATE TABLE flashsale.attempt_2026_01_01 PARTITION OF flashsale.attempt
         FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2026-01-02 00:00:00+00')"
    terms=(-o sale.sales_ahead=3 -o sale.items_per_sale=70 -o sale.purchase_limit=3 -o sale.hold_s=45
        -o sale.holds_max=0)
    before=$(everything)
    ask --dry-run "${terms[@]}"
    cp "$answer" "$BATS_TEST_TMPDIR/plan"
    run -0 generator --dry-run "${terms[@]}"
    same "$(everything)" "$before"
    same "$(grep --count '^20' <<<"$output")" 2
    [[ $output == *'drop    attempt_2026_01_01  2026-01-01'* ]]

    same "$(answer '[.sales[] | [.items_total, .purchase_limit, .hold_s, .stays_open, .holds_max, .draw_s] | join("|")] | unique[]')" \
        '70|3|45|false||0'
    run -0 generator "${terms[@]}"
    answer=$BATS_TEST_TMPDIR/plan
    same "$(answer '.sales[] | [.starts_at, .ends_at] | map(sub("T"; " ") | sub("\\+00:00$"; "+00")) | join("|")')" \
        "$(sql 'SELECT starts_at, ends_at FROM flashsale.sale WHERE sale_id > 2 ORDER BY starts_at')"
    same "$(sql 'SELECT DISTINCT holds_max, draw_s FROM flashsale.sales WHERE sale_id > 2')" '0|0'
    same "$(sql 'SELECT count(*) FROM flashsale.item WHERE sale_id > 2')" 140
    [[ $(answer '[.partitions[] | select(.action == "make")] | length') -ge 14 ]]
    for partition in $(answer '.partitions[] | select(.action == "make").partition'); do
        same "$(sql "SELECT relkind FROM pg_class WHERE oid = 'flashsale.$partition'::regclass")" r
    done
    same "$(answer '.partitions[] | select(.action == "drop").partition')" attempt_2026_01_01
    same "$(sql "SELECT to_regclass('flashsale.attempt_2026_01_01')")" ''

    ask --dry-run "${terms[@]}"
    same "$(jq --compact-output . "$answer")" '{"sales":[],"partitions":[]}'
    run -0 generator --dry-run "${terms[@]}"
    same "${#lines[@]}" 2
}

@test "answers have no limit of length: a thousand sales" {
    ask --dry-run -o sale.sales_ahead=1000
    [[ $(stat --format=%s "$BATS_TEST_TMPDIR/answer") -gt 100000 ]]
    same "$(answer '.sales | length')" "$(sql "SELECT 1001 - count(*) FROM flashsale.sale")"
    same "$(answer '[.sales[].starts_at] == ([.sales[].starts_at] | unique)')" true
    run -0 generator --dry-run -o sale.sales_ahead=1000
    same "$(grep --count '^20' <<<"$output")" "$(answer '.sales | length')"
}

@test "--dry-run: no function that it calls can change anything" {
    # Its function that lists partitions now tries to create one.
    sql 'ALTER FUNCTION flashsale.attempt_partitions_due RENAME TO asked'
    sql "SET ROLE flashsale_owner;
         CREATE FUNCTION flashsale.attempt_partitions_due(timestamptz, integer)
         RETURNS TABLE (action text, partition text, day date) LANGUAGE plpgsql SECURITY DEFINER
         AS 'BEGIN CREATE TABLE flashsale.made (); END';
         GRANT EXECUTE ON FUNCTION flashsale.attempt_partitions_due TO flashsale_generator"
    run -3 generator --dry-run
    sql 'DROP FUNCTION flashsale.attempt_partitions_due'
    sql 'ALTER FUNCTION flashsale.asked RENAME TO attempt_partitions_due'
    [[ $output == *'read-only transaction'* ]]
    run -0 generator --dry-run
}

@test "leftover rows of a deleted sale: a clear message and no sale; without them the sale is made" {
    last=$(sql 'SELECT max(sale_id) FROM flashsale.sale')
    sql "DELETE FROM flashsale.item WHERE sale_id = $last"
    sql "DELETE FROM flashsale.sale WHERE sale_id = $last"
    for table in sale_stripe buyer; do
        run -1 generator -o sale.sales_ahead=3 -o sale.items_per_sale=70
        printf '%s\n' "$output"
        [[ $output == *"left over"*OPERATIONS.md* && $output != *'pass faster'* ]]
        same "$(sql 'SELECT max(sale_id) FROM flashsale.sale')" $((last - 1))
        sql "INSERT INTO flashsale.buyer VALUES ($last, 'amy', ARRAY[1], 1, 10) ON CONFLICT DO NOTHING"
        sql "DELETE FROM flashsale.$table WHERE sale_id = $last"
    done
    run -0 generator -o sale.sales_ahead=3 -o sale.items_per_sale=70
    same "$(sql 'SELECT max(sale_id) FROM flashsale.sale')" "$last"
}

# document_sql TABLE: the SQL of docs/OPERATIONS.md that begins with that temporary table, with the lines around it.
document_sql() {
    awk -v "table=CREATE TEMPORARY TABLE $1 " '
        /^    BEGIN;$/ { text = ""; is_sql = 1 }
        is_sql { sub(/^    /, ""); text = text $0 "\n" }
        /^COMMIT;$/ && is_sql { is_sql = 0; if (index(text, table)) printf "%s", text }' "$TOP/docs/OPERATIONS.md"
}

@test "docs/OPERATIONS.md: a sale that has not begun, and one of long ago, are deleted, with a draw, too" {
    run -0 generator -o sale.sales_ahead=5 -o sale.items_per_sale=70 -o sale.draw_s=20
    same "$(sql 'SELECT count(*) FROM flashsale.draw_secret')" 2
    last=$(sql 'SELECT max(sale_id) FROM flashsale.sale')
    # The sale before the last one is of long ago now.
    sql "UPDATE flashsale.sale SET starts_at = starts_at - interval '2 years', ends_at = ends_at - interval '2 years'
         WHERE sale_id = $last - 1"
    sql "$(document_sql old)"
    same "$(sql "SELECT count(*) FROM flashsale.sale WHERE sale_id IN ($last - 1, $last)")" 1
    sql "$(document_sql unmade)"
    same "$(sql 'SELECT count(*) FROM flashsale.sale WHERE starts_at > now()')" 0
    same "$(sql 'SELECT count(*) FROM flashsale.draw_secret')" 0
    same "$(sql 'SELECT count(*) FROM flashsale.item WHERE sale_id NOT IN (SELECT sale_id FROM flashsale.sale)')" 0
    run -0 generator -o sale.sales_ahead=3 -o sale.items_per_sale=70
}

@test "no answer, or one that cannot be written: exit status 3" {
    for option in --list '--audit=1' --dry-run; do
        run -3 generator "$option" -o "database.generator_conninfo=host=$BATS_TEST_TMPDIR"
        run -3 bash -c "exec \"\$@\" >/dev/full" - "$BUILD_DIR/flashsale-generator" "$option" \
            -o "database.generator_conninfo=host=$RUN_DIR/postgresql dbname=flashsale user=flashsale_generator"
    done
}

@test "docs/OPERATIONS.md describes exactly the existing alerts and violations" {
    cd "$TOP"
    same "$(sed --quiet 's/^### \(Flashsale[A-Za-z]*\) (\([a-z]*\))$/\1 \2/p' docs/OPERATIONS.md | LC_ALL=C sort)" \
        "$(sed --quiet 's/^ *- alert: \(.*\)/\1/p; s/^ *severity: \(.*\)/\1/p' \
            deploy/prometheus/flashsale.rules.yml | paste --delimiters=' ' - - | LC_ALL=C sort)"
    # shellcheck disable=SC2016 # they are Markdown's
    same "$(sed --quiet '/^| violation/,/^$/s/^| `\([a-z_]*\)`.*/\1/p' docs/OPERATIONS.md | LC_ALL=C sort)" \
        "$(sql "SELECT DISTINCT m[1] FROM pg_proc p
                CROSS JOIN LATERAL regexp_matches(p.prosrc, 'SELECT ''([a-z_]+)''', 'g') m
                WHERE p.proname LIKE '%audit%' AND p.pronamespace = 'flashsale'::regnamespace
                ORDER BY 1")"
}

@test "sql/ is taken back change by change, and deployed again" {
    local -x PGHOST=$RUN_DIR/postgresql PGUSER=postgres
    createdb taken_back
    cd "$TOP/sql"
    for _ in 1 2; do
        sqitch deploy --verify --target db:pg:taken_back
        sqitch revert -y --target db:pg:taken_back
        same "$(psql --no-psqlrc --no-align --tuples-only --command="SELECT to_regnamespace('flashsale') IS NULL" taken_back)" t
    done
}
