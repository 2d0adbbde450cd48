/** What the user does: reserving and buying; and the results. */

import * as api from './api.js';
import * as words from './words.js';
import { showNotice } from './announce.js';
import { mayPass, withRetry } from './retry.js';
import { changesInMs, saleOf, statusAt } from './sale.js';
import { addPurchase, newHold } from './store.js';
import { askWho } from './who.js';

/**
 * @typedef {import('./api.js').Item} Item
 * @typedef {import('./api.js').Reply} Reply
 * @typedef {import('./store.js').Hold} Hold
 */

/** The id that means any free item. */
export const ANY = 'any';
/** How often a purchase without an answer is sent again, after the tries of its click. */
const RESUMES_MAX = 3;

const onWait = (/** @type {number} */ waitMs, /** @type {Reply} */ reply) =>
    showNotice('wait', words.waiting(reply, waitMs));

export class Shop extends EventTarget {
    clock;
    buyer;
    /** @type {import('./sale.js').Sale | undefined} undefined: the service has not answered yet */
    sale;
    /** @type {Set<string>} ids of items with a request in flight, and ANY */
    #busy = new Set();
    /** Whether the service has answered since the last purchase without an answer. */
    #reached = false;
    /** @type {Map<string, number>} by code, how often its purchase was sent again automatically */
    #resumes = new Map();

    /** @param {import('./clock.js').Clock} clock @param {import('./buyer.js').Buyer} buyer */
    constructor(clock, buyer) {
        super();
        this.clock = clock;
        this.buyer = buyer;
        buyer.addEventListener('change', () => this.#changed());
    }

    // ---- the sale -----------------------------------------------------------------------------

    /** @param {Reply} reply of /sale/status */
    takeSale(reply) {
        this.#reached = reply.status === 200;
        if (!this.#reached) {
            this.#changed();
            return;
        }
        this.clock.observe(reply.body.server_time);
        const before = this.sale;
        this.sale = saleOf(reply.body);
        if (before?.id !== this.sale.id) {
            this.buyer.lookAt(this.sale.id);
            if (before) showNotice('good', 'A new sale has begun.');
        }
        this.dispatchEvent(new Event('sale'));
        this.#changed();
    }

    /** Until the sale changes, in ms; see changesInMs. */
    get dueMs() {
        return this.sale && this.clock.isExact ? changesInMs(this.sale, this.clock.now()) : Infinity;
    }

    // ---- what may be done ---------------------------------------------------------------------

    /** Items of the sale that one user may buy; 0: unknown. */
    get limit() {
        return this.sale?.limit ?? 0;
    }

    /** How many more items of this sale the user may buy, as far as the page knows. */
    get left() {
        return Math.max(0, this.limit - this.buyer.record.count);
    }

    /** Why nothing can be reserved now; '' if something can, as far as the page knows. */
    get why() {
        if (!this.sale) return 'unknown';
        const status = statusAt(this.sale, this.clock.now());
        if (status !== 'active') return status;
        return this.limit > 0 && this.left === 0 ? 'user_limit' : '';
    }

    /** The same for ANY. */
    get whyNotAny() {
        return this.why || (this.sale?.left === 0 ? 'left' : '');
    }

    /** Why this hold can't be bought, in a few words; '' if it can. */
    whyNotBuy(/** @type {Hold} */ hold) {
        return hold.user === this.buyer.user && hold.sale === this.sale?.id &&
            this.why === 'user_limit' ? 'Above what one person may buy' : '';
    }

    isBusy(/** @type {string} */ id) {
        return this.#busy.has(id);
    }

    /** Tells why a button is disabled. */
    explain(/** @type {ReturnType<Shop['whyNotAny']>} */ why) {
        if (why !== '') showNotice('bad', words.unavailable(why, this.#circumstances('')));
    }

    // ---- the user -----------------------------------------------------------------------------

    async chooseUser() {
        const { buyer } = this;
        if (buyer.isNobody) {
            this.signIn();
        } else if (buyer.isGiven) {
            showNotice('good', `You are signed in as ${buyer.user}.`);
        } else {
            const name = await askWho(buyer.user ?? '');
            if (name !== null) buyer.rename(name);
        }
    }

    signIn() {
        location.assign(api.LOGIN_PATH);
    }

    #tellNobody() {
        showNotice('bad', words.notSignedIn, { label: 'Sign in', run: () => this.signIn() });
    }

    // ---- reserving ----------------------------------------------------------------------------

    /** @param {{id: string, name: string}} item or {id: ANY, name: ''} */
    async reserve(item) {
        if (this.#busy.has(item.id)) return;
        if (this.buyer.user === null && !this.buyer.isGiven) await this.chooseUser();
        if (this.buyer.isNobody) this.#tellNobody();
        if (this.buyer.user === null) return;
        const reply = await this.#during(item.id, () => this.#checkout(item));
        if (reply.status === 200) {
            this.#reserved(reply.body);
            return;
        }
        if (reply.status === 401) {
            await this.buyer.ask();
            this.#tellNobody();
            return;
        }
        this.#refused(reply, item.name, () => this.reserve(item));
        if (reply.outcome === 'held' || reply.outcome === 'sold')
            this.#itemChanged(item.id, {
                state: reply.outcome,
                held_until: this.#after(reply.retryAfterS),
            });
        if (reply.outcome === 'bad_request') this.chooseUser();
    }

    #reserved(/** @type {any} */ body) {
        if (this.buyer.isGiven) this.buyer.rename(body.user);
        this.buyer.update(body.sale_id, body.user, (record) => {
            record.holds = record.holds.filter((hold) => hold.item !== body.item_id);
            record.holds.push(newHold(body.code, body.expires_at, body.item));
        });
        showNotice('good', words.reserved(body.item.name, body.expires_in * 1000));
    }

