/** The page without an open sale, and without scripts. */

import assert from 'node:assert/strict';

import { DESK, PHONE, Visitor } from '../browser.js';
import { crowd, get, sql, until } from '../service.js';

export const ends = {
    async 'no-script'(browser) {
        const context = await browser.newContext({ ...PHONE, javaScriptEnabled: false });
        const page = await context.newPage();
        await page.goto(process.env.URL);
        const text = await page.locator('main').innerText();
        for (const part of ['No two items are alike', 'needs JavaScript', '/sale/status', 'POST /checkout'])
            assert.ok(text.includes(part), `"${part}" is not in: ${text}`);
        for (const selector of ['#shop', '#sale', '#you'])
            assert.equal(await page.locator(selector).isVisible(), false, selector);
        // The service's numbers are not in the page, since no script can ask for them.
        assert.doesNotMatch(await page.content(), /10,000|10000|at most 10\b/);
        await page.screenshot({ path: `${process.env.SCREENSHOTS}/no-script-360-light.png` });
        await context.close();
    },

    /** Ends the sale for all others. */
    async 'sold-out'(browser) {
        const visitor = await Visitor.come(browser, DESK);
        const { page } = visitor;
        const left = async () => (await get('/sale/status')).items_total -
            (await get('/sale/status')).items_sold;
        await until('holds to end and all to be sold', async () => {
            await crowd();
            return await left() === 0;
        }, 40000);
        await visitor.sees('#sale', 'Sold out. Next one in');
        await visitor.offersNothing();
        const { attempts } = await visitor.pressDisabled(page.locator('#any'));
        assert.equal(attempts, 0);
        await visitor.notice('Sold out: every item of this sale has a buyer.');
        await page.getByRole('radio', { name: 'Available' }).check({ force: true });
        // No item is reserved, so that none can become free.
        await visitor.sees('#empty', 'Nothing is available: every item has a buyer.');
        assert.doesNotMatch(await page.locator('main').innerText(), /may come back/);
        await visitor.look('sold-out');
        await visitor.leave();
    },

    /** The operator closes the sale while an item is reserved. */
    async closed(browser) {
        const visitor = await Visitor.come(browser, { ...PHONE, user: 'later' }, [412]);
        const { page } = visitor;
        const [id, end] = (await sql('SELECT sale_id, ends_at FROM flashsale.open_sale()')).split('|');
        const endAt = (time) => sql(`UPDATE flashsale.sale SET ends_at = ${time} WHERE sale_id = ${id}`);
        const { id: item, button } = await visitor.free();
        await button.click();
        const row = page.locator(`#holds [data-item="${item}"]`);
        await row.waitFor();
        await endAt('now()');
        try {
            await visitor.sees('#sale', 'The sale is over. Next one in');
            // The hold ended with the sale, and does not count down.
            await visitor.notice('The sale is over, and your reservation of');
            assert.equal(await row.isVisible(), false);
            assert.equal(await page.locator('#notice-action').isVisible(), false);
            await visitor.look('closed-hold');
            await visitor.offersNothing();
            const { attempts } = await visitor.pressDisabled(page.locator('#any'));
            assert.equal(attempts, 0);
            await visitor.notice(/This sale is over\. The next sale begins .*in \d+ \w+\./);
            await page.evaluate(() => scrollTo(0, 0));
            await visitor.look('closed');
            await visitor.leave();
        } finally {
            // For the audit, which compares holds with the end that the sale had when they were given.
            await endAt(`'${end}'`);
        }
    },
};
