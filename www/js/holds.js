/** The user's reservations, with the time that is left. */

import { say } from './announce.js';
import { duration, passed } from './clock.js';
import { isArmed, onPress } from './intent.js';
import { element, setText } from './page.js';
import { endsSoon, price } from './words.js';

/** @typedef {import('./store.js').Hold} Hold */

/**
 * @typedef {object} HoldView
 * @property {number} leftMs
 * @property {boolean} isBusy a purchase is in flight
 * @property {string} why it can't be bought; '' if it can
 * @property {string} of its user's name, if that is not the present name; else ''
 */

/** When screen readers read the time left, in ms. Seldom, because it interrupts. */
const SAID_AT_MS = [30000, 10000];
/** With less time left the page warns. */
const WARN_MS = 10000;

const section = element('holds');
const list = element('holds-list');
const bought = element('bought');

class Row {
    element = document.createElement('li');
    hold;
    /** The time that was left when this row was made, in ms. */
    #fullMs;
    #leftMs;
    #time = document.createElement('p');
    #button = document.createElement('button');

    /**
     * @param {Hold} hold
     * @param {HoldView} view
     * @param {(hold: Hold) => void} onBuy
     */
    constructor(hold, view, onBuy) {
        this.hold = hold;
        this.#fullMs = Math.max(view.leftMs, 1);
        this.#leftMs = view.leftMs;
        const picture = Object.assign(document.createElement('img'), {
            src: hold.image, alt: '', width: 56, height: 56,
        });
        const name = Object.assign(document.createElement('p'), {
            className: 'name', textContent: hold.name,
        });
        this.#time.className = 'time';
        const text = document.createElement('div');
        text.append(name, this.#time);
        this.#button.type = 'button';
        const of = Object.assign(document.createElement('span'), {
            className: 'hidden', textContent: ` ${hold.name}`,
        });
        this.#button.append(`Buy for ${price(hold.price)}`, of);
        this.element.dataset.item = hold.item;
        this.element.append(picture, text, this.#button);
        onPress(this.#button, () => onBuy(this.hold), { spends: true });
    }

    /** @param {HoldView} view */
    show({ leftMs, isBusy, why, of }) {
        if (passed(this.#leftMs, leftMs, SAID_AT_MS)) say(endsSoon(this.hold.name, leftMs));
        this.#leftMs = leftMs;
        const warns = leftMs <= WARN_MS;
        this.element.classList.toggle('warns', warns);
        const left = `${warns ? 'Hurry, ' : ''}${duration(leftMs)} left${of && ` for ${of}`}`;
        setText(this.#time, isBusy ? 'Buying…' : why || left);
        const isOff = isBusy || why !== '' || !isArmed(this.#button) ? 'true' : null;
        if (this.#button.ariaDisabled !== isOff) this.#button.ariaDisabled = isOff;
        const share = Math.min(1, Math.max(0, leftMs / this.#fullMs));
        this.element.style.setProperty('--left', String(share));
    }

    focus() {
        this.#button.focus({ preventScroll: true });
        this.element.scrollIntoView({ block: 'nearest' });
    }
}

export class Holds {
    /** @type {Map<string, Row>} by code */
    #rows = new Map();
    #onBuy;

    /** @param {(hold: Hold) => void} onBuy */
    constructor(onBuy) {
        this.#onBuy = onBuy;
    }

    /**
     * @param {Hold[]} holds
     * @param {(hold: Hold) => HoldView} viewOf
     */
    show(holds, viewOf) {
        const codes = new Set(holds.map((hold) => hold.code));
        for (const [code, row] of this.#rows) {
            if (codes.has(code)) continue;
            // The focus goes on to the purchases, for users of a keyboard.
            if (row.element.contains(document.activeElement)) bought.focus({ preventScroll: true });
            row.element.remove();
            this.#rows.delete(code);
        }
        for (const hold of holds) {
            let row = this.#rows.get(hold.code);
            if (!row) {
                row = new Row(hold, viewOf(hold), this.#onBuy);
                this.#rows.set(hold.code, row);
                list.append(row.element);
            }
            row.hold = hold;
            row.show(viewOf(hold));
        }
        const isEmpty = String(holds.length === 0);
        if (section.dataset.empty !== isEmpty) section.dataset.empty = isEmpty;
    }

    /** Focuses the button that buys it. */
    focus(/** @type {Hold} */ hold) {
        this.#rows.get(hold.code)?.focus();
    }
}
