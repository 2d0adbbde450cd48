// B's scripts. Its load script: the service is healthy; some users check out and purchase up to the limit, others only
// check out. Its limit script: a user buys ten items and can check out an eleventh, whose purchase is refused with the
// words of its document.
//
// START_ITEM_ID (1000), USERS (3) of each kind, PAUSE_S (0.2).

import { check, fail, group, sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { baseUrl, member, number, options as optionsOf, run, summary } from './lib.js';

const limit = 10;
const firstItem = number('START_ITEM_ID', 1000);
const users = number('USERS', 3);
const pauseSeconds = number('PAUSE_S', 0.2);
const limitText = 'User has reached the maximum of 10 items per sale';

function each(flow, more = {}) {
    return Object.assign(
        { executor: 'per-vu-iterations', vus: users, iterations: 1, maxDuration: '60s', exec: flow },
        more,
    );
}

export const options = optionsOf({
    checkout_purchase_flow: each('buyTen'),
    checkout_only_flow: each('onlyCheckOut'),
    limit: each('buyEleven', { vus: 1 }),
});

export const handleSummary = summary('b');

export function setup() {
    const reply = http.get(`${baseUrl}/health`);
    if (!check(reply, { 'health: status is 200': () => reply.status === 200 })) {
        fail(`/health answered ${reply.status}`);
    }
}

// Each user has items of its own.
function itemOf(ordinal) {
    return firstItem + exec.vu.idInTest * (limit + 1) + ordinal;
}

// Returns the code, or undefined.
function checkOut(user, item) {
    const reply = http.post(`${baseUrl}/checkout?user_id=${user}&id=${item}`);
    check(reply, {
        'checkout: status is 200': () => reply.status === 200,
        'checkout: has a code': () => !!member(reply, 'code'),
    });
    return member(reply, 'code');
}

function buy(user, item) {
    const code = checkOut(user, item);
    sleep(pauseSeconds);
    const reply = http.post(`${baseUrl}/purchase?code=${code}`);
    check(reply, {
        'purchase: status is 200': () => reply.status === 200,
        'purchase: message is "Purchase successful"': () =>
            member(reply, 'message') === 'Purchase successful',
    });
}

export function buyTen() {
    const user = `k6_user_${run}_${exec.vu.idInTest}`;
    for (let i = 0; i < limit; i++) {
        group('Checkout and purchase', () => buy(user, itemOf(i)));
    }
}

export function onlyCheckOut() {
    const user = `k6_checkout_only_${run}_${exec.vu.idInTest}`;
    for (let i = 0; i < limit; i++) {
        group('Checkout only', () => checkOut(user, itemOf(i)));
        sleep(pauseSeconds);
    }
}

// Its script searches the text of the reply for the words.
export function buyEleven() {
    buyTen();
    const user = `k6_user_${run}_${exec.vu.idInTest}`;
    const code = checkOut(user, itemOf(limit));
    check(code, { 'limit: the 11th checkout succeeds': () => !!code });
    const reply = http.post(`${baseUrl}/purchase?code=${code}`);
    check(reply, {
        'limit: the 11th purchase is refused': () => reply.status === 429,
        'limit: no "Purchase successful" in it': () => !reply.body.includes('Purchase successful'),
        'limit: it says why': () => reply.body.includes(limitText),
    });
}
