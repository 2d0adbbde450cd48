/** The section of items: fetches the page that the user chose, and keeps it up to date. */

import * as api from './api.js';
import { element } from './page.js';
import { poll } from './poll.js';
import { count } from './words.js';

export const PAGE_SIZE = 48;
const REFRESH_MS = 2000;

const back = element('page-back');
const next = element('page-next');
const field = /** @type {HTMLInputElement} */ (element('page-number'));
const empty = element('empty');
const list = element('grid');

/**
 * Why a list is empty.
 * @param {string} state
 * @param {import('./sale.js').Sale} sale
 */
function nothingOf(state, sale) {
    if (state === 'held') return 'Nobody has reserved anything right now.';
    if (state === 'sold') return 'Nothing is sold yet.';
    if (state === '') return 'There are no items at the moment.';
    return sale.held > 0
        ? 'Nothing is available right now. What is only reserved may come back.'
        : 'Nothing is available: every item has a buyer.';
}

export class List {
    #grid;
    #state = '';
    #page = 1;
    #pages = 1;
    /** The query whose answer the grid shows. */
    #shown = '';
    /** @type {import('./sale.js').Sale | undefined} */
    #sale;
    /** @type {import('./poll.js').Poll | undefined} */
    #poll;

    /** @param {import('./grid.js').Grid} grid */
    constructor(grid) {
        this.#grid = grid;
        back.addEventListener('click', () => this.#go(this.#page - 1));
        next.addEventListener('click', () => this.#go(this.#page + 1));
        field.addEventListener('change', () => this.#go(Math.trunc(Number(field.value))));
        element('filter').addEventListener('change', (event) => {
            this.#state = /** @type {HTMLInputElement} */ (event.target).value;
            this.#page = 1;
            this.#load();
        });
    }

    /** Shows another sale from its first page; updates the same one. */
    showSale(/** @type {import('./sale.js').Sale} */ sale) {
        const isOther = sale.id !== this.#sale?.id;
        this.#sale = sale;
        if (isOther) {
            this.#page = 1;
            this.#load();
        }
        this.#showEmpty();
    }

    refresh() {
        this.#poll?.now();
    }

    /** No sale is known, so no item is shown. */
    showUnknown() {
        empty.hidden = false;
        empty.textContent = 'The items come as soon as the shop can be reached.';
    }

    #go(/** @type {number} */ page) {
        const wanted = Math.min(Math.max(page || 1, 1), this.#pages);
        field.value = String(wanted);
        if (wanted === this.#page) return;
        this.#page = wanted;
        this.#load();
        element('items').scrollIntoView();
    }

    #load() {
        if (!this.#sale || this.#sale.id === 0) return;
        list.ariaBusy = 'true';
        // A new query does not wait for the answer to the last one.
        if (this.#poll) this.#ask();
        else this.#poll = poll(() => this.#ask(), REFRESH_MS);
    }

    get #question() {
        return `${this.#sale?.id} ${this.#state} ${this.#page}`;
    }

    async #ask() {
        const question = this.#question;
        const reply = await api.items(this.#sale?.id ?? 0, this.#page, PAGE_SIZE, this.#state);
        if (question === this.#question) this.#take(reply, question);
        return reply;
    }

    #take(/** @type {api.Reply} */ reply, /** @type {string} */ question) {
        if (reply.status !== 200 || !Array.isArray(reply.body.page)) return;
        const { page, total } = reply.body;
        this.#pages = Math.max(1, Math.ceil(total / PAGE_SIZE));
        // The list has become shorter: this page no longer exists.
        if (this.#page > this.#pages) {
            this.#page = this.#pages;
            this.#load();
        }
        if (question === this.#shown) this.#grid.merge(page);
        else this.#grid.replace(page);
        this.#shown = question;
        list.ariaBusy = 'false';
        this.#showPager();
        this.#showEmpty();
    }

    #showPager() {
        element('page-count').textContent = count(this.#pages);
        field.max = String(this.#pages);
        if (document.activeElement !== field) field.value = String(this.#page);
        // Not "disabled": a disabled button would lose the focus.
        back.ariaDisabled = String(this.#page === 1);
        next.ariaDisabled = String(this.#page === this.#pages);
        element('pager').hidden = this.#pages === 1;
    }

    #showEmpty() {
        if (!this.#sale) return;
        const isAnswered = this.#sale.id === 0 || this.#shown === this.#question;
        empty.hidden = !isAnswered || this.#grid.length > 0;
        const text = nothingOf(this.#state, this.#sale);
        if (empty.textContent !== text) empty.textContent = text;
    }
}
