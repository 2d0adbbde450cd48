import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isMeant, MOMENT_MS } from '../../../www/js/intent.js';

const at = (time, x = 100, y = 100) => ({ at: time, x, y, target: null });
const key = (time) => at(time, NaN, NaN);
const case_ = (change) => isMeant({
    press: at(10000), before: undefined, isOwn: true, isSame: false, now: 10010,
    since: -Infinity, ranAt: -Infinity, spends: false, ...change,
});

test('a single press is meant, whatever it does', () => {
    assert.equal(case_({}), true);
    assert.equal(case_({ spends: true }), true);
    // Assistive technology clicks without a press.
    assert.equal(case_({ press: undefined, isOwn: false, spends: true }), true);
});

test('a second press of the same button within a moment is not meant', () => {
    assert.equal(case_({ ranAt: 9900 }), false);
    assert.equal(case_({ ranAt: 10010 - MOMENT_MS }), true);
});

test('a second press that meets something else is not meant at the same place, elsewhere it is', () => {
    for (const gapMs of [60, 200, 450])
        assert.equal(case_({ before: at(10000 - gapMs, 110, 95) }), false);
    assert.equal(case_({ before: at(9800, 200, 95) }), true);
    assert.equal(case_({ before: at(10000 - MOMENT_MS) }), true);
    assert.equal(case_({ press: key(10000), before: key(9800) }), false);
    assert.equal(case_({ press: key(10000), before: at(9800) }), true);
});

test('a button that spends money must be in its place for a moment, and the press must begin on it', () => {
    assert.equal(case_({ spends: true, since: 10000 - MOMENT_MS + 1 }), false);
    assert.equal(case_({ spends: true, since: 10000 - MOMENT_MS }), true);
    assert.equal(case_({ spends: true, isOwn: false }), false);
    // An earlier press at the place, on the same button too, when it was not armed: one of many quick presses.
    assert.equal(case_({ spends: true, before: at(9800), isSame: true }), false);
    assert.equal(case_({ before: at(9800), isSame: true }), true);
});

test('a press of a button that has just got another item is not meant', () => {
    assert.equal(case_({ since: 9900 }), false);
    assert.equal(case_({ since: 9600 }), true);
});
