/**
 * Who the user is and what they hold and bought: what this browser remembers, and what the service knows. The
 * same user may have bought on another device.
 *
 * @typedef {import('./api.js').Reply} Reply
 * @typedef {import('./store.js').Hold} Hold
 */

import * as api from './api.js';
import * as store from './store.js';
import { mayPass } from './retry.js';

/** When the page becomes visible, data older than this is fetched again. */
const OLD_MS = 30000;

export class Buyer extends EventTarget {
    user = store.user();
    /** The web server says who the user is: the user chooses no name. */
    isGiven = false;
    /** Of the sale that is shown. @type {store.SaleRecord} */
    record = store.record(0, null);
    /** All holds in this browser, under other names too. @type {Hold[]} */
    holds = [];
    #sale = 0;
    /** How many items the service holds for a user in a sale that this browser does not know of. */
    #elsewhere = { sale: 0, user: /** @type {string | null} */ (null), held: 0 };
    #askedAt = -Infinity;
    /** Whether the service has said who the user is; whether a request about it is in flight. */
    #isKnown = false;
    #asking = 0;

    constructor() {
        super();
        store.onChangeElsewhere(() => {
            if (!this.isGiven) this.user = store.user();
            this.remember();
        });
        document.addEventListener('visibilitychange', () => {
            if (!document.hidden && performance.now() - this.#askedAt > OLD_MS) this.ask();
        });
    }

    /** Whether the user has to log in first. */
    get isNobody() {
        return this.isGiven && this.user === null;
    }

    /** The user that requests name; null: the web server names the user. */
    get userToSend() {
        return this.isGiven ? null : this.user;
    }

    /** How many items of the shown sale the service holds for the user that this browser does not know of. */
    get heldElsewhere() {
        const { sale, user, held } = this.#elsewhere;
        return sale === this.#sale && user === this.user ? held : 0;
    }

    get earlier() {
        return store.salesOf(this.user)
            .filter((sale) => sale !== this.#sale)
            .map((sale) => store.record(sale, this.user));
    }

    lookAt(/** @type {number} */ sale) {
        this.#sale = sale;
        store.forgetBefore(sale);
        this.remember();
    }

    /** @param {string} name from the user or from the service */
    rename(name) {
        if (name === this.user) return;
        this.user = name;
        store.setUser(name);
        this.remember();
        if (!this.isGiven) this.ask();
    }

    holdOf(/** @type {string} */ item) {
        return this.holds.find((hold) => hold.item === item);
    }

    hasBought(/** @type {string} */ item) {
        return this.record.bought.some((purchase) => purchase.item === item);
    }

    /** Reads again what is stored. */
    remember() {
        this.record = store.record(this.#sale, this.user);
        this.holds = store.holds().filter((hold) => !this.isGiven || hold.user === this.user);
        this.dispatchEvent(new Event('change'));
    }

    /**
     * @param {number | undefined} sale
     * @param {string | null | undefined} user
     * @param {(record: store.SaleRecord) => void} change
     */
    update(sale, user, change) {
        if (user !== null && user !== undefined) store.update(sale ?? 0, user, change);
        this.remember();
    }

    /** Asks the service, unless it has answered before. */
    askOnce() {
        if (!this.#isKnown && this.#asking === 0) this.ask();
    }

    /** Asks the service. @returns {Promise<Reply>} */
    async ask() {
        this.#askedAt = performance.now();
        const asked = this.userToSend;
        this.#asking++;
        let reply = await api.me(asked);
        // The user is logged in under a name other than the one given here.
        if (reply.status === 403 && asked !== null) reply = await api.me(null);
        this.#asking--;
        this.#isKnown ||= !mayPass(reply);
        if (reply.status === 200 && asked === this.userToSend) this.#take(reply.body);
        return reply;
    }

    /** @param {any} me body of /me */
    #take(me) {
        this.isGiven = me.identity === 'remote_user';
        if (this.isGiven) {
            this.user = me.user;
            if (me.user !== null) store.setUser(me.user);
        }
        const sale = me.sale_id ?? this.#sale;
        if (this.user !== null && me.user === this.user)
            store.update(sale, this.user, (record) => mergeRecord(record, me));
        this.remember();
        const here = this.holds.filter((hold) => hold.sale === sale && hold.user === this.user);
        this.#elsewhere = { sale, user: this.user, held: Math.max(0, (me.held ?? 0) - here.length) };
        this.dispatchEvent(new Event('change'));
    }
}

/**
 * Adds to a record what the service says the user holds and bought. Users who did not log in get numbers only.
 * @param {store.SaleRecord} record
 * @param {any} me
 */
export function mergeRecord(record, me) {
    record.count = Math.max(record.count, me.bought ?? 0);
    for (const { code, expires_at: expiresAt, item } of me.holds ?? []) {
        if (record.holds.some((hold) => hold.code === code)) continue;
        record.holds.push(store.newHold(code, expiresAt, item));
    }
    for (const { purchase_id: id, purchased_at: at, item } of me.purchases ?? []) {
        record.holds = record.holds.filter((hold) => hold.item !== item.id);
        store.addPurchase(record, id, at, item);
    }
}
