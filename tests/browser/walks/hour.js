/** The moment when one sale ends and the next one begins, with many more planned. */

import assert from 'node:assert/strict';

import { DESK, PHONE, Visitor } from '../browser.js';
import { get, sql, until } from '../service.js';

const SLOWNESS = Number(process.env.TEST_SLOWNESS ?? 1);

/** The spread of polls; the time for an answer after it; the time for a list after that. */
const SPREAD_MS = 300;
const SEEN_MS_MAX = 500 * SLOWNESS;
const LISTED_MS_MAX = 800 * SLOWNESS;
/** How late a timer may fire. */
const LATE_MS = 120;
/** A busy machine may miss a moment: so many are tried at most. */
const ROUNDS_MAX = 5;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** From now on records the page's texts, with the times when they appeared. */
const watch = (page) => page.evaluate(() => {
    window.said = [];
    let last = '';
    const look = () => {
        const text = (id) => document.getElementById(id).textContent;
        const said = {
            what: text('sale-what'),
            clock: text('clock'),
            left: text('count-left'),
            sales: [...new Set([...document.querySelectorAll('.card')]
                .map((card) => Number(card.dataset.item.split('-')[0])))],
        };
        const now = JSON.stringify(said);
        if (now !== last) window.said.push({ at: Date.now(), ...said });
        last = now;
    };
    look();
    new MutationObserver(look).observe(document.body,
        { subtree: true, childList: true, characterData: true, attributes: true });
});

const ms = (time) => Date.parse(time);

/** Checks what one page showed around the moment; returns whether it was in time. */
async function check({ page, asked }, before, endsAt) {
    const said = await page.evaluate(() => window.said);
    const isNew = ({ what, left, clock }) => what === 'The sale ends in' &&
        left === `${before.items_total} of ${before.items_total} left` && /^1:00$|^0:5\d$/.test(clock);
    const first = said.find((one) => one.at >= endsAt && isNew(one));
    const log = JSON.stringify(said.map(({ at, ...one }) => [at - endsAt, one]));
    assert.ok(first, `the new sale was not seen: ${log}`);
    const seenMs = first.at - endsAt;
    const listed = said.find((one) => one.at >= endsAt &&
        one.sales.length === 1 && one.sales[0] === before.sale_id + 1);
    const listedMs = listed ? listed.at - endsAt : NaN;
    const askedMs = asked.map((at) => at - endsAt).filter((at) => at > -200 && at < 1000);
    console.log(`new sale ${seenMs} ms after its start, its items ${listedMs}; asked at ${askedMs}`);
    // Between the sales the page says nothing untrue: the last one is over, the next one is about to appear.
    for (const one of said.filter(({ at }) => at > endsAt + LATE_MS * 2.5 && at < first.at))
        assert.match(one.what, /^The (next sale begins|sale is over)/, log);
    for (const one of said) assert.doesNotMatch(one.what, /until all is sold/, log);
    const isAimed = askedMs.some((at) => at >= 0 && at <= SPREAD_MS + LATE_MS);
    return isAimed && seenMs <= SEEN_MS_MAX && listedMs <= LISTED_MS_MAX;
}

/** An operator closes the sale, and changes the start of the next one, while the page is open. */
async function changes(page) {
    const [id, end] = (await sql('SELECT sale_id, ends_at FROM flashsale.open_sale()')).split('|');
    const [next, start] = (await sql(`SELECT sale_id, starts_at FROM flashsale.sale
        WHERE starts_at > now() ORDER BY starts_at LIMIT 1`)).split('|');
    const set = (sale, column, time) =>
        sql(`UPDATE flashsale.sale SET ${column} = ${time} WHERE sale_id = ${sale}`);
    const seen = async (pattern) => {
        const began = Date.now();
        await until(`to see ${pattern}`, async () =>
            pattern.test(await page.locator('#sale').innerText()));
        const tookMs = Date.now() - began;
        console.log(`${pattern} seen after ${tookMs} ms`);
        assert.ok(tookMs < 2600, `${tookMs} ms`);
    };
    await set(id, 'ends_at', 'now()');
    try {
        await seen(/The sale is over\. Next one in/);
        await set(next, 'starts_at', `'${start}'::timestamptz - interval '7 seconds'`);
        const shown = ms(start) - 7000;
        await until('the next one to be earlier', async () => {
            const [minutes, seconds] = (await page.locator('#clock').innerText()).split(':').map(Number);
            return Math.abs(minutes * 60 + seconds - (shown - Date.now()) / 1000) < 1.5;
        }, 2600);
    } finally {
        await set(next, 'starts_at', `'${start}'`);
        await set(id, 'ends_at', `'${end}'`);
    }
}

export const hour = {
    async hour(browser) {
        const visitors = [];
        for (const look of [DESK, PHONE, DESK]) {
            const visitor = await Visitor.come(browser, { ...look, user: 'punctual' }, [404, 412]);
            visitor.asked = [];
            visitor.page.on('request', (request) => {
                if (request.url().endsWith('/sale/status')) visitor.asked.push(Date.now());
            });
            visitors.push(visitor);
        }
        let isInTime = false;
        for (let round = 0; round < ROUNDS_MAX && !isInTime; round++) {
            const before = await get('/sale/status');
            const endsAt = ms(before.sale_ends_at);
            assert.equal(ms(before.next_sale_starts_at), endsAt);
            await sleep(Math.max(0, endsAt - Date.now() - 4000));
            for (const { page } of visitors) await watch(page);
            await sleep(endsAt - Date.now() + 2500);
            isInTime = true;
            for (const visitor of visitors) isInTime = await check(visitor, before, endsAt) && isInTime;
            await visitors[1].look('hour');
        }
        assert.ok(isInTime, 'never all in time');
        await changes(visitors[0].page);
        for (const visitor of visitors) await visitor.leave();
    },
};
