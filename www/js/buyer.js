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
/** When a sale with a draw begins, its viewers ask for their turns within this share of the draw, and this time. */
const ASK_SHARE = 0.05;
const ASK_MS_MAX = 5000;

export class Buyer extends EventTarget {
    user = store.user();
    /** The web server says who the user is: the user chooses no name. */
    isGiven = false;
    /** Of the sale that is shown. @type {store.SaleRecord} */
    record = store.record(0, null);
    /** All holds in this browser, under other names too. @type {Hold[]} */
    holds = [];
    /** The page where one logs in, if users log in. */
    loginUrl = api.LOGIN_PATH;
    #sale = 0;
    #holdS = 0;
    /** How many items the service holds for a user in a sale that this browser does not know of, and since when. */
    #elsewhere = { sale: 0, user: /** @type {string | null} */ (null), held: 0, at: 0 };
    /** When the turn of a user in a sale comes. */
    #turn = { sale: 0, user: /** @type {string | null} */ (null), opensAt: NaN };
    #askedAt = -Infinity;
    /** Of which sale and user the service last spoke. */
    #known = { sale: -1, user: /** @type {string | null} */ (null) };
    /** Not before this is asked of a sale that has just begun, by performance.now(). */
    #askFrom = -Infinity;
    /** The request in flight, and the name in it. */
    #asking = { user: /** @type {string | null} */ (null), reply: /** @type {Promise<Reply> | null} */ (null) };

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
        const { sale, user, held, at } = this.#elsewhere;
        const haveEnded = this.#holdS > 0 && performance.now() - at > this.#holdS * 1000;
        return sale === this.#sale && user === this.user && !haveEnded ? held : 0;
    }

    /** The user's holds of the shown sale in this browser. */
    get holdsHere() {
        return this.holds.filter((hold) => hold.sale === this.#sale && hold.user === this.user);
    }

    /** When the user's turn in the shown sale comes, ms since 1970; NaN: unknown. */
    get opensAt() {
        const { sale, user, opensAt } = this.#turn;
        return sale === this.#sale && user === this.user ? opensAt : NaN;
    }

    /** @param {string} opensAt RFC 3339, as a refusal says it */
    takeTurn(opensAt) {
        this.#turn = { sale: this.#sale, user: this.user, opensAt: Date.parse(opensAt) };
        this.dispatchEvent(new Event('change'));
    }

    get earlier() {
        return store.salesOf(this.user)
            .filter((sale) => sale !== this.#sale)
            .map((sale) => store.record(sale, this.user));
    }

    /**
     * @param {import('./sale.js').Sale} sale the one that is shown from now on
     * @param {boolean} hasJustBegun
     */
    lookAt({ id, holdS, drawS }, hasJustBegun) {
        // Viewers who waited for a draw to begin ask for their turns at random times, not together.
        if (hasJustBegun)
            this.#askFrom = performance.now() + Math.random() * Math.min(ASK_MS_MAX, drawS * 1000 * ASK_SHARE);
        this.#sale = id;
        this.#holdS = holdS;
        store.forgetBefore(id);
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

    /**
     * Asks the service, unless it has answered before.
     * @param {boolean} hasDraw the shown sale draws turns: the answer of each sale counts
     */
    askOnce(hasDraw) {
        const { sale, user } = this.#known;
        const isOther = hasDraw && this.user !== null && (sale !== this.#sale || user !== this.user);
        if (sale !== -1 && !isOther || this.#asking.reply || performance.now() < this.#askFrom) return;
        this.ask();
    }

    /**
     * Asks the service, or waits for the answer if it has been asked about the same name.
     * @returns {Promise<Reply>}
     */
    ask() {
        const user = this.userToSend;
        if (this.#asking.reply && this.#asking.user === user) return this.#asking.reply;
        const reply = this.#ask(user);
        const asking = this.#asking = { user, reply };
        reply.finally(() => {
            if (this.#asking === asking) this.#asking = { user: null, reply: null };
        });
        return reply;
    }

    async #ask(/** @type {string | null} */ asked) {
        this.#askedAt = performance.now();
        let reply = await api.me(asked);
        // The user is logged in under a name other than the one given here.
        if (reply.status === 403 && asked !== null) reply = await api.me(null);
        const isMine = asked === this.userToSend;
        if (reply.status === 200 && isMine) this.#take(reply.body);
        if (reply.status === 401) this.#leave();
        if (!mayPass(reply) && isMine)
            this.#known = { sale: reply.body.sale_id ?? this.#sale, user: this.user };
        return reply;
    }

    /** Nobody is logged in, as the web server says. */
    #leave() {
        this.isGiven = true;
        this.user = null;
        this.remember();
    }

    /** @param {any} me body of /me */
    #take(me) {
        this.isGiven = me.identity === 'remote_user';
        this.loginUrl = me.login_url ?? api.LOGIN_PATH;
        // A name that was given may be spelled in several ways; the service has one of them.
        if (this.isGiven || me.user !== null) this.user = me.user;
        if (me.user !== null) store.setUser(me.user);
        const sale = me.sale_id ?? this.#sale;
        if (this.user !== null && me.user === this.user)
            store.update(sale, this.user, (record) => mergeRecord(record, me));
        this.remember();
        const here = this.holds.filter((hold) => hold.sale === sale && hold.user === this.user);
        const held = Math.max(0, (me.held ?? 0) - here.length);
        this.#elsewhere = { sale, user: this.user, held, at: performance.now() };
        if (me.user === this.user)
            this.#turn = { sale, user: this.user, opensAt: Date.parse(me.opens_at ?? '') };
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
