// E's load script: it asks which items there are, by the first and the last of them, then a crowd checks out items by
// their numbers and purchases what it got. Here the crowd asks for each item once before it asks at random, so that
// the run ends with the last item sold. Before that, as its document has it, an id of the client's own is bought.
//
// ITEMS (10000), bought by a tenth as many USERS, ten each; VUS (60) at once; AT_RANDOM (1000) requests afterwards.

import { check, fail, sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { baseUrl, member, number, options as optionsOf, summary } from './lib.js';

const stock = number('ITEMS', 10000);
const users = number('USERS', stock / 10);
const vus = number('VUS', 60);
const atRandom = number('AT_RANDOM', 1000);

export const options = optionsOf({
    purchase_test: {
        executor: 'shared-iterations',
        vus,
        iterations: stock + atRandom,
        maxDuration: '3m',
    },
});

export const handleSummary = summary('e');

// An item's number follows "_item_".
function numberOf(item) {
    const [, digits] = /_item_(\d+)$/.exec(item) || [];
    return Number(digits);
}

// An id of the client's own gives the same code until its item is bought, and then that of another item.
function buyFreeId() {
    const ask = () => member(http.post(`${baseUrl}/checkout?user_id=user-123&id=item-abc`), 'code');
    const code = ask();
    check(code, {
        'wildcard id: has a code': () => !!code,
        'wildcard id: the same code again': () => ask() === code,
    });
    const bought = http.post(`${baseUrl}/purchase?code=${code}`);
    check(bought, {
        'wildcard id: is bought': () => bought.status === 200,
        'wildcard id: then another': () => {
            const next = ask();
            return !!next && next !== code && http.post(`${baseUrl}/purchase?code=${next}`).status === 200;
        },
    });
}

export function setup() {
    const info = http.get(`${baseUrl}/sale/info`);
    const current = http.get(`${baseUrl}/sale/current`);
    const status = http.get(`${baseUrl}/sale/status`);
    check(info, {
        'info: 200': () => info.status === 200,
        'info: has a sale': () => !!member(info, 'sale_id'),
        'info: all items': () => member(info, 'total_items') === stock,
    });
    check(current, {
        'current: 200': () => current.status === 200,
        'current: the same sale': () => member(current, 'sale_id') === member(info, 'sale_id'),
        'current: has begun and will end': () =>
            Date.parse(member(current, 'start_time')) <= Date.now() &&
            Date.parse(member(current, 'end_time')) > Date.now(),
    });
    check(status, {
        'status: nothing is sold yet': () => member(status, 'remaining_items') === stock,
    });
    const items = [...(member(info, 'first_items') || []), ...(member(info, 'last_items') || [])];
    const numbers = items.map(numberOf);
    const first = Math.min(...numbers);
    const last = Math.max(...numbers);
    if (!check(numbers, { 'info: first and last make the stock': () => last - first + 1 === stock })) {
        fail(`first_items and last_items are ${items}`);
    }
    buyFreeId();
    return { first, last };
}

function buy(user, item) {
    const held = http.post(`${baseUrl}/checkout?user_id=${user}&id=${item}`);
    check(held, {
        'checkout: status is 200, 403 or 409': () => [200, 403, 409].includes(held.status),
    });
    if (held.status !== 200) {
        return;
    }
    const bought = http.post(`${baseUrl}/purchase?code=${member(held, 'code')}`);
    check(bought, {
        'purchase: status is 200 or 400': () => [200, 400].includes(bought.status),
    });
}

export default function buyOne({ first, last }) {
    const ordinal = exec.scenario.iterationInTest;
    if (ordinal < stock) {
        buy(`_${ordinal % users}`, first + ordinal);
        return;
    }
    // By then half of them are at the limit, in spite of requests in flight; the others are new.
    const user = ordinal % 2 ? ordinal % Math.floor(users / 2) : ordinal;
    buy(`_${user}`, first + Math.floor(Math.random() * (last - first + 1)));
}

export function teardown() {
    // The page may be a second old in the service, and another second in a cache.
    let left;
    for (let tries = 0; tries < 40 && left !== 0; tries++) {
        const page = http.get(`${baseUrl}/sale/status`);
        left = member(page, 'remaining_items');
        sleep(0.1);
    }
    check(left, { 'status: nothing remains': () => left === 0 });
}
