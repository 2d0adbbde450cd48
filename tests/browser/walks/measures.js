/** Measurements: cost of the first view, layout shift, focus, age of answers. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { DESK, DESK_DARK, PHONE, PHONE_DARK, Visitor } from '../browser.js';
import { until } from '../service.js';

const { RUN_DIR: folder } = process.env;
const FIRST_VIEW_BYTES_MAX = 100000;
const SHIFT_MAX = 0.05;
const AGE_MS_MAX = 1400;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Records unexpected layout shifts (Layout Instability, W3C). */
export const watchShifts = (page) => page.addInitScript(() => {
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const { value, hadRecentInput, sources } of list.getEntries())
            if (!hadRecentInput)
                window.shifts.push({ value, of: sources.map(({ node }) =>
                    node?.id || node?.className || node?.nodeName) });
    }).observe({ type: 'layout-shift', buffered: true });
});

/** How much has moved since the page was opened. */
export async function checkShifts(page, name) {
    const shifts = await page.evaluate(() => window.shifts);
    const sum = shifts.reduce((all, { value }) => all + value, 0);
    console.log(`layout shift ${name} ${sum.toFixed(4)}`);
    assert.ok(sum < SHIFT_MAX, JSON.stringify(shifts));
}

/** Layout shift from the arrival to a purchase and to the end of a hold. */
async function shift(browser, look, name) {
    const visitor = await Visitor.start(browser, { ...look, user: `shift-${name}` });
    const { page } = visitor;
    await watchShifts(page);
    await visitor.open();
    await sleep(1500);
    const { id, button } = await visitor.free();
    await button.click();
    await page.locator(`#holds [data-item="${id}"]`).getByRole('button').click();
    await visitor.notice('is yours');
    await visitor.reserve((await visitor.free()).button);
    await page.locator('#holds li').waitFor();
    await visitor.notice(/Time is up/, 60000);
    await sleep(600);
    await checkShifts(page, name);
    await visitor.leave();
}

/** The visible part of the focused element: at how many of nine points nothing covers it. */
const seenOfFocus = (page) => page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const { x, y, width, height } = one.getBoundingClientRect();
    let seen = 0;
    for (const a of [0.1, 0.5, 0.9])
        for (const b of [0.1, 0.5, 0.9]) {
            const top = document.elementFromPoint(x + a * width, y + b * height);
            // A transparent radio button covers its own label.
            if (top && (one.contains(top) || top.contains(one) || one.labels?.[0]?.contains(top))) seen++;
        }
    return { seen, what: one.id || one.className || one.textContent };
});

export const measures = {
    /** By Tab and back, with two items reserved: bar, banner and sheet cover no focused element. */
    async focus(browser) {
        const looks = [['320', { width: 320, height: 640 }], ['390', { width: 390, height: 844 }],
            ['820', { width: 820, height: 1180 }], ['zoomed', { width: 640, height: 450 }]];
        for (const [name, viewport] of looks) {
            const user = `tabbing-${name}`;
            const visitor = await Visitor.come(browser,
                { viewport, user, reducedMotion: 'reduce', deviceScaleFactor: name === 'zoomed' ? 2 : 1 });
            const { page } = visitor;
            for (let i = 0; i < 2; i++) {
                await visitor.reserve((await visitor.free()).button);
                await page.locator('#holds li').nth(i).waitFor();
            }
            await visitor.look(`sheet-${name}`);
            await page.evaluate(() => {
                scrollTo({ top: 0, behavior: 'instant' });
                document.querySelector('.brand').focus();
            });
            const stops = [];
            for (const key of ['Tab', 'Shift+Tab'])
                for (let i = 0; i < 30; i++) {
                    await page.keyboard.press(key);
                    stops.push(await seenOfFocus(page));
                }
            const hidden = stops.filter((stop) => stop?.seen === 0);
            console.log(`at ${name}: ${stops.length} stops, ${hidden.length} hidden`);
            assert.deepEqual(hidden, []);
            await visitor.leave();
        }
    },

    /** The first view requests each path once, and few bytes. */
    async arrival(browser) {
        for (const [name, look] of [['phone', PHONE], ['desk', DESK]]) {
            const visitor = await Visitor.start(browser, look);
            const { page } = visitor;
            const session = await visitor.context.newCDPSession(page);
            await session.send('Network.enable');
            const asked = new Map();
            let bytes = 0;
            const polled = new Map();
            const counted = new Set();
            session.on('Network.requestWillBeSent', ({ requestId, request, timestamp }) => {
                const { pathname } = new URL(request.url);
                // A request of the same path a second later is a poll, not part of the first view.
                if (polled.has(pathname) && timestamp - polled.get(pathname) > 0.95) return;
                if (['/sale/status', '/items'].includes(pathname) && !polled.has(pathname))
                    polled.set(pathname, timestamp);
                asked.set(pathname, (asked.get(pathname) ?? 0) + 1);
                counted.add(requestId);
            });
            session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
                if (counted.has(requestId)) bytes += encodedDataLength;
            });
            await visitor.open();
            // All pictures of this view, before the first poll.
            await page.waitForFunction(() => [...document.images].filter((image) =>
                image.getBoundingClientRect().top < innerHeight).every((image) => image.complete));
            const often = [...asked].filter(([, times]) => times > 1);
            console.log(`first view ${name}: ${asked.size} paths, ${bytes} bytes`);
            assert.deepEqual(often, []);
            assert.ok(bytes > 10000 && bytes < FIRST_VIEW_BYTES_MAX, `${bytes} bytes`);
            await visitor.leave();
        }
    },

    'shift-desk': (browser) => shift(browser, DESK_DARK, 'desk'),
    'shift-phone': (browser) => shift(browser, PHONE_DARK, 'phone'),

    /** Each poll takes one request, which the web server answers with data at most a second old. */
    async fresh(browser) {
        const log = `${folder}/log/access.log`;
        const countIn = (text) => text.split('\n').filter((line) => line.includes('/sale/status')).length;
        const visitor = await Visitor.come(browser, DESK);
        const { page } = visitor;
        const ages = [];
        page.on('response', async (reply) => {
            if (!reply.url().endsWith('/sale/status')) return;
            const at = Date.now();
            ages.push(at - Date.parse((await reply.json()).server_time));
        });
        await page.waitForResponse((reply) => reply.url().endsWith('/sale/status'));
        await sleep(500);
        const before = countIn(await readFile(log, 'utf8'));
        ages.length = 0;
        await until('fourteen answers', () => ages.length >= 14, 40000);
        await sleep(300);
        const asked = countIn(await readFile(log, 'utf8')) - before;
        console.log(`${ages.length} answers, ${asked} requests, ages ${ages.sort((a, b) => a - b)}`);
        assert.equal(asked, ages.length);
        assert.deepEqual(ages.filter((age) => age > AGE_MS_MAX), []);
        await visitor.leave();
    },
};
