// One user walks through the contract, request by request.
//
// ITERATIONS (3): how many times.

import { check } from 'k6';
import * as sale from './lib/sale.js';

export const options = sale.optionsFor({
    scenarios: {
        smoke: {
            executor: 'per-vu-iterations',
            vus: 1,
            iterations: sale.number('ITERATIONS', 3),
            maxDuration: '1m',
        },
    },
    limits: {
        checkout: 250,
        purchase: 250,
        health: 250,
        status: 250,
        sale_status: 250,
        items: 250,
    },
});

export { handleSummary } from './lib/sale.js';

function readPages() {
    for (const name of ['health', 'status', 'sale_status', 'items']) {
        if (sale.hasPage(name)) {
            check(sale.read(name), { [`${name}: 200 with JSON`]: is200WithJson });
        }
    }
}

function is200WithJson(page) {
    return page.status === 200 && Object.keys(page.body).length > 0;
}

function buy(user) {
    const held = sale.checkout(user);
    check(held, { 'checkout: 200 with a code': (reply) => reply.status === 200 && !!reply.code });
    const bought = sale.purchase(held.code);
    check(bought, { 'purchase: 200': (reply) => reply.status === 200 });
    const again = sale.purchase(held.code);
    check(again, {
        'purchase again: the same answer': (reply) =>
            reply.status === 200 && reply.text === bought.text,
    });
    return held.item;
}

function beRefused(user, item) {
    if (item) {
        check(sale.checkout(`${user}-other`, item), {
            'checkout of a sold item: refused without a code': (reply) =>
                reply.status === sale.statusOf.unavailable && !reply.code,
        });
    }
    check(sale.checkout(''), {
        'checkout by nobody: refused': (reply) => reply.status === sale.statusOf.badRequest,
    });
    check(sale.purchase('AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'), {
        'purchase by a code nobody gave: refused': (reply) =>
            reply.status === sale.statusOf.unknownCode,
    });
}

export default function smoke() {
    const user = sale.newUser();
    readPages();
    beRefused(user, buy(user));
}
