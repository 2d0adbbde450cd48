/** Walks through the storefront; each is a test of its own (tests/end-to-end/30-storefront.bats). */

import assert from 'node:assert/strict';

import { DESK, DESK_DARK, PHONE, PHONE_DARK, Visitor } from './browser.js';
import { buy, crowd, get, hold, sql, stack, until } from './service.js';

const PAGE_SIZE = 48;

/** Two clicks, remembered over a reload. */
async function buyAs(browser, look, name) {
    const visitor = await Visitor.come(browser, look);
    const { page } = visitor;
    await visitor.look('open');
    assert.equal(await page.locator('.card').count(), PAGE_SIZE);
    const { id, card, button } = await visitor.free();

    await button.click();
    await page.getByRole('dialog', { name: 'Who is buying?' }).waitFor();
    await visitor.look('who');
    await page.getByLabel('Name').fill(name);
    await page.getByRole('button', { name: 'Go on' }).click();
    await visitor.notice('is reserved for you. You have');
    await visitor.sees('#holds', 'left');
    await visitor.look('reserved');
    assert.equal((await get(`/items/${id}`)).state, 'held');

    await card.getByRole('button', { name: 'Buy' }).click();
    await visitor.notice('is yours. You may buy 9 more in this sale.');
    await visitor.sees('#you-bought', '9 of 10 left');
    await page.locator('#holds').waitFor({ state: 'hidden' });
    await visitor.sees(`.card[data-item="${id}"]`, 'Bought by you');
    const number = id.split('-')[1];
    const row = await sql(`SELECT held_by, purchased_at IS NOT NULL FROM flashsale.item
                           WHERE sale_id = (SELECT (flashsale.open_sale()).sale_id)
                           AND number = ${number}`);
    assert.equal(row, `${name}|t`);
    const bought = page.locator(`#bought [data-item="${id}"]`);
    assert.match(await bought.textContent(), /Purchase \d+/);
    await bought.scrollIntoViewIfNeeded();
    await visitor.look('bought');

    await page.reload();
    await bought.waitFor();
    await visitor.sees('#you-bought', '9 of 10 left');
    await visitor.sees('#you-name', name);
    // Known by now, so one isn't asked again.
    await visitor.reserve((await visitor.free()).button);
    await visitor.notice('is reserved for you');
    await visitor.leave();
}

async function hearsOf(visitor, pattern) {
    await until(`to hear ${pattern}`, async () =>
        (await visitor.heard()).some((text) => pattern.test(text)));
}

