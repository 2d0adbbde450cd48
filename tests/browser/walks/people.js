/** Users: signed in at the web server or by a name they gave, on one device and on a second one. */

import assert from 'node:assert/strict';

import { DESK, DESK_DARK, PHONE, Visitor } from '../browser.js';
import { get, hold, until } from '../service.js';

const IDA = { username: 'ida', password: 'ida' };

export const people = {
    /** The web server's user counts, not a given name; a second device shows the same holds and purchases. */
    async 'signed-in'(browser) {
        const first = await Visitor.come(browser, { ...DESK, httpCredentials: IDA, user: 'stranger' },
            [401, 403, 405]);
        const { page } = first;
        // Nobody is signed in until the browser has sent a password.
        await first.sees('#sign-in', 'Sign in');
        await page.locator('#sign-in').click();
        await first.sees('#you-name', 'ida');
        await page.locator('.card').first().waitFor();
        const bought = await first.free();
        await first.reserve(bought.button);
        await page.locator(`#holds [data-item="${bought.id}"]`).getByRole('button').click();
        await first.notice('is yours');
        const held = await first.free();
        await first.reserve(held.button);
        await page.locator(`#holds [data-item="${held.id}"]`).waitFor();
        await page.locator('#you-name').click();
        await first.notice('You are signed in as ida.');

        const second = await Visitor.come(browser, { ...PHONE, httpCredentials: IDA }, [401, 405]);
        await second.page.locator('#sign-in').click();
        await second.sees('#you-bought', '9 of 10 left');
        await second.page.locator(`#bought [data-item="${bought.id}"]`).waitFor({ state: 'attached' });
        const row = second.page.locator(`#holds [data-item="${held.id}"]`);
        await row.filter({ hasText: 'left' }).waitFor();
        await second.look('second-device');
        await row.getByRole('button').click();
        await second.notice('is yours');
        assert.equal((await get(`/items/${held.id}`)).state, 'sold');
        await second.leave();
        // The first one shows it after a reload.
        await page.reload();
        await first.sees('#you-bought', '8 of 10 left');
        await page.locator(`#bought [data-item="${held.id}"]`).waitFor({ state: 'attached' });
        await first.leave();
    },

    /** Nobody is signed in: the page says so, shows how to sign in, and waits for nothing. */
    async 'not-signed-in'(browser) {
        const visitor = await Visitor.come(browser, PHONE, [401, 'ERR_INVALID_AUTH_CREDENTIALS']);
        const { page } = visitor;
        await visitor.sees('#sign-in', 'Sign in');
        assert.equal(await page.locator('#you-name').isVisible(), false);
        const { button } = await visitor.free();
        await button.click();
        await visitor.notice('You are not signed in, so nothing can be reserved for you.');
        await page.locator('#notice-action').filter({ hasText: 'Sign in' }).waitFor();
        assert.equal(await page.getByText('Reserving…').count(), 0);
        await visitor.look('not-signed-in');
        assert.equal(await button.getAttribute('aria-disabled'), null);
        await page.waitForTimeout(800);
        // There the browser asks for the password.
        await Promise.all([page.waitForRequest('**/login'), page.locator('#notice-action').click()]);
        await visitor.leave();
    },

    /** Where one logs in is the service's to say: the link and the notice lead there. */
    async 'log-in-elsewhere'(browser) {
        const visitor = await Visitor.come(browser, { ...PHONE, httpCredentials: IDA }, [401, 405]);
        const { page } = visitor;
        const { login_url: url } = await get('/me');
        const link = page.getByRole('link', { name: 'Sign in' });
        assert.equal(await link.getAttribute('href'), url);
        await (await visitor.free()).button.click();
        await visitor.notice('You are not signed in, so nothing can be reserved for you.');
        await page.waitForTimeout(800);
        await Promise.all([page.waitForRequest(`**${url}`), page.locator('#notice-action').click()]);
        await visitor.sees('#you-name', 'ida');
        assert.equal(await page.getByRole('link', { name: 'Sign in' }).count(), 0);
        await visitor.leave();
    },

    /** The session ends before a purchase: the item stays reserved, and can be bought after the next log-in. */
    async 'session-ends'(browser) {
        const visitor = await Visitor.come(browser, { ...DESK, httpCredentials: IDA }, [401, 405]);
        const { page } = visitor;
        await page.locator('#sign-in').click();
        await visitor.sees('#you-name', 'ida');
        await page.locator('.card').first().waitFor();
        const { id, button } = await visitor.free();
        await visitor.reserve(button);
        const row = page.locator(`#holds [data-item="${id}"]`);
        await row.waitFor();
        // The web server gets these requests without the password, which the browser would send by itself.
        const isPrivate = (url) => ['/purchase', '/me'].includes(url.pathname);
        await page.route(isPrivate, async (route) => {
            const request = route.request();
            const body = request.postData() ?? undefined;
            const headers = { 'Sec-Fetch-Dest': 'empty' };
            if (body) headers['Content-Type'] = 'application/x-www-form-urlencoded';
            const reply = await fetch(request.url(), { method: request.method(), body, headers });
            await route.fulfill({ status: reply.status, body: await reply.text(),
                contentType: reply.headers.get('Content-Type') });
        });
        await row.getByRole('button').click();
        await visitor.notice('You are not signed in any more. Sign in to buy what is reserved for you.');
        await visitor.sees('#sign-in', 'Sign in');
        await visitor.look('session-ended');
        assert.equal((await get(`/items/${id}`)).state, 'held');
        await page.unroute(isPrivate);
        await page.waitForTimeout(800);
        await page.locator('#notice-action').click();
        await visitor.sees('#you-name', 'ida');
        await row.getByRole('button').click();
        await visitor.notice('is yours');
        await visitor.leave();
    },

    /** The same name on a second device: it gets the number of items, and no more. */
    async 'second-device'(browser) {
        const first = await Visitor.come(browser, { ...DESK_DARK, user: 'twofold' });
        const bought = await first.free();
        await first.reserve(bought.button);
        await first.page.locator(`#holds [data-item="${bought.id}"]`).getByRole('button').click();
        await first.notice('is yours');
        await hold('twofold', (await first.free()).id);

        // Here the user is known before the sale; usually it is the other way round.
        const second = await Visitor.start(browser, { ...PHONE, user: 'twofold' });
        await second.page.route('**/sale/status', async (route) => {
            await second.page.waitForTimeout(700);
            await route.continue();
        }, { times: 1 });
        await second.arrive();
        await second.sees('#you-bought', '9 of 10 left');
        const allowance = second.page.locator('#allowance');
        await allowance.filter({ hasText: 'You bought 1 on another device.' })
            .filter({ hasText: '1 reserved on another device.' }).waitFor({ state: 'attached' });
        await allowance.scrollIntoViewIfNeeded();
        await second.look('second-device-by-name');
        await second.leave();
        await first.leave();
    },

    /** A name with a decomposed letter and outer blanks is the one that the service knows. */
    async spelling(browser) {
        const visitor = await Visitor.come(browser, DESK);
        const { page } = visitor;
        const { id, button } = await visitor.free();
        await visitor.reserve(button, ' Zoe\u0308 ');
        const row = page.locator(`#holds [data-item="${id}"]`);
        await row.waitFor();
        await until('the service’s spelling', async () =>
            await page.evaluate(() => localStorage.getItem('flashsale/user')) === 'Zo\u00eb');
        await row.filter({ hasText: 'left' }).waitFor();
        assert.doesNotMatch(await row.innerText(), /left for/);
        await row.getByRole('button').click();
        await visitor.notice('is yours');
        await visitor.sees('#you-bought', '9 of 10 left');
        await visitor.leave();
    },

    /** Another name hides no hold of this browser. */
    async rename(browser) {
        const visitor = await Visitor.come(browser, { ...DESK, user: 'maiden' });
        const { page } = visitor;
        const { id, button } = await visitor.free();
        await button.click();
        const row = page.locator(`#holds [data-item="${id}"]`);
        await row.waitFor();
        await page.locator('#you-name').click();
        await page.locator('#who-name').fill('married');
        await page.keyboard.press('Enter');
        await visitor.sees('#you-name', 'married');
        await row.filter({ hasText: 'left for maiden' }).waitFor();
        await visitor.look('renamed');
        await page.reload();
        await row.filter({ hasText: 'left for maiden' }).waitFor();
        await row.getByRole('button').click();
        await visitor.notice('is yours');
        await until('the item to be sold', async () => (await get(`/items/${id}`)).state === 'sold');
        await visitor.sees('#you-bought', '10 of 10 left');
        await visitor.leave();
    },
};
