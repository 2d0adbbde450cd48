import assert from 'node:assert/strict';
import { test } from 'node:test';

process.env.TZ = 'UTC';
const { holdsAtOnce, refusal, terms, toReserve, turnIn, turnWords, unavailable } =
    await import('../../../www/js/words.js');

const AT = Date.parse('2026-11-21T14:05:09Z');
const NOW = AT - 151000;
const circumstances = (change) => ({
    name: '', nextSaleAt: NaN, now: NOW, opensAt: NaN, holdsMax: 0, roomAt: NaN, ...change,
});

test('before the turn: when it comes, and what can be done till then', () => {
    assert.equal(turnIn(AT, NOW), 'Your turn comes in 3 minutes: you can reserve from 14:05:09.');
    assert.equal(turnIn(NOW, NOW), 'Your turn comes now.');
    const sale = { drawEndsAt: Date.parse('2026-11-21T14:30:00Z') };
    assert.equal(turnWords('waits', sale, AT, NOW, true),
        'You can reserve from 14:05:09. Until then, look around.');
    assert.equal(turnWords('came', sale, AT, AT, true), 'Your turn has come. Open to all from 14:30.');
    assert.match(turnWords('over', sale, AT, AT, true), /open to all/);
    assert.equal(turnWords('unknown', sale, NaN, AT, false), 'Turns are drawn.');
    assert.match(turnWords('unknown', sale, NaN, AT, true), /Looking yours up/);
    assert.equal(toReserve('not_yet', circumstances({ opensAt: AT })), 'From 14:05');
    assert.equal(toReserve('not_yet', circumstances({ opensAt: NOW + 2 * 86400000 })), 'Not yet');
    assert.equal(toReserve('', circumstances()), 'Reserve');
});

test('the service and the page say the same of a turn and of the bound', () => {
    const c = circumstances({ opensAt: AT, holdsMax: 3, roomAt: AT });
    for (const [outcome, says] of [
        ['not_yet', /^Your turn comes in 3 minutes: .* from 14:05:09\. Until then, look around\.$/],
        ['hold_limit', /at once, which is 3\. Buy one of them, or wait until 14:05:09\.$/],
    ]) {
        const told = refusal({ status: 429, outcome, body: {}, retryAfterS: 9 }, c);
        assert.match(told, says);
        assert.equal(unavailable(outcome, c), told);
    }
    // Neither the bound nor the end of a hold is known.
    assert.equal(unavailable('hold_limit', circumstances()),
        'You hold as many items as one person may at once. Buy one of them, or wait until a reservation ends.');
});

test('the bound on holds is told before it is met, and at it what to do', () => {
    assert.equal(holdsAtOnce(0, 5, 0, NOW), '');
    assert.equal(holdsAtOnce(3, 0, 0, NOW), 'You can hold 3 at once.');
    assert.equal(holdsAtOnce(3, 2, 0, NOW), 'You can hold 3 at once: 1 more.');
    assert.equal(holdsAtOnce(3, 3, AT, NOW),
        'You hold all that you can at once. Buy one of them, or wait until 14:05:09.');
    // Held on another device: its end is not known here.
    assert.match(holdsAtOnce(3, 3, 0, NOW), /wait until a reservation ends/);
    assert.equal(toReserve('hold_limit', circumstances()), 'Buy one first');
});

test('the terms tell a bound that is lower than the limit', () => {
    const sale = { limit: 10, holdsMax: 10, holdS: 30 };
    assert.equal(terms(sale), 'At most 10 to a person, each reserved for 30 seconds');
    assert.equal(terms({ ...sale, holdsMax: 0 }), terms(sale));
    assert.equal(terms({ ...sale, holdsMax: 3 }),
        'Each may buy 10 and hold 3 at once, for 30 seconds');
    assert.equal(terms({ ...sale, limit: 0 }), '');
});
