import assert from 'node:assert/strict';
import { test } from 'node:test';

import { poll, pauseMs, SPREAD_MS } from '../../../www/js/poll.js';

test('polls aim at the moment, with a spread', () => {
    for (const dueMs of [0, 10, 900, 1400])
        for (const random of [0, 0.5, 0.999]) {
            const pause = pauseMs(1000, dueMs, () => random);
            assert.ok(pause >= dueMs && pause <= dueMs + SPREAD_MS, `${dueMs}: ${pause}`);
        }
    // No change is due, or not yet.
    for (const dueMs of [Infinity, 60000, 1501]) {
        assert.equal(pauseMs(1000, dueMs, () => 0), 1000);
        assert.equal(pauseMs(1000, dueMs, () => 1), 1500);
    }
});

test('an overdue change makes polls frequent, for a while', () => {
    assert.ok(pauseMs(1000, -1, () => 1) <= 300);
    assert.ok(pauseMs(1000, -2900, () => 0) >= 200);
    assert.equal(pauseMs(1000, -60000, () => 0), 1000);
});

test('a fault in handling an answer does not stop the polls', async (t) => {
    const never = { addEventListener() {}, hidden: false };
    Object.assign(globalThis, { document: never, addEventListener() {} });
    Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true });
    // node:test's mock timers take other arguments in Debian 12's Node than in later ones.
    const waiting = [];
    t.mock.method(globalThis, 'setTimeout', (callback) => waiting.push(callback));
    t.mock.method(globalThis, 'clearTimeout', () => {});
    let asked = 0;
    const thrown = [];
    globalThis.reportError = (error) => thrown.push(error.message);
    poll(async () => {
        asked++;
        if (asked === 1) throw new Error('this page has no sales');
        return { status: asked === 2 ? 0 : 200, body: {}, outcome: '', retryAfterS: 0 };
    }, 1000);
    for (let i = 0; i < 3; i++) {
        for (let turn = 0; turn < 5; turn++) await null;
        waiting.splice(0).forEach((callback) => callback());
    }
    assert.ok(asked >= 3, String(asked));
    assert.deepEqual(thrown, ['this page has no sales']);
});
