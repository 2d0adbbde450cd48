/** A draw: the user's own turn, before it, when it comes, and after all have come. */

import assert from 'node:assert/strict';

import { DESK, PHONE, PHONE_DARK, Visitor } from '../browser.js';
import { crowd, get, sql, until } from '../service.js';
import { checkShifts, watchShifts } from './measures.js';

const SLOWNESS = Number(process.env.TEST_SLOWNESS ?? 1);
/** How late the page may be, whose clock is late by a cached reply's age, and a tick. */
const LATE_MS_MAX = 1000 + 250 + 500 * SLOWNESS;

const ms = (time) => Date.parse(time);
const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));

/** Waits until a sale has begun no more than so many seconds ago, and returns it. */
async function freshSale(ageMsMax) {
    let sale;
    await until('a sale to begin', async () => {
        sale = await get('/sale/status');
        return sale.sale_status === 'active' && ms(sale.server_time) - ms(sale.starts_at) < ageMsMax;
    }, 90000);
    return sale;
}

/** A name whose turn in the current sale comes within these seconds from now. */
async function nameThatWaits(from, to) {
    for (let i = 0; i < 2000; i++) {
        const name = `drawn-${Math.random().toString(36).slice(2, 8)}`;
        const turn = await get(`/turn?user_id=${name}`);
        if (turn.opens_in > from && turn.opens_in <= to) return { name, opensAt: ms(turn.opens_at) };
    }
    throw new Error('no such name');
}

const clockMs = async (page) => {
    const text = await page.locator('#clock').innerText();
    const [, minutes, seconds] = /^(\d+):(\d\d)$/.exec(text) ?? assert.fail(`the clock says ${text}`);
    return (minutes * 60 + Number(seconds)) * 1000;
};

/** Counts requests by path. */
function countRequests(page) {
    const asked = {};
    page.on('request', (request) => {
        const { pathname } = new URL(request.url());
        asked[pathname] = (asked[pathname] ?? 0) + 1;
    });
    return asked;
}

/** A device whose clock is wrong by an hour. */
const turnBackClock = (page) => page.addInitScript(() => {
    const { now } = Date;
    Date.now = () => now.call(Date) - 3600000;
});

/** The turn of a user without a name until the name is given, then until the turn has come, then until all have. */
async function turn(browser, look, isPhone) {
    await freshSale(8000);
    const visitor = await Visitor.start(browser, look);
    const { page } = visitor;
    if (isPhone) await turnBackClock(page);
    await watchShifts(page);
    await visitor.open();
    await visitor.sees('.clock-at', 'Turns are drawn.');
    await visitor.sees('#sale-what', 'The sale ends in');
    await visitor.look('turn-of-nobody');

    // By keyboard alone: the name is asked for, and the focus is not lost.
    await page.locator('#turn-ask').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Who is buying?' }).waitFor();
    const { name, opensAt } = await nameThatWaits(14, 22);
    await page.keyboard.type(name);
    await page.keyboard.press('Enter');
    await visitor.sees('#sale-what', 'Your turn in');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'clock-at');
    const at = new Date(Math.ceil(opensAt / 1000) * 1000).toLocaleTimeString('en-GB');
    await visitor.sees('#clock-at', `You can reserve from ${at.replace(/:00$/, '')}. Until then, look around.`);
    const shownMs = await clockMs(page);
    assert.ok(Math.abs(shownMs - (opensAt - Date.now())) < 2500, `${shownMs}, ${opensAt - Date.now()}`);
    await visitor.speaks(/^Your turn comes in \d+ seconds: you can reserve from /);
    await visitor.offersNothing();
    await visitor.sees('.card[data-look="free"] button', `From ${at.slice(0, 5)}`);
    await visitor.look('turn-waits');

    // Disabled buttons say why, and send nothing.
    const asked = countRequests(page);
    for (const button of [page.locator('#any'), page.locator('.card[data-look="free"] button').first()]) {
        const { attempts } = await visitor.pressDisabled(button);
        assert.equal(attempts, 0);
        await visitor.notice(/Your turn comes in \d+ seconds: .* Until then, look around\./);
        await page.getByRole('button', { name: 'Close' }).click();
    }
    await page.locator('#items').scrollIntoViewIfNeeded();
    await page.evaluate(() => document.getElementById('items').scrollIntoView({ behavior: 'instant' }));
    await visitor.sees('#bar-clock', /\d:\d\d\s*to your turn/);
    await visitor.look('turn-waits-items');

    // It comes by itself, not before its time, and without a request of its own.
    const { button } = await visitor.free();
    const isOn = () => button.evaluate((one) => one.ariaDisabled !== 'true');
    await until('the turn to come', isOn, 30000);
    const lateMs = Date.now() - opensAt;
    console.log(`the page became active ${lateMs} ms after the turn came; requests ${JSON.stringify(asked)}`);
    assert.ok(lateMs >= 0 && lateMs < LATE_MS_MAX, `${lateMs}`);
    await sleep(300);
    for (const path of ['/me', '/turn', '/checkout']) assert.equal(asked[path], undefined, path);
    await visitor.notice('Your turn has come: you can reserve now.');
    await visitor.speaks(/^Your turn has come/);
    const spoken = (await visitor.spokenTexts()).filter((text) => /^Your turn comes in/.test(text));
    // When it was known, by two presses, and ten seconds before.
    assert.equal(spoken.length, 4, spoken.join('; '));
    await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));
    await visitor.sees('#clock-at', 'Your turn has come. Open to all from');
    await visitor.sees('#sale-what', 'The sale ends in');
    await visitor.look('turn-came');
    await checkShifts(page, 'turn');
    await visitor.reserve(button);
    await visitor.notice('is reserved for you');
    await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));
    await visitor.sees('#clock-at', 'All turns have come: open to all.', 60000);
    await visitor.look('turns-over');
    await visitor.leave();
}

