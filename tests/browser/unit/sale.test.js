import assert from 'node:assert/strict';
import { test } from 'node:test';

import { changesInMs, saleOf, statusAt, turnAt } from '../../../www/js/sale.js';

const AT = Date.parse('2026-11-21T10:00:00Z');
const body = (change) => ({
    sale_id: 3, sale_status: 'active', items_total: 100, items_sold: 20, items_held: 5,
    sale_ends_at: '2026-11-21T11:00:00Z', next_sale_starts_at: '2026-11-21T11:00:00Z',
    purchase_limit: 10, hold_s: 30, stays_open: false, holds_max: 3, draw_s: 0, draw_ends_at: null,
    ...change,
});

test('a sale from the body of /sale/status', () => {
    assert.deepEqual(saleOf(body()), {
        id: 3, status: 'active', total: 100, sold: 20, held: 5, left: 75, endsAt: AT + 3600000,
        staysOpen: false, nextAt: AT + 3600000, limit: 10, holdS: 30, holdsMax: 3, drawS: 0,
        drawEndsAt: NaN, nextDraws: false,
    });
    const drawn = saleOf(body({ holds_max: null, draw_s: 600, draw_ends_at: '2026-11-21T10:10:00Z' }));
    assert.deepEqual([drawn.holdsMax, drawn.drawS, drawn.drawEndsAt], [0, 600, AT + 600000]);
    assert.equal(saleOf({ sale_status: 'none', next_sale_draw_s: 600 }).nextDraws, true);
    const none = saleOf({ sale_id: null, sale_status: 'none', next_sale_starts_at: null });
    assert.equal(none.id, 0);
    assert.equal(none.limit, 0);
    assert.ok(Number.isNaN(none.nextAt));
});

test('the end closes a sale, unless it stays open until all is sold', () => {
    const sale = saleOf(body());
    assert.equal(statusAt(sale, AT + 3599999), 'active');
    assert.equal(statusAt(sale, AT + 3600000), 'closed');
    assert.equal(statusAt(saleOf(body({ stays_open: true })), AT + 3600000), 'active');
    assert.equal(statusAt(saleOf(body({ sale_status: 'sold_out' })), AT + 3600000), 'sold_out');
});

test('the next change is the end or the next start, whichever is first', () => {
    assert.equal(changesInMs(saleOf(body()), AT), 3600000);
    const soon = { next_sale_starts_at: '2026-11-21T10:30:00Z' };
    assert.equal(changesInMs(saleOf(body(soon)), AT), 1800000);
    // Closed: only the next start is a change.
    assert.equal(changesInMs(saleOf(body({ ...soon, sale_status: 'closed',
        sale_ends_at: '2026-11-21T09:00:00Z' })), AT), 1800000);
    assert.equal(changesInMs(saleOf(body({ stays_open: true, next_sale_starts_at: null })), AT), Infinity);
    assert.ok(changesInMs(saleOf(body()), AT + 3600500) < 0);
});

test('a turn waits until its time, and none does after the draw or without a sale', () => {
    const draw = { draw_s: 600, draw_ends_at: '2026-11-21T10:10:00Z' };
    const sale = saleOf(body(draw));
    const opensAt = AT + 300000;
    assert.equal(turnAt(sale, opensAt, AT), 'waits');
    assert.equal(turnAt(sale, opensAt, opensAt - 1), 'waits');
    assert.equal(turnAt(sale, opensAt, opensAt), 'came');
    assert.equal(turnAt(sale, NaN, opensAt), 'unknown');
    for (const opens of [opensAt, NaN]) assert.equal(turnAt(sale, opens, AT + 600000), 'over');
    // Sold out, over, or without a draw.
    assert.equal(turnAt(saleOf(body({ ...draw, sale_status: 'sold_out' })), opensAt, AT), 'none');
    assert.equal(turnAt(sale, opensAt, AT + 3600000), 'none');
    assert.equal(turnAt(saleOf(body()), opensAt, AT), 'none');
});
