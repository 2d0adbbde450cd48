#!/usr/bin/env bats
# The storefront when one sale ends and the next one begins.

load helper
load storefront

setup_file() {
    storefront_start sale.duration_s=60 sale.sales_ahead=20 sale.items_per_sale=200 sale.hold_s=20
}

@test "the new sale shows within half a second, with nothing untrue before; so do an operator's changes" {
    walk hour
}
