import assert from 'node:assert/strict';
import { test } from 'node:test';

Object.assign(globalThis, { document: { addEventListener() {} }, addEventListener() {} });
const { mergeRecord } = await import('../../../www/js/buyer.js');

const item = (id) => ({ id, name: `Item ${id}`, price: 2.5, image: `/items/${id}/image.svg` });
const empty = () => ({ holds: [], bought: [], count: 0 });

test('purchases and holds of another device are remembered here, once', () => {
    const me = {
        bought: 1, held: 1,
        purchases: [{ purchase_id: 10000001, purchased_at: '2026-11-21T10:00:00Z', item: item('1-1') }],
        holds: [{ code: 'c2', expires_at: '2026-11-21T10:00:30Z', item: item('1-2') }],
    };
    const record = empty();
    record.holds.push({ code: 'c1', item: '1-1', name: 'Item 1-1', buying: true });
    mergeRecord(record, me);
    mergeRecord(record, me);
    assert.deepEqual(record.holds.map(({ code }) => code), ['c2']);
    assert.equal(record.holds[0].endsAt, Date.parse('2026-11-21T10:00:30Z'));
    assert.deepEqual(record.bought.map(({ purchaseId }) => purchaseId), ['10000001']);
    assert.equal(record.count, 1);
});

test('a user who only gave a name gets numbers, and no count decreases', () => {
    const record = { ...empty(), count: 3 };
    mergeRecord(record, { bought: 2, held: 0 });
    assert.equal(record.count, 3);
    mergeRecord(record, { bought: 5, held: 1 });
    assert.equal(record.count, 5);
    assert.deepEqual(record.holds, []);
});