export const walks = {
    'buy-desk': (browser) => buyAs(browser, DESK, 'desk'),
    'buy-phone': (browser) => buyAs(browser, PHONE_DARK, 'phone'),

    async browse(browser) {
        const visitor = await Visitor.come(browser, DESK_DARK);
        const { page } = visitor;
        await buy('other', '50');
        await hold('other', '51');
        await page.getByRole('radio', { name: 'Sold' }).check({ force: true });
        await visitor.sees('.card[data-look="sold"]', 'Sold');
        await page.getByRole('radio', { name: 'Reserved' }).check({ force: true });
        await visitor.sees('.card[data-look="held"]', 'Reserved');
        await visitor.look('held');
        await page.getByRole('radio', { name: 'Free' }).check({ force: true });
        await page.locator('.card[data-look="free"]').first().waitFor();
        await page.locator('.card[data-look="held"]').first().waitFor({ state: 'detached' });
        await page.getByRole('radio', { name: 'All' }).check({ force: true });
        await visitor.sees('#page-count', '209');

        // By keyboard alone: to the last page, and one back.
        await page.locator('#page-number').fill('209');
        await page.keyboard.press('Enter');
        await page.locator('.card[data-item$="-10000"]').waitFor();
        assert.equal(await page.locator('.card').count(), 10000 - 208 * PAGE_SIZE);
        await page.locator('#page-back').focus();
        await page.keyboard.press('Enter');
        await page.locator('.card[data-item$="-9937"]').waitFor();
        await page.locator('#page-number').fill('2');
        await page.keyboard.press('Enter');
        await visitor.sees('.card[data-item$="-50"]', 'Sold');

        // While it is looked at, the page changes where something is new and nowhere else.
        const changed = await page.evaluate(async () => {
            let cards = 0;
            const watch = new MutationObserver((changes) => {
                for (const { addedNodes, removedNodes } of changes)
                    for (const node of [...addedNodes, ...removedNodes])
                        if (node.nodeType === Node.ELEMENT_NODE) cards++;
            });
            watch.observe(document.getElementById('grid'), { childList: true, subtree: true });
            await new Promise((resolve) => setTimeout(resolve, 4500));
            return cards;
        });
        assert.equal(changed, 0);
        await visitor.leave();
    },

    async reload(browser) {
        const visitor = await Visitor.come(browser, PHONE);
        const { page } = visitor;
        const { id } = await visitor.free();
        await visitor.reserve(visitor.card(id).getByRole('button'), 'reloading');
        await visitor.notice('is reserved for you');
        await page.reload();
        const row = page.locator(`#holds [data-item="${id}"]`);
        await row.filter({ hasText: 'left' }).waitFor();
        await visitor.look('reloaded');
        await row.getByRole('button', { name: 'Buy for' }).click();
        await visitor.notice('is yours');
        assert.equal((await get(`/items/${id}`)).state, 'sold');

        // The answer to a purchase is lost: the page asks again by itself, and buys once.
        const next = await visitor.free();
        await visitor.reserve(next.button);
        await page.locator(`#holds [data-item="${next.id}"]`).waitFor();
        await page.route('**/purchase', async (route) => {
            await route.fetch();
            await page.unroute('**/purchase');
            await page.reload();
        });
        await next.card.getByRole('button', { name: 'Buy' }).click({ noWaitAfter: true });
        await page.locator(`#bought [data-item="${next.id}"]`).waitFor();
        await visitor.sees('#you-bought', '8 of 10 left');
        await visitor.leave();
    },

    async 'hold-ends'(browser) {
        const visitor = await Visitor.come(browser, DESK, [404]);
        const { page } = visitor;
        const first = await visitor.free();
        await visitor.reserve(first.button, 'slow');
        await visitor.notice('is reserved for you');
        const second = await visitor.free();
        await visitor.reserve(second.button);
        const row = page.locator(`#holds [data-item="${second.id}"]`);
        await row.waitFor();

        // Another tab makes this one believe that the second ends later than it does.
        const tab = await visitor.context.newPage();
        await tab.goto(`${process.env.URL}/www/icon.svg`);
        const endsAt = await tab.evaluate((id) => {
            const key = Object.keys(localStorage).find((one) => one.startsWith('flashsale/sale/'));
            const record = JSON.parse(localStorage.getItem(key));
            const hold = record.holds.find((one) => one.item === id);
            const ended = hold.endsAt;
            hold.endsAt += 60000;
            localStorage.setItem(key, JSON.stringify(record));
            return ended;
        }, second.id);
        await tab.close();

        await visitor.sees('#holds .warns', 'Hurry');
        await visitor.look('hurry');
        await page.locator(`#holds [data-item="${first.id}"]`)
            .waitFor({ state: 'detached', timeout: 40000 });
        await visitor.notice('Time is up');
        await visitor.look('hold-ended');
        await hearsOf(visitor, /^Time is up/);
        // The timer was heard once, at ten seconds.
        const heard = (await visitor.heard()).filter((text) => / left to buy /.test(text));
        assert.equal(heard.length, 1, heard.join());
        assert.match(heard[0], /^10 seconds/);

        await until('the second to end', () => Date.now() > endsAt + 500, 20000);
        await row.getByRole('button').click();
        await visitor.notice('ended before it was bought');
        await row.waitFor({ state: 'detached' });
        await visitor.look('expired');
        await first.button.click();
        await page.locator(`#holds [data-item="${first.id}"]`).waitFor();
        await visitor.leave();
    },

    async refusals(browser) {
        const visitor = await Visitor.come(browser, PHONE_DARK, [412, 429]);
        const { page } = visitor;
        const held = await visitor.free();
        await visitor.justRefreshed();
        await hold('quicker', held.id);
        await visitor.reserve(held.button, 'unlucky');
        await visitor.notice(/Somebody else has reserved .* it is free again in \d+ seconds/);
        await visitor.sees(`.card[data-item="${held.id}"]`, 'Reserved');
        await visitor.look('refused-held');

        const sold = await visitor.free();
        await visitor.justRefreshed();
        await buy('quicker', sold.id);
        await visitor.reserve(sold.button);
        await visitor.notice('is sold. Others are still to be had.');
        await visitor.look('refused-sold');

        // What one bought elsewhere counts: the tenth is the last.
        const last = await visitor.free();
        await visitor.reserve(last.button);
        await page.locator(`#holds [data-item="${last.id}"]`).waitFor();
        for (let bought = 0; bought < 10; bought++) await buy('unlucky', 'any');
        await page.locator(`#holds [data-item="${last.id}"]`).getByRole('button').click();
        await visitor.notice('as many items as one person may');
        await visitor.sees('#you-bought', '0 of 10 left');
        await visitor.look('refused-limit');
        await page.getByRole('button', { name: 'Surprise me' }).click();
        await visitor.notice('as many items as one person may');
        await hearsOf(visitor, /as many items as one person may/);
        await visitor.leave();
    },

    async overloaded(browser) {
        const visitor = await Visitor.come(browser, DESK, [503]);
        const { page } = visitor;
        const { id, button } = await visitor.free();
        await stack('stop-part', 'postgresql');
        try {
            await visitor.reserve(button, 'patient');
            await visitor.notice(/The shop is busy\. Trying again by itself in \d seconds?\./);
            await visitor.look('busy');
            assert.equal(await page.locator('#holds').isVisible(), false);
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

    /** The web server knows the user, whatever name was given. */
    async 'signed-in'(browser) {
        const httpCredentials = { username: 'ida', password: 'ida' };
        const visitor = await Visitor.come(browser, { ...DESK, httpCredentials }, [403]);
        const { page } = visitor;
        const { id, button } = await visitor.free();
        await visitor.reserve(button, 'somebody else');
        await visitor.notice('is reserved for you');
        await visitor.sees('#you-name', 'ida');
        await page.locator(`#holds [data-item="${id}"]`).getByRole('button').click();
        await visitor.notice('is yours');
        await page.locator('#you-name').click();
        await visitor.notice('You are signed in as ida.');
        await visitor.leave();
    },

    async 'no-script'(browser) {
        const context = await browser.newContext({ ...PHONE, javaScriptEnabled: false });
        const page = await context.newPage();
        await page.goto(process.env.URL);
        const text = await page.locator('main').innerText();
        for (const part of ['every hour, on the hour', '10,000 items', 'at most 10 to a person',
            'needs JavaScript', 'last full hour'])
            assert.ok(text.includes(part), `"${part}" is not in: ${text}`);
        assert.equal(await page.locator('#shop').isVisible(), false);
        await page.screenshot({ path: `${process.env.SCREENSHOTS}/no-script-360-light.png` });
        await context.close();
    },

    /** The last two end the sale for all others. */
    async 'sold-out'(browser) {
        const visitor = await Visitor.come(browser, DESK, [412]);
        const { page } = visitor;
        const left = async () => (await get('/sale/status')).items_total -
            (await get('/sale/status')).items_sold;
        await until('holds to end and all to be sold', async () => {
            await crowd();
            return await left() === 0;
        }, 40000);
        await visitor.sees('#sale', 'Sold out. The next sale begins in');
        await visitor.reserve(page.getByRole('button', { name: 'Surprise me' }), 'late');
        await visitor.notice('Sold out: every item of this sale has a buyer.');
        await page.getByRole('radio', { name: 'Free' }).check({ force: true });
        await visitor.sees('#empty', 'Nothing is free right now.');
        await visitor.look('sold-out');
        await visitor.leave();
    },

    async closed(browser) {
        const visitor = await Visitor.come(browser, PHONE, [412]);
        const { page } = visitor;
        const [id, end] = (await sql('SELECT sale_id, ends_at FROM flashsale.open_sale()')).split('|');
        const endAt = (time) => sql(`UPDATE flashsale.sale SET ends_at = ${time} WHERE sale_id = ${id}`);
        await endAt('now()');
        await visitor.sees('#sale', 'This sale is over. The next begins in');
        await visitor.reserve(page.getByRole('button', { name: 'Surprise me' }), 'later');
        await visitor.notice(/This sale is over\. The next sale begins .*in \d+ \w+\./);
        await visitor.look('closed');
        await visitor.leave();
        // The audit that follows holds holds against the end that the sale had when they were given.
        await endAt(`'${end}'`);
    },
};
