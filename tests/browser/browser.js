/** A browser at the storefront, and what it must never say. */

import axe from 'axe-core';
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { chromium } from 'playwright-core';

import { firstFree, until } from './service.js';

const { URL: shop, SCREENSHOTS: screenshots } = process.env;
const SLOWNESS = Number(process.env.TEST_SLOWNESS ?? 1);

/** What a browser says by itself of a reply that is a refusal. */
const NETWORK_NOISE =
    /^Failed to load resource: (?:the server responded with a status of (\d+)|net::(ERR_\w+))/;

/** How a visitor looks at the page. */
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
    /** What went wrong in the page, in words. */
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

    /** The same, before the page is opened. */
    static async start(browser, { user, ...options }, expected = []) {
        const visitor = new Visitor();
        visitor.expected = expected.map(String);
        visitor.context = await browser.newContext(options);
        visitor.context.setDefaultTimeout(8000 * SLOWNESS);
        const page = await visitor.context.newPage();
        visitor.page = page;
        page.on('pageerror', (error) => visitor.faults.push(`exception: ${error.stack}`));
        page.on('console', (message) => visitor.#onConsole(message));
        // Before the page's scripts: each violation of the policy, each word for screen readers.
        await page.addInitScript(() => {
            window.heard = [];
            addEventListener('securitypolicyviolation', (event) =>
                console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
            addEventListener('DOMContentLoaded', () => {
                const spoken = document.getElementById('spoken');
                if (!spoken) return; // the browser's own page, of an error
                new MutationObserver(() => {
                    if (spoken.textContent) window.heard.push(spoken.textContent);
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

    /** Whether or not there is anything to see. */
    async arrive() {
        const reply = await this.page.goto(`${shop}/`);
        assert.equal(reply.status(), 200);
        const policy = reply.headers()['content-security-policy'] ?? '';
        for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'",
            "base-uri 'none'", "frame-ancestors 'none'"])
            assert.ok(policy.includes(part), `the policy lacks ${part}: ${policy}`);
        await this.page.locator('#sale').waitFor();
    }

    /** Reserves what the locator's button is for, saying who one is if asked. */
    async reserve(button, name) {
        await button.click();
        const field = this.page.locator('#who-name');
        if (name !== undefined) {
            await field.fill(name);
            await this.page.keyboard.press('Enter');
        }
    }

    /** The first card that is free, by the rows too: what the page sees may be a second old. */
    async free() {
        const shown = await this.page.locator('.card[data-look="free"]')
            .evaluateAll((cards) => cards.map((card) => card.dataset.item));
        const id = await firstFree(shown);
        return { id, card: this.card(id), button: this.card(id).getByRole('button') };
    }

    card(id) {
        return this.page.locator(`.card[data-item="${id}"]`);
    }

    /** Right after the list was brought up to date, so that it stays as it is for a moment. */
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

    /** Words that were given to screen readers so far. */
    heard() {
        return this.page.evaluate(() => window.heard);
    }

    async hears(pattern) {
        await until(`to hear ${pattern}`, async () =>
            (await this.heard()).some((text) => pattern.test(text)));
    }

    /** No button offers what can't be had. */
    async offersNothing() {
        const { page } = this;
        await page.locator('#any[aria-disabled="true"]').waitFor();
        await until('buttons to be off', () => page.locator('.card button, #holds button')
            .evaluateAll((buttons) => buttons.every((button) => button.hidden ||
                button.ariaDisabled === 'true')));
    }

    /** Presses it all the same, and counts what is sent to the service for it. */
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

    /** What axe finds wrong here, and a picture for people to look at. */
    async look(name) {
        await mkdir(screenshots, { recursive: true });
        // What fades in has the wrong contrast for a moment.
        await this.page.evaluate(() => Promise.all(document.getAnimations()
            .map((animation) => animation.finished.catch(() => {}))));
        const { width } = this.page.viewportSize();
        const scheme = await this.page.evaluate(() =>
            matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
        await this.page.screenshot({ path: `${screenshots}/${name}-${width}-${scheme}.png` });
        // Nor does it begin to fade while axe looks: a button that becomes armed, say.
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
