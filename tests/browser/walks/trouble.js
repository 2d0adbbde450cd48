/** Faults: the network, the workers, PostgreSQL. */

import assert from 'node:assert/strict';

import { DESK, DESK_DARK, PHONE, PHONE_DARK, Visitor } from '../browser.js';
import { get, pause, resume, stack, statusOf, until } from '../service.js';

export const trouble = {
    async overloaded(browser) {
        const visitor = await Visitor.come(browser, DESK, [503]);
        const { page } = visitor;
        const { id, button } = await visitor.free();
        await stack('stop-part', 'postgresql');
        try {
            await visitor.reserve(button, 'patient');
            await visitor.notice(/The shop is busy\. Trying again by itself in \d seconds?\./);
            await visitor.look('busy');
            assert.equal(await page.locator('#holds li').count(), 0);
        } finally {
            await stack('start-part', 'postgresql');
        }
        await page.locator(`#holds [data-item="${id}"]`).waitFor({ timeout: 40000 });
        await page.locator(`#holds [data-item="${id}"]`).getByRole('button').click();
        await visitor.notice('is yours');
        await visitor.leave();
    },

    async offline(browser) {
        const visitor = await Visitor.come(browser, PHONE, ['ERR_INTERNET_DISCONNECTED']);
        const { page } = visitor;
        const { id, button } = await visitor.free();
        await visitor.reserve(button, 'roaming');
        const row = page.locator(`#holds [data-item="${id}"]`);
        await row.waitFor();
        await visitor.context.setOffline(true);
        await visitor.sees('#banner', 'You are offline');
        await row.getByRole('button').click();
        await visitor.notice('You are offline. Your request goes out when you are back.');
        await visitor.look('offline');
        await visitor.context.setOffline(false);
        await visitor.sees('#banner', 'Back online.');
        await page.locator(`#bought [data-item="${id}"]`).waitFor();
        await visitor.notice('is yours');
        assert.equal((await get(`/items/${id}`)).state, 'sold');
        await visitor.look('back-online');
        await visitor.leave();
    },

    /** A page that is opened during an outage claims nothing that it does not know. */
    async outage(browser) {
        await stack('stop-part', 'worker-1');
        await stack('stop-part', 'worker-2');
        await until('what the web server keeps to be old', async () => await statusOf('/sale/status') === 503);
        const visitor = await Visitor.start(browser, { ...PHONE, user: 'early' }, [503]);
        const { page } = visitor;
        try {
            await visitor.arrive();
            await visitor.sees('#sale', 'The shop can’t be reached');
            await visitor.sees('#banner', 'catching its breath');
            const text = await page.locator('body').innerText();
            for (const untrue of [/Nothing yet/, /\d of \d/, /may buy \d/, /0 left/, /no items/, /begins in/])
                assert.doesNotMatch(text, untrue);
            await visitor.offersNothing();
            await visitor.pressDisabled(page.locator('#any'));
            await visitor.notice('The shop can’t be reached.');
            await visitor.look('outage');
            await page.setViewportSize(DESK.viewport);
            await visitor.look('outage');
            await page.setViewportSize(PHONE.viewport);
        } finally {
            await stack('start-part', 'worker-1');
            await stack('start-part', 'worker-2');
        }
        await page.locator('.card').first().waitFor({ timeout: 30000 });
        await visitor.sees('#you-bought', '10 of 10 left');
        await visitor.leave();
    },

    /** The network hangs: the page waits for its request, says that it is late, and it is done once. */
    async paused(browser) {
        const visitor = await Visitor.come(browser, { ...DESK_DARK, user: 'stuck' }, [503]);
        const { page } = visitor;
        const { id, button } = await visitor.free();
        await pause();
        try {
            await button.click();
            await visitor.sees(`.card[data-item="${id}"]`, 'Reserving…');
            // The page waits as long as the service may take to answer.
            await visitor.sees('#banner', 'You are offline, or the shop is.', 20000);
            await visitor.notice('The shop can’t be reached. Trying again by itself', 20000);
            await visitor.look('paused');
        } finally {
            await resume();
        }
        const row = page.locator(`#holds [data-item="${id}"]`);
        await row.waitFor({ timeout: 20000 });
        await row.getByRole('button').click();
        await visitor.notice('is yours');
        await visitor.leave();
    },

    /** A captive portal answers everything, with 200 and HTML, until the user has logged in. */
    async portal(browser) {
        const visitor = await Visitor.come(browser, { ...PHONE_DARK, user: 'traveller' });
        const { page } = visitor;
        const isAsked = (url) => ['/sale/status', '/items', '/checkout'].includes(url.pathname);
        await page.route(isAsked, (route) =>
            route.fulfill({ contentType: 'text/html', body: '<h1>Welcome to our network</h1>' }));
        await visitor.sees('#banner', 'Something else answers in the shop’s place');
        await (await visitor.free()).button.click();
        await visitor.notice('Trying again by itself');
        await visitor.look('portal');
        await page.unroute(isAsked);
        await visitor.sees('#banner', 'Back online.');
        await page.locator('#holds li').waitFor({ timeout: 20000 });
        // All polls go on.
        for (const path of ['/sale/status', '/items?'])
            await page.waitForResponse((reply) => reply.url().includes(path));
        await visitor.leave();
    },

    /** The banner about the connection covers neither reservations nor their buttons. */
    async banner(browser) {
        const visitor = await Visitor.come(browser, { ...DESK, user: 'covered' }, ['ERR_INTERNET_DISCONNECTED']);
        const { page } = visitor;
        for (let i = 0; i < 2; i++) {
            await visitor.reserve((await visitor.free()).button);
            await page.locator('#holds li').nth(i).waitFor();
        }
        await page.evaluate(() => scrollTo({ top: 600, behavior: 'instant' }));
        await visitor.context.setOffline(true);
        await visitor.sees('#banner', 'You are offline');
        await page.waitForTimeout(300);
        await visitor.look('banner');
        const covered = await page.evaluate(() => [...document.querySelectorAll(
            '#holds h2, #holds .name, #holds .time, #holds button, #notice p, #notice button')]
            .filter((one) => one.checkVisibility())
            .filter((one) => {
                const { x, y, width, height } = one.getBoundingClientRect();
                return [[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]].some(([a, b]) => {
                    const top = document.elementFromPoint(x + a * width, y + b * height);
                    return !top || !(one.contains(top) || top.contains(one));
                });
            }).map((one) => one.outerHTML));
        assert.deepEqual(covered, []);
        await visitor.context.setOffline(false);
        await visitor.sees('#banner', 'Back online.');
        await visitor.leave();
    },
};
