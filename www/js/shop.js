/** What the user does: reserving and buying; and the results. */

import * as api from './api.js';
import * as words from './words.js';
import { showNotice } from './announce.js';
import { mayPass, withRetry } from './retry.js';
import { changesInMs, saleOf, statusAt, turnAt } from './sale.js';
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
    /** Until when the service refuses a user more holds; ms since 1970. */
    #full = { sale: 0, user: /** @type {string | null} */ (null), until: 0 };

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
            this.buyer.lookAt(this.sale, before !== undefined);
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
        if (this.limit > 0 && this.left === 0) return 'user_limit';
        if (this.turn === 'waits') return 'not_yet';
        return this.roomAt > this.clock.now() ? 'hold_limit' : '';
    }

    /** The user's turn in the draw. @returns {import('./sale.js').Turn} */
    get turn() {
        return this.sale ? turnAt(this.sale, this.buyer.opensAt, this.clock.now()) : 'none';
    }

    /** How many items the user may hold at once; 0: any number, or unknown. */
    get holdsMax() {
        return this.sale?.holdsMax ?? 0;
    }

    /** When the user may hold one more item, ms since 1970; 0: now, as far as the page knows. */
    get roomAt() {
        if (this.holdsMax === 0) return 0;
        const ends = this.buyer.holdsHere.map((hold) => hold.endsAt).sort((a, b) => a - b);
        const { sale, user, until } = this.#full;
        const isFull = sale === this.sale?.id && user === this.buyer.user;
        return Math.max(ends[ends.length - this.holdsMax] ?? 0, isFull ? until : 0);
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

    /** What a button that reserves says. */
    get toReserve() {
        return words.toReserve(this.why, this.#circumstances(''));
    }

    isBusy(/** @type {string} */ id) {
        return this.#busy.has(id);
    }

    /** Tells why a button is disabled. */
    explain(/** @type {words.Why | ''} */ why) {
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
        location.assign(this.buyer.loginUrl);
    }

    #tellNobody(text = words.notSignedIn) {
        showNotice('bad', text, { label: 'Sign in', run: () => this.signIn() });
    }

    // ---- reserving ----------------------------------------------------------------------------

    /** @param {{id: string, name: string}} item or {id: ANY, name: ''} */
    async reserve(item) {
        if (this.#busy.has(item.id)) return;
        if (this.buyer.user === null && !this.buyer.isGiven) await this.chooseUser();
        // The turn of a name that was just given, or in a sale that has just begun.
        if (this.turn === 'unknown' && this.buyer.user !== null)
            await this.#during(item.id, () => this.buyer.ask());
        if (this.buyer.isNobody) this.#tellNobody();
        if (this.buyer.user === null) return;
        if (this.why !== '') {
            this.explain(this.why);
            return;
        }
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
        const isLast = this.roomAt > this.clock.now();
        showNotice('good', words.reserved(body.item.name, body.expires_in * 1000, isLast));
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
        if (reply.status === 401) {
            this.buyer.update(sale, user, (record) => {
                for (const one of record.holds) if (one.code === hold.code) one.buying = false;
            });
            await this.buyer.ask();
            this.#tellNobody(words.signInToBuy);
            return;
        }
        this.buyer.update(sale, user, (record) => {
            record.holds = record.holds.filter((one) => one.code !== hold.code);
            if (reply.status === 200) takePurchase(record, reply.body);
        });
        if (reply.status === 200) {
            this.#full.until = 0;
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

    /** @returns {import('./words.js').Circumstances} */
    #circumstances(/** @type {string} */ name) {
        const now = this.clock.now();
        const { roomAt } = this;
        return {
            name,
            nextSaleAt: this.sale?.nextAt ?? NaN,
            now,
            opensAt: this.buyer.opensAt,
            holdsMax: this.holdsMax,
            roomAt: roomAt > now ? roomAt : NaN,
        };
    }

    /** @param {Reply} reply @param {string} name @param {() => void} [again] */
    #refused(reply, name, again) {
        const { buyer } = this;
        if (reply.outcome === 'user_limit')
            buyer.update(this.sale?.id, buyer.user, (record) => {
                record.count = Math.max(record.count, this.limit);
            });
        if (reply.outcome === 'not_yet') buyer.takeTurn(reply.body.opens_at);
        if (reply.outcome === 'hold_limit') {
            const until = this.clock.now() + reply.retryAfterS * 1000;
            this.#full = { sale: this.sale?.id ?? 0, user: buyer.user, until };
            // The page did not know of these holds: they are on another device.
            buyer.ask();
        }
        const text = words.refusal(reply, this.#circumstances(name));
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
