import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isMeant, MOMENT_MS } from '../../../www/js/intent.js';

const at = (time, x = 100, y = 100) => ({ at: time, x, y, target: null });
const key = (time) => at(time, NaN, NaN);
const case_ = (change) => isMeant({
    press: at(10000), before: undefined, isOwn: true, isSame: false, now: 10010,
    since: -Infinity, ranAt: -Infinity, spends: false, ...change,
});

test('a press alone is meant, whatever it does', () => {
    assert.equal(case_({}), true);
    assert.equal(case_({ spends: true }), true);
    // Of assistive technology no press is seen.
    assert.equal(case_({ press: undefined, isOwn: false, spends: true }), true);
});

test('the second press of a button within a moment is not', () => {
    assert.equal(case_({ ranAt: 9900 }), false);
    assert.equal(case_({ ranAt: 10010 - MOMENT_MS }), true);
});

test('at one place a second press that meets something else is not, elsewhere it is', () => {
    for (const gapMs of [60, 200, 450])
        assert.equal(case_({ before: at(10000 - gapMs, 110, 95) }), false);
    assert.equal(case_({ before: at(9800, 200, 95) }), true);
    assert.equal(case_({ before: at(10000 - MOMENT_MS) }), true);
    assert.equal(case_({ press: key(10000), before: key(9800) }), false);
    assert.equal(case_({ press: key(10000), before: at(9800) }), true);
});

test('what spends money has been in its place for a moment, and is pressed there from the start', () => {
    assert.equal(case_({ spends: true, since: 10000 - MOMENT_MS + 1 }), false);
    assert.equal(case_({ spends: true, since: 10000 - MOMENT_MS }), true);
    assert.equal(case_({ spends: true, isOwn: false }), false);
    // The finger was there before, on the same button too: not armed then, it was a flurry.
    assert.equal(case_({ spends: true, before: at(9800), isSame: true }), false);
    assert.equal(case_({ before: at(9800), isSame: true }), true);
});

test('who presses what has just become another item is not obeyed', () => {
    assert.equal(case_({ since: 9900 }), false);
    assert.equal(case_({ since: 9600 }), true);
});
