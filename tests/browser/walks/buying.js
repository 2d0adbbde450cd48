/** Buying: two clicks, reloads, the end of holds, refusals. */

import assert from 'node:assert/strict';

import { DESK, DESK_DARK, PHONE, PHONE_DARK, Visitor } from '../browser.js';
import { buy, get, hold, sql, until } from '../service.js';

const PAGE_SIZE = 48;

/** Two clicks buy an item, which is remembered over a reload. */
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

    // The card's button only leads to the one that buys, which is not under the finger.
    await card.getByRole('button', { name: 'Go to buy' }).click();
    const row = page.locator(`#holds [data-item="${id}"]`);
    await row.getByRole('button', { name: 'Buy for' }).and(page.locator(':focus')).waitFor();
    await row.getByRole('button', { name: 'Buy for' }).click();
    await visitor.notice('is yours. You may buy 9 more in this sale.');
    await visitor.sees('#you-bought', '9 of 10 left');
    await page.locator('#holds[data-empty="true"]').waitFor({ state: 'attached' });
    await visitor.sees(`.card[data-item="${id}"]`, 'Bought by you');
    const number = id.split('-')[1];
    const sold = await sql(`SELECT held_by, purchased_at IS NOT NULL FROM flashsale.item
                           WHERE sale_id = (SELECT (flashsale.open_sale()).sale_id)
                           AND number = ${number}`);
    assert.equal(sold, `${name}|t`);
    const bought = page.locator(`#bought [data-item="${id}"]`);
    assert.match(await bought.textContent(), /Purchase \d+/);
    await bought.scrollIntoViewIfNeeded();
    await visitor.look('bought');

    await page.reload();
    await bought.waitFor();
    await visitor.sees('#you-bought', '9 of 10 left');
    await visitor.sees('#you-name', name);
    // The name is known now: the page does not ask again.
    await visitor.reserve((await visitor.free()).button);
    await visitor.notice('is reserved for you');
    await visitor.leave();
}

export const buying = {
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
        await page.getByRole('radio', { name: 'Available' }).check({ force: true });
        await page.locator('.card[data-look="free"]').first().waitFor();
        await page.locator('.card[data-look="held"]').first().waitFor({ state: 'detached' });
        await page.getByRole('radio', { name: 'All' }).check({ force: true });
        await visitor.sees('#page-count', '209');

        // By keyboard only: to the last page, and one back.
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

        // Updates change only the cards with something new.
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

        // The answer to a purchase is lost: the page sends it again by itself, and buys once.
        const next = await visitor.free();
        await visitor.reserve(next.button);
        await page.locator(`#holds [data-item="${next.id}"]`).waitFor();
        const isBought = new Promise((resolve) => {
            page.route('**/purchase', async (route) => resolve(await route.fetch()), { times: 1 });
        });
        await page.locator(`#holds [data-item="${next.id}"]`).getByRole('button')
            .click({ noWaitAfter: true });
        await isBought;
        await page.reload();
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

        // Another tab makes this one believe that the second hold ends later than it does.
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
        await visitor.speaks(/^Time is up/);
        // Screen readers got the time left once, at ten seconds.
        const spoken = (await visitor.spokenTexts()).filter((text) => / left to buy /.test(text));
        assert.equal(spoken.length, 1, spoken.join());
        assert.match(spoken[0], /^10 seconds/);

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
        await visitor.notice(/Somebody else has reserved .* it can be had again in \d+ seconds/);
        await visitor.sees(`.card[data-item="${held.id}"]`, 'Reserved');
        await visitor.look('refused-held');

        const sold = await visitor.free();
        await visitor.justRefreshed();
        await buy('quicker', sold.id);
        await visitor.reserve(sold.button);
        await visitor.notice('is sold. Others are still to be had.');
        await visitor.look('refused-sold');

        // Purchases on other devices count: the tenth is the last.
        const last = await visitor.free();
        await visitor.reserve(last.button);
        await page.locator(`#holds [data-item="${last.id}"]`).waitFor();
        for (let bought = 0; bought < 10; bought++) await buy('unlucky', 'any');
        await page.locator(`#holds [data-item="${last.id}"]`).getByRole('button').click();
        await visitor.notice('as many items as one person may');
        await visitor.sees('#you-bought', '0 of 10 left');
        await visitor.look('refused-limit');
        await visitor.speaks(/as many items as one person may/);
        // All buttons are disabled; pressing one shows why, without a request.
        await visitor.offersNothing();
        await page.getByRole('button', { name: 'Close' }).click();
        const { attempts } = await visitor.pressDisabled(page.locator('#any'));
        assert.equal(attempts, 0);
        await visitor.notice('as many items as one person may');
        await visitor.leave();
    },
};
