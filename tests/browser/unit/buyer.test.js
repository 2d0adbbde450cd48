import assert from 'node:assert/strict';
import { test } from 'node:test';

Object.assign(globalThis, { document: { addEventListener() {} }, addEventListener() {} });
const { Buyer, mergeRecord } = await import('../../../www/js/buyer.js');

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

/** Answers each request about the user with `me`; returns the queries. */
function answer(t, me) {
    const asked = [];
    t.mock.method(globalThis, 'fetch', async (path) => {
        asked.push(path);
        const { status = 200, ...body } = me(path);
        return { ok: status === 200, status, headers: new Map(), json: async () => body };
    });
    return asked;
}

const opensAt = '2026-11-21T10:02:31Z';
const drawn = (id) => ({ id, holdS: 30, drawS: 600 });
const me = (change) => ({
    identity: 'parameter', user: 'ida', sale_id: 3, bought: 0, held: 0, opens_at: opensAt, ...change,
});

test('the turn belongs to the user and the sale that it was told of', async (t) => {
    answer(t, (path) => path === '/me' ? me({ user: null, opens_at: null }) : me());
    const buyer = new Buyer();
    buyer.lookAt(drawn(3), false);
    await buyer.ask();
    assert.ok(Number.isNaN(buyer.opensAt));
    buyer.rename('ida');
    await buyer.ask();
    assert.equal(buyer.opensAt, Date.parse(opensAt));
    buyer.rename('ada');
    assert.ok(Number.isNaN(buyer.opensAt));
    buyer.rename('ida');
    await buyer.ask();
    buyer.lookAt(drawn(4), true);
    assert.ok(Number.isNaN(buyer.opensAt));
    // A refusal tells it, too.
    buyer.takeTurn('2026-11-21T11:00:05Z');
    assert.equal(buyer.opensAt, Date.parse('2026-11-21T11:00:05Z'));
});

test('the service’s spelling of the name counts', async (t) => {
    answer(t, () => me({ user: 'Zo\u00eb' }));
    const buyer = new Buyer();
    buyer.rename('Zoe\u0308');
    await buyer.ask();
    assert.equal(buyer.user, 'Zo\u00eb');
    buyer.lookAt(drawn(3), false);
    assert.equal(buyer.opensAt, Date.parse(opensAt));
});

test('a turn is asked for once in each sale, after a random time if the sale has just begun', async (t) => {
    let now = 1000;
    t.mock.method(performance, 'now', () => now);
    t.mock.method(Math, 'random', () => 0.5);
    let sale = 3;
    const asked = answer(t, () => me({ sale_id: sale }));
    const buyer = new Buyer();
    buyer.user = 'ida';
    // Asked twice at once, it is one request.
    const [first, second] = await Promise.all([buyer.ask(), buyer.ask()]);
    assert.equal(first, second);
    buyer.lookAt(drawn(3), false);
    buyer.askOnce(true);
    assert.equal(asked.length, 1);
    sale = 4;
    // Without a draw nothing is asked; with one, after half of a twentieth of 600 s, which is 5 s at most.
    buyer.lookAt({ ...drawn(4), drawS: 0 }, true);
    buyer.askOnce(false);
    buyer.lookAt(drawn(4), true);
    now += 2499;
    buyer.askOnce(true);
    assert.equal(asked.length, 1);
    now += 1;
    buyer.askOnce(true);
    buyer.askOnce(true);
    await buyer.ask();
    buyer.askOnce(true);
    assert.equal(asked.length, 2);
});

test('holds on another device are counted until they have ended', async (t) => {
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    answer(t, () => me({ held: 2 }));
    const buyer = new Buyer();
    buyer.user = 'ida';
    buyer.lookAt(drawn(3), false);
    await buyer.ask();
    assert.equal(buyer.heldElsewhere, 2);
    now += 30001;
    assert.equal(buyer.heldElsewhere, 0);
});

test('the log-in is where the service says', async (t) => {
    let loginUrl = null;
    answer(t, () => me({ identity: 'remote_user', user: null, login_url: loginUrl }));
    const buyer = new Buyer();
    await buyer.ask();
    assert.equal(buyer.isNobody, true);
    assert.equal(buyer.loginUrl, '/login');
    loginUrl = 'https://id.example/start?back=shop';
    await buyer.ask();
    assert.equal(buyer.loginUrl, loginUrl);
});

test('a web server that asks for a log-in even here: nobody is logged in', async (t) => {
    answer(t, () => ({ status: 401, outcome: 'unauthorized' }));
    const buyer = new Buyer();
    await buyer.ask();
    assert.equal(buyer.isNobody, true);
});
