/** What the user does here: reserving and buying, and what comes of it. */

import * as api from './api.js';
import * as store from './store.js';
import * as words from './words.js';
import { tell } from './announce.js';
import { nextHour } from './clock.js';
import { mayPass, withRetry } from './retry.js';
import { saleOf } from './sale.js';
import { askWho } from './who.js';

/**
 * @typedef {import('./api.js').Item} Item
 * @typedef {import('./api.js').Reply} Reply
 * @typedef {import('./store.js').Hold} Hold
 */

/** Stands for an item's id where any free one is asked for. */
export const ANY = 'any';
/** Until the service tells the sale's own. */
const PURCHASE_LIMIT_DEFAULT = 10;
/** How often a purchase without an answer is sent again, beyond the tries of a click. */
const RESUMES_MAX = 3;

export class Shop extends EventTarget {
    clock;
    /** @type {import('./sale.js').Sale | undefined} */
    sale;
    user = store.user();
    /** The web server says who the user is, so there is nothing to choose. */
    #userIsGiven = false;
    /** @type {store.SaleRecord} */
    record = store.record(0, null);
    /** @type {Set<string>} ids of items that a request is under way for, and ANY */
    #busy = new Set();
    /** Items of the sale that one user may buy. */
    limit = PURCHASE_LIMIT_DEFAULT;
    /** When the next sale begins, where the service has told. */
    #nextAt = NaN;
    /** Whether the service has answered since a purchase was given up. */
    #reached = false;
    /** @type {Map<string, number>} how often a purchase was sent again by itself, by its code */
    #resumes = new Map();

    /** @param {import('./clock.js').Clock} clock */
    constructor(clock) {
        super();
        this.clock = clock;
        store.onChangeElsewhere(() => {
            this.user = store.user();
            this.#remember();
        });
    }

    // ---- the sale -----------------------------------------------------------------------------

    /** @param {Reply} reply of /sale/status */
    takeSale(reply) {
        this.#reached = reply.status === 200;
        if (!this.#reached) return;
        this.clock.hear(reply.body.server_time);
        const before = this.sale;
        const now = this.clock.now();
        this.sale = saleOf(reply.body, this.#nextAt > now ? this.#nextAt : nextHour(now));
        if (before?.id !== this.sale.id) {
            store.forgetBefore(this.sale.id);
            this.#remember();
            this.dispatchEvent(new Event('sale'));
            if (before) tell('good', 'A new sale has begun.');
        }
        this.#changed();
    }

    /** @param {Reply} reply of /sales */
    takeSales(reply) {
        if (reply.status !== 200) return;
        const now = this.clock.now();
        /** @type {{sale_id: number, starts_at: string, purchase_limit: number}[]} */
        const known = reply.body.page;
        const starts = known.map((one) => Date.parse(one.starts_at)).filter((at) => at > now);
        this.#nextAt = starts.length > 0 ? Math.min(...starts) : NaN;
        const current = known.find((one) => one.sale_id === this.sale?.id);
        this.limit = current?.purchase_limit ?? this.limit;
        this.#changed();
    }

    // ---- the user -----------------------------------------------------------------------------

    /** How many more items of this sale the user may buy, as far as is known. */
    get left() {
        return Math.max(0, this.limit - this.record.count);
    }

    get earlier() {
        return store.salesOf(this.user)
            .filter((sale) => sale !== this.sale?.id)
            .map((sale) => store.record(sale, this.user));
    }

    async chooseUser() {
        if (this.#userIsGiven) {
            tell('good', `You are signed in as ${this.user}.`);
            return;
        }
        const name = await askWho(this.user ?? '');
        if (name !== null) this.#setUser(name);
    }

    #setUser(/** @type {string} */ name) {
        if (name === this.user) return;
        this.user = name;
        store.setUser(name);
        this.#remember();
    }

    // ---- what is the user's -------------------------------------------------------------------

    isBusy(/** @type {string} */ id) {
        return this.#busy.has(id);
    }

    holdOf(/** @type {string} */ id) {
        return this.record.holds.find((hold) => hold.item === id);
    }

    hasBought(/** @type {string} */ id) {
        return this.record.bought.some((purchase) => purchase.item === id);
    }

    #remember() {
        this.record = store.record(this.sale?.id ?? 0, this.user);
        this.#changed();
    }

