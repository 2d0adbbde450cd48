# shellcheck shell=bash
# What tests of the generator ask the database.

sales() {
    sql 'SELECT count(*) FROM flashsale.sale'
}

every_sale_is_whole() {
    same "$(sql 'SELECT s.sale_id FROM flashsale.sale s
                 WHERE s.items_total <> (SELECT count(DISTINCT i.name) FROM flashsale.item i
                                         WHERE i.sale_id = s.sale_id
                                           AND i.number BETWEEN 1 AND s.items_total)
                    OR s.items_total <> (SELECT count(*) FROM flashsale.item i
                                         WHERE i.sale_id = s.sale_id)')" ''
    same "$(sql 'SELECT count(*) FROM flashsale.item
                 WHERE sale_id NOT IN (SELECT sale_id FROM flashsale.sale)')" 0
    same "$(sql 'SELECT count(*) FROM (SELECT ends_at <> lead(starts_at) OVER (ORDER BY starts_at)
                 AS gap FROM flashsale.sale) s WHERE gap')" 0
}

# Whether a generator's transaction has begun to write.
is_at_work() {
    [[ $(sql "SELECT count(*) FROM pg_stat_activity WHERE usename = 'flashsale_generator'
              AND backend_xid IS NOT NULL") -gt 0 ]]
}

is_gone() {
    [[ $(sql "SELECT count(*) FROM pg_stat_activity WHERE usename = 'flashsale_generator'") -eq 0 ]]
}