    /** @param {{id: string}} item @returns {Promise<Reply>} */
    async #checkout({ id }) {
        const ask = () => withRetry(() => api.checkout(this.buyer.userToSend, id), onWait);
        const reply = await ask();
        // The user is logged in under a name other than the one given here.
        if (reply.status !== 403 || this.buyer.isGiven) return reply;
        await this.buyer.ask();
        return this.buyer.isGiven ? ask() : reply;
    }

    // ---- buying -------------------------------------------------------------------------------

    /** @param {Hold} hold */
    async buy(hold) {
        if (this.#busy.has(hold.item)) return;
        const { sale, user } = hold;
        // The purchase may succeed even if its answer is lost: stored, so that a reload sends it again.
        this.buyer.update(sale, user, (record) => {
            for (const one of record.holds) if (one.code === hold.code) one.buying = true;
        });
        const reply = await this.#during(hold.item, () =>
            withRetry(() => api.purchase(hold.code), onWait));
        if (mayPass(reply)) {
            this.#reached = false;
            this.#refused(reply, hold.name, () => this.buy(hold));
            return;
        }
        this.buyer.update(sale, user, (record) => {
            record.holds = record.holds.filter((one) => one.code !== hold.code);
            if (reply.status === 200) takePurchase(record, reply.body);
        });
        if (reply.status === 200) {
            this.#itemChanged(hold.item, { state: 'sold', held_until: null });
            showNotice('good', words.bought(hold.name, this.left));
        } else {
            this.#refused(reply, hold.name);
        }
    }

    /** Ends the holds whose time is up, except those with a purchase that may have succeeded. */
    endHolds() {
        if (!this.sale || !this.clock.isExact) return;
        const now = this.clock.now();
        const isOver = statusAt(this.sale, now) === 'closed';
        for (const hold of this.buyer.holds) {
            if (this.#busy.has(hold.item)) continue;
            const isClosed = hold.sale === this.sale.id && isOver;
            if (hold.buying) this.#resume(hold);
            else if (isClosed || hold.endsAt <= now) this.#end(hold, isClosed);
        }
    }

    /** @param {Hold} hold @param {boolean} isClosed its sale is over */
    #end(hold, isClosed) {
        this.buyer.update(hold.sale, hold.user, (record) => {
            record.holds = record.holds.filter((one) => one.code !== hold.code);
        });
        if (isClosed || hold.sale !== this.sale?.id) {
            showNotice('bad', words.holdClosed(hold.name));
            return;
        }
        this.#itemChanged(hold.item, { state: 'free', held_until: null });
        showNotice('bad', words.holdEnded(hold.name), {
            label: 'Reserve it again',
            run: () => this.reserve({ id: hold.item, name: hold.name }),
        });
    }

    /** Sends a purchase without an answer again: a few times, after that the user has to. */
    #resume(/** @type {Hold} */ hold) {
        const resumes = this.#resumes.get(hold.code) ?? 0;
        if (!this.#reached || resumes === RESUMES_MAX) return;
        this.#resumes.set(hold.code, resumes + 1);
        this.buy(hold);
    }

    // ---- helpers ------------------------------------------------------------------------------

    /** @param {string} id @param {() => Promise<Reply>} request */
    async #during(id, request) {
        this.#busy.add(id);
        this.#changed();
        const reply = await request();
        this.#busy.delete(id);
        this.#changed();
        return reply;
    }

    #circumstances(/** @type {string} */ name) {
        return { name, nextSaleAt: this.sale?.nextAt ?? NaN, now: this.clock.now() };
    }

    /** @param {Reply} reply @param {string} name @param {() => void} [again] */
    #refused(reply, name, again) {
        const text = words.refusal(reply, this.#circumstances(name));
        if (reply.outcome === 'user_limit')
            this.buyer.update(this.sale?.id, this.buyer.user, (record) => {
                record.count = Math.max(record.count, this.limit);
            });
        const passes = mayPass(reply) && again;
        showNotice('bad', text, passes ? { label: 'Try again', run: again } : undefined);
    }

    #changed() {
        this.dispatchEvent(new Event('change'));
    }

    /** @param {string} id @param {Partial<Item>} change */
    #itemChanged(id, change) {
        this.dispatchEvent(new CustomEvent('item', { detail: { id, change } }));
    }

    #after(/** @type {number} */ seconds) {
        return seconds > 0 ? new Date(this.clock.now() + seconds * 1000).toISOString() : null;
    }
}

/** @param {import('./store.js').SaleRecord} record @param {any} body of a purchase */
function takePurchase(record, body) {
    record.count = Math.max(record.count, body.user_purchases);
    addPurchase(record, body.purchase_id, body.purchased_at, body.item);
}
