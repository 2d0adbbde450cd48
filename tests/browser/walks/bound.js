/** The bound on holds, which is 2 here: told before it is met, and what to do at it. */

import assert from 'node:assert/strict';

import { DESK_DARK, PHONE, Visitor } from '../browser.js';
import { hold, until } from '../service.js';

const IDA = { username: 'ida', password: 'ida' };

const isOn = (button) => button.evaluate((one) => one.ariaDisabled !== 'true');

/** Two holds, no third; then room by a purchase, and room by the end of a hold. */
async function bound(browser, look, name) {
    const visitor = await Visitor.come(browser, { ...look, user: `bound-${name}` });
    const { page } = visitor;
    const atOnce = page.locator('#holds-at-once');
    await visitor.sees('#terms', 'Each may buy 10 and hold 2 at once, for');
    const reserve = async () => {
        const { id, button } = await visitor.free();
        await visitor.reserve(button);
        await page.locator(`#holds [data-item="${id}"]`).waitFor();
        return id;
    };
    const first = await reserve();
    await visitor.sees('#holds-at-once', 'You can hold 2 at once: 1 more.');
    await visitor.look('bound-one-more');
    await reserve();
    await visitor.notice('You can hold no more at once.');
    await visitor.speaks(/You can hold no more at once\.$/);
    const wait = /^You hold all that you can at once\. Buy one of them, or wait until \d\d:\d\d(:\d\d)?\.$/;
    assert.match(await atOnce.innerText(), wait);
    const { button } = await visitor.free();
    await visitor.sees('.card[data-look="free"] button', 'Buy one first');
    assert.equal(await isOn(button), false);
    await visitor.look('bound-met');
    for (const one of [page.locator('#any'), button]) {
        const { attempts } = await visitor.pressDisabled(one);
        assert.equal(attempts, 0);
        await visitor.notice(/at once, which is 2\. Buy one of them, or wait until \d\d:\d\d(:\d\d)?\./);
    }
    await visitor.look('bound-explained');

    await page.locator(`#holds [data-item="${first}"]`).getByRole('button').click();
    await visitor.notice('is yours');
    await until('room after a purchase', () => isOn(button));
    await visitor.sees('#holds-at-once', 'You can hold 2 at once: 1 more.');
    await reserve();
    await until('the bound to be met', async () => wait.test(await atOnce.innerText()));
    // The first hold ends: the clock makes room, and no request.
    await visitor.notice('Time is up', 60000);
    await until('room after an end', async () => isOn((await visitor.free()).button));
    await reserve();
    await visitor.leave();
}

export const bounds = {
    'bound-desk': (browser) => bound(browser, DESK_DARK, 'desk'),
    'bound-phone': (browser) => bound(browser, { ...PHONE, viewport: { width: 320, height: 640 } }, 'phone'),

    /** Holds on another device, of which the page does not know: the service refuses; the page goes on by itself. */
    async 'bound-elsewhere'(browser) {
        const visitor = await Visitor.come(browser, { ...PHONE, user: 'two-devices' }, [429]);
        const { page } = visitor;
        await visitor.sees('#you-bought', '10 of 10 left');
        for (let i = 0; i < 2; i++) await hold('two-devices', 'any');
        const { id, button } = await visitor.free();
        await visitor.reserve(button);
        await visitor.notice(/You hold as many items as one person may at once, which is 2\. Buy one of them, or wait/);
        await visitor.sees('.card[data-look="free"] button', 'Buy one first');
        await page.locator('#allowance').filter({ hasText: '2 reserved on another device.' })
            .waitFor({ state: 'attached' });
        await visitor.look('bound-elsewhere');
        let asked = 0;
        page.on('request', (request) => {
            if (/\/(checkout|me)\b/.test(request.url())) asked++;
        });
        await until('room when the first hold ends', () => isOn(visitor.card(id).getByRole('button')), 60000);
        assert.equal(asked, 0);
        await visitor.reserve((await visitor.free()).button);
        await page.locator('#holds li').waitFor();
        await visitor.leave();
    },

    /** Signed in, with holds from another device, in a browser that was cleared: the page shows them and the bound. */
    async 'bound-cleared'(browser) {
        const come = async (look) => {
            const visitor = await Visitor.come(browser, { ...look, httpCredentials: IDA }, [401, 405]);
            await visitor.page.locator('#sign-in').click();
            await visitor.sees('#you-name', 'ida');
            await visitor.page.locator('.card').first().waitFor();
            return visitor;
        };
        const first = await come(DESK_DARK);
        for (let i = 0; i < 2; i++) {
            await first.reserve((await first.free()).button);
            await first.page.locator('#holds li').nth(i).waitFor();
        }
        const second = await come(PHONE);
        await second.page.locator('#holds li').nth(1).waitFor();
        await second.sees('#holds-at-once', 'You hold all that you can at once.');
        await second.sees('.card[data-look="free"] button', 'Buy one first');
        await second.look('bound-second-device');
        await first.page.evaluate(() => localStorage.clear());
        await first.page.reload();
        await first.page.locator('#holds li').nth(1).waitFor();
        await first.sees('#holds-at-once', 'You hold all that you can at once.');
        await first.sees('#you-name', 'ida');
        await first.look('bound-cleared');
        // Bought here, it makes room there.
        await first.page.locator('#holds li button').first().click();
        await first.notice('is yours');
        await second.page.reload();
        await second.sees('#holds-at-once', 'You can hold 2 at once: 1 more.');
        await second.leave();
        await first.leave();
    },
};
