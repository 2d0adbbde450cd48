/**
 * A page of items. It has a fixed number of cards, which are made once and changed in place, and only where
 * something differs, so that nothing moves under a finger.
 *
 * @typedef {import('./api.js').Item} Item
 *
 * @typedef {object} CardView
 * @property {'free' | 'held' | 'sold' | 'mine' | 'bought'} look
 * @property {string} state in words
 * @property {string} action the button's label; '' for no button
 * @property {boolean} isOff whether the button is disabled
 */

import { onPress, renew } from './intent.js';
import { setText } from './page.js';

/**
 * Merges a new answer into the shown items: items of both keep their positions; an item that left the list gives
 * its position to one that joined it, unless it must stay.
 * @param {Item[]} shown
 * @param {Item[]} fresh
 * @param {(item: Item) => boolean} mustStay
 * @param {number} size
 * @returns {Item[]}
 */
export function mergePage(shown, fresh, mustStay, size) {
    const byId = new Map(fresh.map((item) => [item.id, item]));
    const known = new Set(shown.map((item) => item.id));
    const joined = fresh.filter((item) => !known.has(item.id));
    const places = shown.map((item) =>
        byId.get(item.id) ?? (mustStay(item) ? item : joined.shift()));
    return [...places, ...joined].filter((item) => item !== undefined).slice(0, size);
}

/** @param {string} tag @param {string} className */
function make(tag, className = '') {
    const element = document.createElement(tag);
    if (className) element.className = className;
    return element;
}

class Card {
    element = make('li', 'card');
    /** @type {Item | undefined} */
    item;
    #picture = /** @type {HTMLImageElement} */ (make('img', 'picture'));
    #name = make('h3');
    #price = make('p', 'price');
    #state = make('p', 'state');
    #button = /** @type {HTMLButtonElement} */ (make('button'));
    #action = make('span');
    #of = make('span', 'hidden');

    /** @param {(item: Item) => void} onPressed @param {(item: Item) => void} whenDisabled */
    constructor(onPressed, whenDisabled) {
        Object.assign(this.#picture, { alt: '', width: 240, height: 240, loading: 'lazy' });
        this.#picture.decoding = 'async';
        this.#button.type = 'button';
        this.element.tabIndex = -1;
        this.#button.append(this.#action, this.#of);
        onPress(this.#button, () => this.item && onPressed(this.item), {
            whenDisabled: () => this.item && whenDisabled(this.item),
        });
        this.element.append(this.#picture, this.#name, this.#price, this.#state, this.#button);
    }

    get focused() {
        return this.element.contains(document.activeElement);
    }

    /** @param {Item} item @param {CardView} view @param {string} price */
    show(item, view, price) {
        if (this.item?.id !== item.id) {
            if (this.item) renew(this.#button);
            this.#picture.src = item.image;
            setText(this.#name, item.name);
            setText(this.#price, price);
            setText(this.#of, ` ${item.name}`);
            this.element.dataset.item = item.id;
        }
        this.item = item;
        if (this.element.dataset.look !== view.look) this.element.dataset.look = view.look;
        setText(this.#state, view.state);
        setText(this.#action, view.action);
        const idle = view.action === '';
        // The card takes the focus of a button that disappears.
        if (idle && document.activeElement === this.#button)
            this.element.focus({ preventScroll: true });
        if (this.#button.hidden !== idle) this.#button.hidden = idle;
        const isOff = view.isOff ? 'true' : null;
        if (this.#button.ariaDisabled !== isOff) this.#button.ariaDisabled = isOff;
        const rank = view.look === 'mine' ? 'second' : '';
        if (this.#button.className !== rank) this.#button.className = rank;
    }
}

/** For so long a list may be older than a reply about one of its items: lists are cached for a second. */
const CORRECTION_MS = 1500;

export class Grid {
    #list;
    /** @type {Map<string, {change: Partial<Item>, until: number}>} by item */
    #corrections = new Map();
    /** @type {Card[]} */
    #cards = [];
    /** @type {Item[]} */
    #items = [];
    #view;
    #price;
    #onPressed;
    #whenDisabled;
    #size;

    /**
     * @param {HTMLElement} list
     * @param {object} options
     * @param {number} options.size cards to a page
     * @param {(item: Item) => CardView} options.view
     * @param {(amount: number) => string} options.price
     * @param {(item: Item) => void} options.onPressed
     * @param {(item: Item) => void} options.whenDisabled
     */
    constructor(list, { size, view, price, onPressed, whenDisabled }) {
        this.#list = list;
        this.#size = size;
        this.#view = view;
        this.#price = price;
        this.#onPressed = onPressed;
        this.#whenDisabled = whenDisabled;
    }

    get length() {
        return this.#items.length;
    }

    /** Shows another page. @param {Item[]} items */
    replace(items) {
        this.#items = items.map((item) => this.#corrected(item));
        this.refresh();
    }

    /** Updates the same page. @param {Item[]} items */
    merge(items) {
        const fresh = new Set(items.map((item) => item.id));
        const focused = this.#cards.find((card) => card.focused)?.item?.id;
        const stays = (/** @type {Item} */ item) =>
            item.id === focused || ['mine', 'bought'].includes(this.#view(item).look);
        // An item that stays though it left the list of free items is taken, as far as the page knows.
        for (const item of this.#items)
            if (!fresh.has(item.id) && item.state === 'free') item.state = 'held';
        this.#items = mergePage(this.#items, items, stays, this.#size)
            .map((item) => this.#corrected(item));
        this.refresh();
    }

    /** Shows the same items again, as they are now. */
    refresh() {
        while (this.#cards.length < this.#items.length) {
            const card = new Card(this.#onPressed, this.#whenDisabled);
            this.#cards.push(card);
            this.#list.append(card.element);
        }
        for (const card of this.#cards.splice(this.#items.length)) card.element.remove();
        this.#items.forEach((item, i) =>
            this.#cards[i].show(item, this.#view(item), this.#price(item.price)));
    }

    /** @param {string} id @param {Partial<Item>} change what a reply said about the item */
    correct(id, change) {
        this.#corrections.set(id, { change, until: performance.now() + CORRECTION_MS });
        this.#items = this.#items.map((item) => this.#corrected(item));
        this.refresh();
    }

    #corrected(/** @type {Item} */ item) {
        const correction = this.#corrections.get(item.id);
        if (!correction) return item;
        if (correction.until > performance.now()) return { ...item, ...correction.change };
        this.#corrections.delete(item.id);
        return item;
    }
}
