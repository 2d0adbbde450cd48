/** The items section: which page of which list, fetched and kept up to date. */

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

/** @type {Record<string, string>} */
const nothing = {
    '': 'There are no items at the moment.',
    free: 'Nothing is free right now. What is only reserved may come back.',
    held: 'Nobody has reserved anything right now.',
    sold: 'Nothing is sold yet.',
};

export class List {
    #grid;
    #state = '';
    #page = 1;
    #pages = 1;
    /** What the grid shows; an answer to an older question is not. */
    #shown = '';
    #poll;

    /** @param {import('./grid.js').Grid} grid */
    constructor(grid) {
        this.#grid = grid;
        this.#poll = poll(() => this.#ask(), REFRESH_MS);
        back.addEventListener('click', () => this.#go(this.#page - 1));
        next.addEventListener('click', () => this.#go(this.#page + 1));
        field.addEventListener('change', () => this.#go(Math.trunc(Number(field.value))));
        element('filter').addEventListener('change', (event) => {
            this.#state = /** @type {HTMLInputElement} */ (event.target).value;
            this.#page = 1;
            this.#load();
        });
    }

    /** From the first page, of another sale. */
    restart() {
        this.#page = 1;
        this.#shown = '';
        this.#load();
    }

    refresh() {
        this.#poll.now();
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
        list.ariaBusy = 'true';
        this.#poll.now();
    }

    async #ask() {
        const question = `${this.#state} ${this.#page}`;
        const reply = await api.items(this.#page, PAGE_SIZE, this.#state);
        if (question === `${this.#state} ${this.#page}`) this.#take(reply, question);
        return reply;
    }

    #take(/** @type {api.Reply} */ reply, /** @type {string} */ question) {
        if (reply.status !== 200) return;
        const { page, total } = reply.body;
        this.#pages = Math.max(1, Math.ceil(total / PAGE_SIZE));
        // The list has become shorter than the page that was looked at.
        if (this.#page > this.#pages) {
            this.#page = this.#pages;
            this.#load();
        }
        if (question === this.#shown) this.#grid.merge(page);
        else this.#grid.replace(page);
        this.#shown = question;
        list.ariaBusy = 'false';
        this.#showPager();
    }

    #showPager() {
        element('page-count').textContent = count(this.#pages);
        field.max = String(this.#pages);
        if (document.activeElement !== field) field.value = String(this.#page);
        // Not "disabled": a button that has the focus must not lose it on the last page.
        back.ariaDisabled = String(this.#page === 1);
        next.ariaDisabled = String(this.#page === this.#pages);
        element('pager').hidden = this.#pages === 1;
        empty.hidden = this.#grid.length > 0;
        empty.textContent = nothing[this.#state];
    }
}
