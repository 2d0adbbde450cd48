// A crowd buys the sale empty, each user up to the limit. Then exactly the stock must have been
// sold: by the count of purchases that were answered 200, and by the sale's own count.
//
// The end matters here, not the rate, so buyers come as fast as they are served, and the
// run ends when nothing is left. Nobody else may use the service meanwhile.
//
// BUYERS (50): at once. STOCK: items that must be sold; by default all that are unsold at the
// start. MAX_DURATION (10m).

import { check, fail, sleep } from 'k6';
import * as sale from './lib/sale.js';

const buyers = sale.number('BUYERS', 50);
const answered = new sale.Counter('purchases_answered_minus_stock');
const counted = new sale.Gauge('items_sold_minus_stock');

export const options = sale.optionsFor({
    scenarios: {
        sellout: {
            executor: 'per-vu-iterations',
            vus: buyers,
            iterations: 1,
            maxDuration: sale.text('MAX_DURATION', '10m'),
        },
    },
    limits: { checkout: 500, purchase: 500 },
    thresholds: {
        purchases_answered_minus_stock: ['count==0'],
        items_sold_minus_stock: ['value==0'],
    },
});

export { handleSummary } from './lib/sale.js';

export function setup() {
    const { total, sold } = sale.countSold();
    if (total - sold < 1) {
        fail(`nothing is left to sell: ${sold} of ${total} items are sold`);
    }
    return { soldBefore: sold, stock: sale.number('STOCK', total - sold) };
}

// Waits a short, random time.
function pause() {
    sleep(0.1 + Math.random() / 5);
}

// Others may hold the last items and let them go, so the sale has ended only if a refusal or
// the sale's own count says so.
function isSoldOut(reply) {
    if (reply.outcome === 'sold_out' || reply.outcome === 'sale_closed') {
        return true;
    }
    const page = sale.read('sale_status');
    return page.status === 200 && page.body[sale.member.sold] >= page.body[sale.member.total];
}

// Repeats a purchase until it is answered: asking again is safe.
function purchaseUntilAnswered(code) {
    const triesMax = 20;
    for (let tries = 0; tries < triesMax; tries++) {
        const reply = sale.purchase(code);
        if (reply.status !== 0 && reply.status < 500) {
            return reply;
        }
        pause();
    }
    return fail('a purchase got no answer');
}

// Returns whether the sale goes on.
function buyToTheLimit(user) {
    let bought = 0;
    while (bought < sale.purchaseLimit) {
        const held = sale.checkout(user);
        if (held.code) {
            const reply = purchaseUntilAnswered(held.code);
            check(reply, { 'purchase: 200': () => reply.status === 200 });
            if (reply.status === 200) {
                answered.add(1);
                bought++;
            }
        } else if (held.status === sale.statusOf.limit && bought > 0) {
            break;
        } else if (
            held.status !== sale.statusOf.unavailable &&
            held.status !== 0 &&
            held.status < 500
        ) {
            fail(`a checkout was answered ${held.status}`);
        } else if (isSoldOut(held)) {
            return false;
        } else {
            pause();
        }
    }
    return true;
}

export default function sellout() {
    for (let user = 0; buyToTheLimit(`${sale.newUser()}-${user}`); user++);
}

export function teardown({ soldBefore, stock }) {
    const { total, sold } = sale.countSold();
    answered.add(-stock);
    counted.add(sold - soldBefore - stock);
    check(sold - soldBefore, {
        'exactly the stock is sold': (count) => count === stock,
    });
    console.log(`stock ${stock}, sold ${sold - soldBefore}, left ${total - sold}`);
}
