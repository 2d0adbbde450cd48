/** Log-ins of docs/IDENTITY.md: at a provider's form or at the shop's, with the browser's cookies. */

import { DESK, PHONE, Visitor } from '../browser.js';

/** What is typed into the form, and what the sale then calls the user. */
const { LOG_IN_AS: name, KNOWN_AS: user } = process.env;

/** Statuses while nobody is logged in, and of pictures that the forms lack. */
const EXPECTED = [400, 401, 403, 404, 405];

async function logIn(visitor) {
    const { page } = visitor;
    await visitor.sees('#sign-in', 'Sign in');
    await page.locator('#sign-in').click();
    await page.locator('input[name="user"]').fill(name);
    await page.getByRole('button', { name: 'Log in' }).click();
    await visitor.sees('#you-name', user);
}

const holdOf = (visitor, id) => visitor.page.locator(`#holds [data-item="${id}"]`);

export const login = {
    /** Reserved on one device, seen and bought on a second one, and seen again after the first lost its cookies. */
    async 'log-in'(browser) {
        const first = await Visitor.come(browser, DESK, EXPECTED);
        await logIn(first);
        await first.page.locator('.card').first().waitFor();
        const items = [];
        for (let i = 0; i < 2; i++) {
            const { id, button } = await first.free();
            await first.reserve(button);
            await holdOf(first, id).waitFor();
            items.push(id);
        }

        const second = await Visitor.come(browser, PHONE, EXPECTED);
        await logIn(second);
        await holdOf(second, items[1]).waitFor();
        await holdOf(second, items[0]).getByRole('button').click();
        await second.notice('is yours');
        await second.look('logged-in-second-device');
        await second.leave();

        await first.context.clearCookies();
        await first.page.reload();
        await logIn(first);
        await holdOf(first, items[1]).waitFor();
        await first.page.locator(`#bought [data-item="${items[0]}"]`).waitFor({ state: 'attached' });
        await first.look('logged-in-again');
        await first.leave();
    },
};
