/** A visitor of the storefront: a browser, and the errors that it must not report. */

import axe from 'axe-core';
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { chromium } from 'playwright-core';

import { firstFree, until } from './service.js';

const { URL: shop, SCREENSHOTS: screenshots } = process.env;
const SLOWNESS = Number(process.env.TEST_SLOWNESS ?? 1);

/** The browser's own console messages about refused requests. */
const NETWORK_NOISE =
    /^Failed to load resource: (?:the server responded with a status of (\d+)|net::(ERR_\w+))/;

/** Options of the browser's context. */
export const DESK = { viewport: { width: 1280, height: 900 }, colorScheme: 'light' };
export const DESK_DARK = { ...DESK, colorScheme: 'dark' };
export const PHONE = {
    viewport: { width: 360, height: 740 }, colorScheme: 'light', hasTouch: true,
};
export const PHONE_DARK = { ...PHONE, colorScheme: 'dark', reducedMotion: 'reduce' };

export const openBrowser = () => chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // The sandbox needs user namespaces, which root and containers may lack.
    args: ['--no-sandbox'],
});

export class Visitor {
    /** Errors of the page, as text. */
    faults = [];

    /**
     * @param {import('playwright-core').Browser} browser
     * @param {object} options of the context; user: a name that the browser remembers
     * @param {(number | string)[]} expected statuses and network errors that the walk provokes
     */
    static async come(browser, options, expected = []) {
        const visitor = await Visitor.start(browser, options, expected);
        await visitor.open();
        return visitor;
    }

    /** The same, without opening the page. */
    static async start(browser, { user, ...options }, expected = []) {
        const visitor = new Visitor();
        visitor.expected = expected.map(String);
        visitor.context = await browser.newContext(options);
        visitor.context.setDefaultTimeout(8000 * SLOWNESS);
        const page = await visitor.context.newPage();
        visitor.page = page;
        page.on('pageerror', (error) => visitor.faults.push(`exception: ${error.stack}`));
        page.on('console', (message) => visitor.#onConsole(message));
        // Before the page's scripts run: records violations of the policy, and texts for screen readers.
        await page.addInitScript(() => {
            window.spokenTexts = [];
            addEventListener('securitypolicyviolation', (event) =>
                console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
            addEventListener('DOMContentLoaded', () => {
                const spoken = document.getElementById('spoken');
                if (!spoken) return; // the browser's own error page
                new MutationObserver(() => {
                    if (spoken.textContent) window.spokenTexts.push(spoken.textContent);
                }).observe(spoken, { childList: true, characterData: true, subtree: true });
            });
        });
        if (user !== undefined)
            await page.addInitScript((name) => {
                if (localStorage.getItem('flashsale/user') === null)
                    localStorage.setItem('flashsale/user', name);
            }, user);
        return visitor;
    }

    #onConsole(message) {
        if (!['error', 'warning', 'assert'].includes(message.type())) return;
        const noise = NETWORK_NOISE.exec(message.text());
        if (noise && this.expected.includes(noise[1] ?? noise[2])) return;
        this.faults.push(`console: ${message.text()} (${message.location().url})`);
    }

    async open() {
        await this.arrive();
        await this.page.locator('.card').first().waitFor();
    }

    /** Opens the page, without waiting for its content. */
    async arrive() {
        const reply = await this.page.goto(`${shop}/`);
        assert.equal(reply.status(), 200);
        const policy = reply.headers()['content-security-policy'] ?? '';
        for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'",
            "base-uri 'none'", "frame-ancestors 'none'"])
            assert.ok(policy.includes(part), `the policy lacks ${part}: ${policy}`);
        await this.page.locator('#sale').waitFor();
    }

    /** Presses the locator's button, which reserves, and gives a name if asked. */
    async reserve(button, name) {
        await button.click();
        const field = this.page.locator('#who-name');
        if (name !== undefined) {
            await field.fill(name);
            await this.page.keyboard.press('Enter');
        }
    }

    /** The first free card, checked in the rows, since the page's data may be a second old. */
    async free() {
        const free = this.page.locator('.card[data-look="free"]');
        await free.first().waitFor();
        const shown = await free.evaluateAll((cards) => cards.map((card) => card.dataset.item));
        const id = await firstFree(shown);
        return { id, card: this.card(id), button: this.card(id).getByRole('button') };
    }

    card(id) {
        return this.page.locator(`.card[data-item="${id}"]`);
    }

    /** Waits until the list was just updated, so that it stays the same for a moment. */
    async justRefreshed() {
        await this.page.waitForResponse((reply) => reply.url().includes('/items?'));
    }

    async sees(selector, text, timeout) {
        await this.page.locator(selector).filter({ hasText: text, visible: true }).first()
            .waitFor({ timeout });
    }

    notice(text, timeout) {
        return this.sees('#notice', text, timeout);
    }

    /** The texts for screen readers so far. */
    spokenTexts() {
        return this.page.evaluate(() => window.spokenTexts);
    }

    async speaks(pattern) {
        await until(`to speak ${pattern}`, async () =>
            (await this.spokenTexts()).some((text) => pattern.test(text)));
    }

    /** All buttons that reserve are disabled. */
    async offersNothing() {
        const { page } = this;
        await page.locator('#any[aria-disabled="true"]').waitFor();
        await until('buttons to be off', () => page.locator('.card button, #holds button')
            .evaluateAll((buttons) => buttons.every((button) => button.hidden ||
                button.ariaDisabled === 'true')));
    }

    /** Presses a disabled button; returns the number of requests that this causes. */
    async pressDisabled(button) {
        let attempts = 0;
        const count = (request) => {
            if (request.method() === 'POST') attempts++;
        };
        this.page.on('request', count);
        await button.click({ force: true });
        await this.page.waitForTimeout(300);
        this.page.off('request', count);
        return { attempts };
    }

    /** Runs axe, whose findings are faults, and takes a screenshot. */
    async look(name) {
        await mkdir(screenshots, { recursive: true });
        // Elements that fade in have the wrong contrast for a moment.
        await this.page.evaluate(() => Promise.all(document.getAnimations()
            .map((animation) => animation.finished.catch(() => {}))));
        const { width } = this.page.viewportSize();
        const scheme = await this.page.evaluate(() =>
            matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
        await this.page.screenshot({ path: `${screenshots}/${name}-${width}-${scheme}.png` });
        // No fading may begin while axe runs, of a button that becomes armed, for example.
        await this.page.evaluate(() => {
            const still = new CSSStyleSheet();
            still.replaceSync('*, *::before, *::after { transition: none !important; }');
            document.adoptedStyleSheets.push(still);
        });
        await this.page.evaluate(axe.source);
        const { violations } = await this.page.evaluate(() => window.axe.run(document, {
            resultTypes: ['violations'],
        }));
        await this.page.evaluate(() => {
            document.adoptedStyleSheets.pop();
        });
        assert.deepEqual(violations.map((violation) =>
            `${violation.id}: ${violation.nodes.map((node) => node.html).join(' | ')}`), [],
        `axe at ${name}`);
        const wide = await this.page.evaluate(() =>
            document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`);
    }

    async leave() {
        await this.context.close();
        assert.deepEqual(this.faults, []);
    }
}