export const turns = {
    'turn-desk': (browser) => turn(browser, DESK, false),
    'turn-phone': (browser) => turn(browser, { ...PHONE_DARK, viewport: { width: 320, height: 640 } }, true),

    /** The page learns the turn from a refusal, because its own question had no answer. */
    async 'turn-refused'(browser) {
        await freshSale(8000);
        const { name, opensAt } = await nameThatWaits(6, 22);
        const visitor = await Visitor.start(browser, { ...PHONE, user: name }, [412, 'ERR_FAILED']);
        const { page } = visitor;
        await page.route('**/me?*', (route) => route.abort());
        await visitor.open();
        await visitor.sees('#clock-at', 'Turns are drawn. Looking yours up…');
        await (await visitor.free()).button.click();
        await visitor.notice(/Your turn comes in \d+ seconds: .* Until then, look around\./);
        await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));
        await visitor.sees('#sale-what', 'Your turn in');
        const shownMs = await clockMs(page);
        assert.ok(Math.abs(shownMs - (opensAt - Date.now())) < 2500, `${shownMs}`);
        await visitor.look('turn-refused');
        await visitor.leave();
    },

    /** A sale begins while the page is open: it says so before, and asks once for the turn. */
    async 'turn-begins'(browser) {
        const sale = await freshSale(60000);
        const visitor = await Visitor.come(browser, { ...DESK, user: `early-${process.pid}` }, [404, 412]);
        const { page } = visitor;
        await visitor.sees('#clock-at', /Your turn has come|You can reserve from|All turns have come/);
        const asked = countRequests(page);
        await until('the next sale', async () => (await get('/sale/status')).sale_id > sale.sale_id, 90000);
        await visitor.sees('#clock-at', /Your turn has come|You can reserve from/);
        await sleep(2000);
        console.log(`requests ${JSON.stringify(asked)}`);
        assert.equal(asked['/me'], 1);
        const turn = await get(`/turn?user_id=early-${process.pid}`);
        if (turn.opens_in > 3)
            assert.ok(Math.abs(await clockMs(page) - turn.opens_in * 1000) < 3000);

        // Sold out: the next sale draws anew, and tells the turns only then.
        await visitor.sees('#clock-at', 'All turns have come: open to all.', 60000);
        await until('all to be sold', async () => {
            await crowd(25);
            return (await get('/sale/status')).sale_status === 'sold_out';
        }, 60000);
        await visitor.sees('#sale-what', 'Sold out. Next one in');
        await visitor.sees('#clock-at', 'Turns are drawn: yours is told once the sale has begun.');
        await visitor.look('turn-of-the-next');
        await visitor.leave();
    },

    /** A page in the background says in its title that the turn has come, and the rest when it is seen again. */
    async 'turn-hidden'(browser) {
        await freshSale(8000);
        const { name } = await nameThatWaits(5, 20);
        const visitor = await Visitor.come(browser, { ...DESK, user: name });
        const { page } = visitor;
        await visitor.sees('#sale-what', 'Your turn in');
        const setHidden = (isHidden) => page.evaluate((hidden) => {
            Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
            document.dispatchEvent(new Event('visibilitychange'));
        }, isHidden);
        assert.equal(await page.title(), 'flashsale');
        await setHidden(true);
        await until('the title to change', async () => await page.title() === 'Your turn: flashsale', 30000);
        assert.equal(await page.locator('#notice').isVisible(), false);
        await setHidden(false);
        await visitor.notice('Your turn has come: you can reserve now.');
        assert.equal(await page.title(), 'flashsale');
        await visitor.leave();
    },

    /** Nobody is signed in: the turn is told after the log-in. */
    async 'turn-signed-in'(browser) {
        await freshSale(15000);
        const visitor = await Visitor.come(browser,
            { ...PHONE, httpCredentials: { username: 'ida', password: 'ida' } }, [401, 405, 412]);
        const { page } = visitor;
        await visitor.sees('.clock-at', 'Turns are drawn.');
        await visitor.look('turn-of-nobody-signed-in');
        await page.getByRole('button', { name: 'Sign in to see yours' }).click();
        await visitor.sees('#you-name', 'ida');
        await visitor.sees('#clock-at', /Your turn has come|You can reserve from|All turns have come/);
        const opensAt = ms(await sql(`SELECT to_char(opens_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
            FROM flashsale.read_turn('ida')`));
        if (opensAt > Date.now() + 3000)
            assert.ok(Math.abs(await clockMs(page) - (opensAt - Date.now())) < 2500);
        await visitor.look('turn-of-ida');
        await visitor.leave();
    },
};
