import assert from 'node:assert/strict';
import { test } from 'node:test';

import { delayMs, mayPass, TRIES_MAX, withRetry } from '../../../www/js/retry.js';

const reply = (status, outcome = '', retryAfterS = 0) =>
    ({ status, body: {}, outcome, retryAfterS });

test('temporary failures are retried, decisions are not', () => {
    for (const passing of [reply(0), reply(502), reply(503, 'unavailable'), reply(504), reply(429),
        reply(429, 'too_many_requests')])
        assert.equal(mayPass(passing), true);
    for (const final of [reply(200), reply(400, 'bad_request'), reply(403),
        reply(404, 'unknown_code'), reply(412, 'held'), reply(412, 'not_yet'),
        // An operator may give the other decisions this status.
        ...['user_limit', 'hold_limit', 'not_yet', 'held'].map((outcome) => reply(429, outcome))])
        assert.equal(mayPass(final), false);
});

test('waits grow, are random, and are never shorter than Retry-After', () => {
    for (let tries = 1; tries < TRIES_MAX; tries++) {
        assert.ok(delayMs(tries, 0, () => 0) < delayMs(tries, 0, () => 0.99));
        assert.ok(delayMs(tries, 3, () => 0) >= 3000);
        if (tries > 1) assert.ok(delayMs(tries, 0, () => 0) >= delayMs(tries - 1, 0, () => 0));
    }
    assert.ok(delayMs(50, 0, () => 1) <= 12000);
});

test('tries end with a final answer, or after the last one', async () => {
    Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true });
    const run = async (replies) => {
        const waits = [];
        const slept = [];
        let asked = 0;
        const answer = await withRetry(
            async () => replies[Math.min(asked++, replies.length - 1)],
            (waitMs) => waits.push(waitMs),
            async (ms) => slept.push(ms));
        assert.deepEqual(slept, waits);
        return { asked, waits, answer };
    };
    const recovered = await run([reply(503), reply(0), reply(200)]);
    assert.equal(recovered.answer.status, 200);
    assert.equal(recovered.waits.length, 2);
    const gone = await run([reply(503, 'unavailable', 1)]);
    assert.equal(gone.answer.status, 503);
    assert.equal(gone.asked, TRIES_MAX);
    assert.ok(gone.waits.every((waitMs) => waitMs >= 1000));
    // A Retry-After of an hour ends the tries.
    const closed = await run([reply(503, 'unavailable', 3600)]);
    assert.equal(closed.asked, 1);
});
