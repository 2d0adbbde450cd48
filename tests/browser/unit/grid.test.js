import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mergePage } from '../../../www/js/grid.js';

const items = (ids) => [...ids].map((id) => ({ id, state: 'free' }));
const ids = (page) => page.map((item) => item.id).join('');
const none = () => false;

test('items that stay keep their positions, and new items take those of items that left', () => {
    assert.equal(ids(mergePage(items('abcd'), items('abcd'), none, 4)), 'abcd');
    assert.equal(ids(mergePage(items('abcd'), items('acde'), none, 4)), 'aecd');
    assert.equal(ids(mergePage(items('abcd'), items('efgh'), none, 4)), 'efgh');
});

test('a list that became shorter or longer', () => {
    assert.equal(ids(mergePage(items('abcd'), items('bd'), none, 4)), 'bd');
    assert.equal(ids(mergePage(items('ab'), items('abcd'), none, 4)), 'abcd');
    assert.equal(ids(mergePage([], items('abcd'), none, 4)), 'abcd');
    assert.equal(ids(mergePage(items('abcd'), [], none, 4)), '');
});

test('items that must stay keep their positions, and the page does not grow', () => {
    const stays = (item) => item.id === 'b';
    assert.equal(ids(mergePage(items('abcd'), items('efgh'), stays, 4)), 'ebfg');
    assert.equal(ids(mergePage(items('abcd'), [], stays, 4)), 'b');
});

test('items are shown as in the new answer', () => {
    const fresh = [{ id: 'a', state: 'sold' }];
    assert.equal(mergePage(items('a'), fresh, none, 4)[0].state, 'sold');
});
