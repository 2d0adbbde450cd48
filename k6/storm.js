// A crowd wants items that others have: half of them reserved, half sold. Every checkout must be
// refused, and the service must have counted each one, so nobody else may use it meanwhile. If
// there is no page with the counts, STATUS_PATH= turns the counting off.
//
// RATE (300): checkouts a second. DURATION (20s): shorter than a reservation lasts.
// ITEMS (50): how many items; they are numbered FIRST_ITEM (1) and following.

import { check, fail } from 'k6';
import exec from 'k6/execution';
import * as sale from './lib/sale.js';

const items = sale.number('ITEMS', 50);
const firstItem = sale.number('FIRST_ITEM', 1);
const differenceName = 'checkouts_counted_minus_answered';
const difference = new sale.Counter(differenceName);

export const options = sale.optionsFor({
    scenarios: { storm: sale.constantRate(sale.number('RATE', 300), sale.text('DURATION', '20s')) },
    limits: { checkout: 50 },
    thresholds: sale.hasPage('status') ? { [differenceName]: ['count==0'] } : {},
});

export { handleSummary } from './lib/sale.js';

export function setup() {
    for (let each = 0; each < items; each++) {
        const held = sale.checkout(
            `k6-keeper-${Date.now()}-${each}`,
            sale.itemNumbered(firstItem + each)
        );
        // An item that is already taken serves as well.
        if (held.status !== 200 && held.status !== sale.statusOf.unavailable) {
            fail(`the checkout of item ${firstItem + each} was answered ${held.status}`);
        }
        if (held.code && each % 2 === 1 && sale.purchase(held.code).status !== 200) {
            fail(`the purchase of item ${firstItem + each} was refused`);
        }
    }
    return { countedBefore: sale.hasPage('status') ? sale.countCheckouts() : 0 };
}

export default function storm() {
    const item = firstItem + (exec.scenario.iterationInTest % items);
    const reply = sale.checkout(sale.newUser(), sale.itemNumbered(item));
    const refused = reply.status === sale.statusOf.unavailable && !reply.code;
    check(refused, { 'checkout: refused without a code': (is) => is });
    if (refused || reply.status === 200) {
        difference.add(-1);
    }
}

export function teardown({ countedBefore }) {
    if (sale.hasPage('status')) {
        difference.add(sale.countCheckouts() - countedBefore);
    }
}
