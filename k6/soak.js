// A long time at a moderate rate, with viewers. Latency must hold in each quarter of the
// run, so that growth shows. Once a sale is sold out, its refusals count like sales.
//
// RATE (50): users a second who check out and purchase. VIEWERS (10): readers of a page a second;
// 0: none. DURATION (30m).

import { check } from 'k6';
import exec from 'k6/execution';
import * as sale from './lib/sale.js';

const rate = sale.number('RATE', 50);
const viewers = sale.number('VIEWERS', 10);
const duration = sale.text('DURATION', '30m');
const quarters = 4;
const pages = ['status', 'sale_status', 'items'].filter(sale.hasPage);
const limits = { checkout: 50, purchase: 100 };

const scenarios = { soak: sale.constantRate(rate, duration) };
if (viewers > 0 && pages.length > 0) {
    scenarios.viewers = sale.constantRate(viewers, duration, { exec: 'view' });
    pages.forEach((name) => {
        limits[name] = 50;
    });
}

const thresholds = {};
for (let quarter = 1; quarter <= quarters; quarter++) {
    const limit = sale.number('CHECKOUT_P95_MS', limits.checkout);
    thresholds[`http_req_duration{name:checkout,quarter:${quarter}}`] = [`p(95)<${limit}`];
}

export const options = sale.optionsFor({ scenarios, limits, thresholds, checks: 0.999 });

export { handleSummary } from './lib/sale.js';

function quarterNow() {
    return {
        quarter: String(Math.min(quarters, Math.floor(exec.scenario.progress * quarters) + 1)),
    };
}

export default function soak() {
    const tags = quarterNow();
    const held = sale.checkout(sale.newUser(), undefined, tags);
    check(held, {
        'checkout: 200 with a code, or refused': (reply) =>
            (reply.status === 200 && !!reply.code) || reply.status === sale.statusOf.unavailable,
    });
    if (!held.code) {
        return;
    }
    check(sale.purchase(held.code, tags), { 'purchase: 200': (reply) => reply.status === 200 });
}

export function view() {
    const page = sale.read(pages[exec.scenario.iterationInTest % pages.length], quarterNow());
    check(page, { 'page: 200': (reply) => reply.status === 200 });
}
