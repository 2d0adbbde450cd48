import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Clock, duration, durationWords, passed, timeToCome } from '../../../www/js/clock.js';

const AT = Date.parse('2026-11-21T10:00:00Z');

test('the clock follows the server, by the reply with the least delay', () => {
    let elapsed = 5000;
    const clock = new Clock(() => elapsed);
    assert.equal(clock.isExact, false);
    clock.observe('2026-11-21T10:00:00Z');
    assert.equal(clock.isExact, true);
    assert.equal(clock.now(), AT);
    elapsed += 2000;
    // A second old, from a cache: ignored, since server_time is never early.
    clock.observe('2026-11-21T10:00:01Z');
    assert.equal(clock.now(), AT + 2000);
    clock.observe('2026-11-21T10:00:02.250Z');
    assert.equal(clock.now(), AT + 2250);
});

test('after markStale() only new samples count', () => {
    let elapsed = 0;
    const clock = new Clock(() => elapsed);
    clock.observe('2026-11-21T10:00:00Z');
    clock.markStale();
    assert.equal(clock.isExact, false);
    assert.equal(clock.now(), AT);
    elapsed = 1000;
    clock.observe('2026-11-21T09:59:00Z');
    assert.equal(clock.isExact, true);
    assert.equal(clock.now(), AT - 60000);
});

test('an invalid time is ignored', () => {
    const clock = new Clock(() => 0);
    clock.observe('soon');
    assert.equal(clock.isExact, false);
});

test('durations are rounded up, and end at 0:00', () => {
    const cases = [[-5, '0:00'], [0, '0:00'], [1, '0:01'], [9000, '0:09'], [59001, '1:00'],
        [3599000, '59:59'], [3600000, '1:00:00'], [86400000, '1 day 0:00:00'],
        [2 * 86400000 + 3723000, '2 days 1:02:03']];
    for (const [ms, text] of cases) assert.equal(duration(ms), text);
    const words = [[1, '1 second'], [30000, '30 seconds'], [99000, '99 seconds'],
        [100000, '2 minutes'], [3600000, '60 minutes'], [4 * 3600000, '4 hours'],
        [113 * 3600000, '5 days']];
    for (const [ms, text] of words) assert.equal(durationWords(ms), text);
});

test('each moment passes once, and none passes after the end', () => {
    const moments = [30000, 10000];
    assert.equal(passed(30001, 30000, moments), true);
    assert.equal(passed(30000, 29750, moments), false);
    assert.equal(passed(10100, 9900, moments), true);
    assert.equal(passed(9900, 0, moments), false);
    assert.equal(passed(40000, -1, moments), false);
});

test('a time to come is rounded up, and has its day if that is another', () => {
    process.env.TZ = 'UTC';
    const now = Date.parse('2026-12-01T14:00:00Z');
    const at = (time) => timeToCome(Date.parse(time), now);
    assert.equal(at('2026-12-01T14:05:08.001Z'), '14:05:09');
    assert.equal(at('2026-12-01T14:05:00Z'), '14:05');
    assert.equal(at('2026-12-01T16:05:08Z'), '16:06');
    assert.equal(at('2026-12-06T14:05:08Z'), 'Sunday, 6 December, 14:06');
});
