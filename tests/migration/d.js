// D's load scenario, in the words of k6: users arrive at a constant rate, and each checks out one of a hundred items.
// Before that, its documented requests, one after the other, each reply as it is printed there.
//
// RATE (10) a second for SECONDS (5); its own: 60. UNAVAILABLE_STATUS (412): of an item that is taken, which its
// document does not have.

import { check } from 'k6';
import http from 'k6/http';
import { baseUrl, member, number, options as optionsOf, run, summary } from './lib.js';

const unavailable = number('UNAVAILABLE_STATUS', 412);
const json = { headers: { 'Content-Type': 'application/json' } };
const hasTime = (value) => !Number.isNaN(Date.parse(value));

export const options = optionsOf({
    checkout_flow: {
        executor: 'constant-arrival-rate',
        rate: number('RATE', 10),
        duration: `${number('SECONDS', 5)}s`,
        preAllocatedVUs: 20,
        maxVUs: 200,
    },
});

export const handleSummary = summary('d');

// One item is bought as the document does it; it is not among the hundred.
export function setup() {
    check(http.get(`${baseUrl}/health`), { 'health: 200': (reply) => reply.status === 200 });
    check(http.get(`${baseUrl}/`), {
        'information: 200, JSON': (reply) => reply.status === 200 && !!member(reply),
    });

    const held = http.post(`${baseUrl}/checkout?user_id=user${run}&item_id=item101`);
    check(held, {
        'checkout: 200': () => held.status === 200,
        'checkout: success': () => member(held, 'success') === true,
        'checkout: has a checkout_code': () => !!member(held, 'checkout_code'),
        'checkout: message': () =>
            member(held, 'message') === 'Checkout code generated successfully',
        'checkout: expires in ten minutes': () =>
            Math.abs(Date.parse(member(held, 'expires_at')) - Date.now() - 600000) < 30000,
        'checkout: item has id, name, description': () =>
            ['id', 'name', 'description'].every((each) => !!member(held, `item.${each}`)),
        'checkout: item has a price': () => member(held, 'item.price') > 0,
    });

    const body = JSON.stringify({ checkout_code: member(held, 'checkout_code') });
    const bought = http.post(`${baseUrl}/purchase`, body, json);
    check(bought, {
        'purchase: 200': () => bought.status === 200,
        'purchase: success': () => member(bought, 'success') === true,
        'purchase: message': () => member(bought, 'message') === 'Purchase completed successfully',
        'purchase: has a purchase_id': () => Number.isInteger(member(bought, 'purchase_id')),
        'purchase: item has id, name': () =>
            !!member(bought, 'item.id') && !!member(bought, 'item.name'),
        'purchase: the total is the price': () =>
            member(bought, 'total_price') > 0 &&
            member(bought, 'total_price') === member(held, 'item.price'),
        'purchase: has a time': () => hasTime(member(bought, 'purchased_at')),
        'purchase: the first of the user': () => member(bought, 'user_purchases') === 1,
    });
}

function upTo(count) {
    return 1 + Math.floor(Math.random() * count);
}

export default function checkoutFlow() {
    const reply = http.post(
        `${baseUrl}/checkout?user_id=${upTo(1000)}&item_id=item${upTo(100)}`,
    );
    check(reply, { 'flow: 200 or taken': () => [200, unavailable].includes(reply.status) });
    if (reply.status === 200) {
        check(reply, { 'flow: has a checkout_code': () => !!member(reply, 'checkout_code') });
    }
}