    /** @param {number} sale @param {(record: store.SaleRecord) => void} change */
    #update(sale, change) {
        if (this.user !== null) store.update(sale, this.user, change);
        this.#remember();
    }

    #changed() {
        this.dispatchEvent(new Event('change'));
    }

    // ---- reserving ----------------------------------------------------------------------------

    /** @param {{id: string, name: string}} item or {id: ANY, name: ''} */
    async reserve(item) {
        if (this.#busy.has(item.id)) return;
        if (this.user === null) await this.chooseUser();
        if (this.user === null) return;
        const reply = await this.#during(item.id, () => this.#checkout(item));
        if (reply.status !== 200) {
            this.#refused(reply, item.name, () => this.reserve(item));
            if (reply.outcome === 'held' || reply.outcome === 'sold')
                this.#told(item.id, {
                    state: reply.outcome,
                    held_until: this.#after(reply.retryAfterS),
                });
            if (reply.outcome === 'bad_request') this.chooseUser();
            return;
        }
        const { body } = reply;
        this.#setUser(body.user);
        const endsAt = Date.parse(body.expires_at);
        this.#update(body.sale_id, (record) => {
            record.holds = record.holds.filter((hold) => hold.item !== body.item_id);
            record.holds.push({
                code: body.code,
                item: body.item_id,
                name: body.item.name,
                price: body.item.price,
                image: body.item.image,
                endsAt,
                buying: false,
            });
        });
        tell('good', words.reserved(body.item.name, body.expires_in * 1000));
    }

    /** @param {{id: string}} item @returns {Promise<Reply>} */
    async #checkout({ id }) {
        const ask = () => withRetry(
            () => api.checkout(this.#userIsGiven ? null : this.user, id),
            (waitMs, reply) => tell('wait', words.waiting(reply, waitMs)));
        const reply = await ask();
        // The web server knows the user, by another name than was given here.
        if (reply.status !== 403 || this.#userIsGiven) return reply;
        this.#userIsGiven = true;
        return ask();
    }

    // ---- buying -------------------------------------------------------------------------------

    /** @param {Hold} hold */
    async buy(hold) {
        if (this.#busy.has(hold.item) || !this.sale) return;
        const sale = this.sale.id;
        // From now on the item may be bought though no answer arrives: a reload asks again.
        this.#update(sale, (record) => {
            for (const one of record.holds) if (one.code === hold.code) one.buying = true;
        });
        const reply = await this.#during(hold.item, () => withRetry(
            () => api.purchase(hold.code),
            (waitMs, last) => tell('wait', words.waiting(last, waitMs))));
        if (mayPass(reply)) {
            this.#reached = false;
            this.#refused(reply, hold.name, () => this.buy(hold));
            return;
        }
        this.#update(sale, (record) => {
            record.holds = record.holds.filter((one) => one.code !== hold.code);
            if (reply.status === 200) {
                const { body } = reply;
                record.count = Math.max(record.count, body.user_purchases);
                if (!record.bought.some((purchase) => purchase.item === body.item_id))
                    record.bought.push({
                        purchaseId: String(body.purchase_id),
                        item: body.item_id,
                        name: body.item.name,
                        price: body.total_price,
                        image: body.item.image,
                        at: body.purchased_at,
                    });
            }
        });
        if (reply.status === 200) {
            this.#told(hold.item, { state: 'sold', held_until: null });
            tell('good', words.bought(hold.name, this.left));
        } else {
            this.#refused(reply, hold.name);
        }
    }

    /** Holds whose time is up are the user's no more, but for those that may be bought already. */
    endHolds() {
        if (!this.sale || !this.clock.sure) return;
        const now = this.clock.now();
        for (const hold of this.record.holds) {
            if (this.#busy.has(hold.item)) continue;
            if (hold.buying) {
                this.#resume(hold);
            } else if (hold.endsAt <= now) {
                this.#update(this.sale.id, (record) => {
                    record.holds = record.holds.filter((one) => one.code !== hold.code);
                });
                this.#told(hold.item, { state: 'free', held_until: null });
                tell('bad', words.holdEnded(hold.name), {
                    label: 'Reserve it again',
                    run: () => this.reserve({ id: hold.item, name: hold.name }),
                });
            }
        }
    }

    /** A purchase whose answer was lost; a few times, then it is the user's turn. */
    #resume(/** @type {Hold} */ hold) {
        const resumes = this.#resumes.get(hold.code) ?? 0;
        if (!this.#reached || resumes === RESUMES_MAX) return;
        this.#resumes.set(hold.code, resumes + 1);
        this.buy(hold);
    }

    // ---- what they share ----------------------------------------------------------------------

    /** @param {string} id @param {() => Promise<Reply>} request */
    async #during(id, request) {
        this.#busy.add(id);
        this.#changed();
        const reply = await request();
        this.#busy.delete(id);
        this.#changed();
        return reply;
    }

    /** @param {Reply} reply @param {string} name @param {() => void} [again] */
    #refused(reply, name, again) {
        const now = this.clock.now();
        const nextSaleAt = this.sale?.nextAt ?? nextHour(now);
        const text = words.refusal(reply, { name, nextSaleAt, now });
        if (reply.outcome === 'user_limit')
            this.#update(this.sale?.id ?? 0, (record) => {
                record.count = Math.max(record.count, this.limit);
            });
        const passes = mayPass(reply) && again;
        tell('bad', text, passes ? { label: 'Try again', run: again } : undefined);
    }

    /** @param {string} id @param {Partial<Item>} change */
    #told(id, change) {
        this.dispatchEvent(new CustomEvent('item', { detail: { id, change } }));
    }

    #after(/** @type {number} */ seconds) {
        return seconds > 0 ? new Date(this.clock.now() + seconds * 1000).toISOString() : null;
    }
}
