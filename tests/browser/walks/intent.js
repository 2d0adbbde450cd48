/** Repeated presses, and presses that meet another button than they were meant for, buy nothing. */

import assert from 'node:assert/strict';

import { DESK, PHONE, Visitor } from '../browser.js';
import { sql, until } from '../service.js';

/** Times between presses, so that the page's answer comes before, between and after them. */
const GAPS_MS = [60, 200, 450];

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** How many items the user holds and has bought. */
async function hasOf(user) {
    const row = await sql(`SELECT count(*) FILTER (WHERE purchased_at IS NULL AND held_until > now()),
        count(purchased_at) FROM flashsale.item WHERE held_by = '${user}'`);
    const [held, bought] = row.split('|').map(Number);
    return { held, bought };
}

async function middleOf(locator) {
    const { x, y, width, height } = await locator.boundingBox();
    return [x + width / 2, y + height / 2];
}

/** @returns {(x: number, y: number) => Promise<void>} */
const pressOf = (page, kind) => kind === 'touch'
    ? (x, y) => page.touchscreen.tap(x, y)
    : (x, y) => page.mouse.click(x, y);

/** Presses at one place so many times, whatever is there by then. */
async function pressThere(press, [x, y], times, gapMs) {
    for (let i = 0; i < times; i++) {
        if (i > 0) await sleep(gapMs);
        await press(x, y);
    }
    await sleep(900);
}

let users = 0;
const newUser = (what) => `${what}-${++users}`;

/** Presses a button that reserves, and checks the result. */
async function presses(browser, kind, { selector, times, gapMs }) {
    const user = newUser(`${kind}-${times}-${gapMs}`);
    const visitor = await Visitor.come(browser, { ...kind === 'touch' ? PHONE : DESK, user });
    const { page } = visitor;
    const button = selector ? page.locator(selector) : (await visitor.free()).button;
    await page.locator('#any[aria-disabled="false"]').waitFor();
    await button.scrollIntoViewIfNeeded();
    await pressThere(pressOf(page, kind), await middleOf(button), times, gapMs);
    assert.deepEqual(await hasOf(user), { held: 1, bought: 0 },
        `${times} presses, ${gapMs} ms apart, by ${kind} of ${selector ?? 'Reserve'}`);
    if (gapMs === GAPS_MS[0]) await visitor.look(`pressed-${times}-times-${kind}`);
    await visitor.leave();
}

async function twice(browser, kind) {
    for (const gapMs of GAPS_MS) await presses(browser, kind, { times: 2, gapMs });
    for (const gapMs of GAPS_MS) await presses(browser, kind, { times: 2, gapMs, selector: '#any' });
    await presses(browser, kind, { times: 3, gapMs: 200 });
}

export const intent = {
    'twice-mouse': (browser) => twice(browser, 'mouse'),
    'twice-touch': (browser) => twice(browser, 'touch'),

    /** The sheet's button appears under the finger: repeated taps do not press it. */
    async 'under-the-finger'(browser) {
        for (const gapMs of [...GAPS_MS, 250]) {
            const user = newUser(`under-${gapMs}`);
            const visitor = await Visitor.come(browser, { ...PHONE, user });
            const { page } = visitor;
            const { button, id } = await visitor.free();
            // To the place of a first row's button: at the lower edge, on the right.
            await page.evaluate((item) => {
                const place = document.querySelector(`.card[data-item="${item}"] button`);
                scrollBy({ top: place.getBoundingClientRect().bottom - innerHeight + 14, behavior: 'instant' });
            }, id);
            const [, y] = await middleOf(button);
            const { x, width } = await button.boundingBox();
            const right = Math.max(Math.min(x + width - 8, 330), x + 8);
            await pressThere(pressOf(page, 'touch'), [right, y], gapMs === 250 ? 8 : 2, gapMs);
            assert.deepEqual(await hasOf(user), { held: 1, bought: 0 }, `${gapMs} ms apart`);
            if (gapMs === 250) await visitor.look('under-the-finger');
            await visitor.leave();
        }
    },

    /** The first row disappears, and the second one's button takes its place. */
    async 'rows-that-move'(browser) {
        for (const [kind, look] of [['mouse', DESK], ['touch', PHONE]])
            for (const gapMs of GAPS_MS) {
                const user = newUser(`rows-${kind}-${gapMs}`);
                const visitor = await Visitor.come(browser, { ...look, user });
                const { page } = visitor;
                for (let i = 0; i < 2; i++) {
                    await visitor.reserve((await visitor.free()).button);
                    await page.locator('#holds li').nth(i).waitFor();
                }
                const first = page.locator('#holds li button:not([aria-disabled])').first();
                await first.waitFor();
                await sleep(800);
                await pressThere(pressOf(page, kind), await middleOf(first), 2, gapMs);
                assert.deepEqual(await hasOf(user), { held: 1, bought: 1 }, `${kind}, ${gapMs} ms`);
                // A separate press buys the other one.
                await page.locator('#holds li button:not([aria-disabled])').first().click();
                await until('both to be bought', async () => (await hasOf(user)).bought === 2);
                await visitor.leave();
            }
    },

    /** A key that is held down presses once; pressed twice it leads to the button that buys, but buys nothing. */
    async 'keys'(browser) {
        for (const key of ['Enter', 'Space']) {
            const user = newUser(`held-${key}`);
            const visitor = await Visitor.come(browser, { ...DESK, user });
            const { page } = visitor;
            await (await visitor.free()).button.focus();
            for (let i = 0; i < 30; i++) {
                await page.keyboard.down(key);
                await sleep(40);
            }
            await page.keyboard.up(key);
            await sleep(300);
            assert.deepEqual(await hasOf(user), { held: 1, bought: 0 }, `${key} held down`);
            await page.locator('#any').focus();
            for (let i = 0; i < 20; i++) {
                await page.keyboard.down(key);
                await sleep(40);
            }
            await page.keyboard.up(key);
            await sleep(300);
            assert.deepEqual(await hasOf(user), { held: 2, bought: 0 }, `${key} held down on a surprise`);
            await visitor.look(`held-${key}`);
            await visitor.leave();

            const quick = newUser(`quick-${key}`);
            const other = await Visitor.come(browser, { ...DESK, user: quick });
            await (await other.free()).button.focus();
            for (let i = 0; i < 4; i++) {
                await other.page.keyboard.press(key);
                await sleep(150);
            }
            await sleep(800);
            assert.deepEqual(await hasOf(quick), { held: 1, bought: 0 }, `${key} four times`);
            await other.leave();
        }
    },

    /** The action of a notice: pressed as it appears, and pressed twice. */
    async 'message-action'(browser) {
        const user = newUser('again');
        const visitor = await Visitor.come(browser, { ...PHONE, user });
        const { page } = visitor;
        await visitor.reserve((await visitor.free()).button);
        await visitor.sees('#holds', 'left');
        await page.locator('#notice-action').filter({ hasText: 'Reserve it again', visible: true })
            .waitFor({ timeout: 60000 });
        const place = await middleOf(page.locator('#notice-action'));
        const press = pressOf(page, 'touch');
        // A press that was meant for the element that was there before.
        await press(...place);
        await sleep(300);
        assert.deepEqual(await hasOf(user), { held: 0, bought: 0 });
        await visitor.look('message-action');
        await sleep(900);
        await pressThere(press, place, 2, 60);
        assert.deepEqual(await hasOf(user), { held: 1, bought: 0 });
        await visitor.leave();
    },
};
