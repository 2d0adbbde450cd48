/** What is reserved for this user, and for how long still. */

import { duration, passed } from './clock.js';
import { element } from './page.js';
import { endsSoon, price } from './words.js';
import { say } from './announce.js';

/** @typedef {import('./store.js').Hold} Hold */

/** When the time left is said aloud, in ms. Seldom, for it interrupts. */
const SAID_AT_MS = [30000, 10000];
/** From then on the page warns. */
const WARN_MS = 10000;

const section = element('holds');
const list = element('holds-list');
const bought = element('bought');

class Row {
    element = document.createElement('li');
    hold;
    /** How long the hold was when it was first seen here. */
    #fullMs;
    #leftMs;
    #time = document.createElement('p');
    #button = document.createElement('button');

    /**
     * @param {Hold} hold
     * @param {number} leftMs
     * @param {(hold: Hold) => void} onBuy
     */
    constructor(hold, leftMs, onBuy) {
        this.hold = hold;
        this.#fullMs = Math.max(leftMs, 1);
        this.#leftMs = leftMs;
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
        this.#button.addEventListener('click', () => {
            if (this.#button.ariaDisabled !== 'true') onBuy(this.hold);
        });
        this.element.dataset.item = hold.item;
        this.element.append(picture, text, this.#button);
    }

    /** @param {number} leftMs @param {boolean} busy */
    show(leftMs, busy) {
        if (passed(this.#leftMs, leftMs, SAID_AT_MS)) say(endsSoon(this.hold.name, leftMs));
        this.#leftMs = leftMs;
        const warns = leftMs <= WARN_MS;
        this.element.classList.toggle('warns', warns);
        const left = `${warns ? 'Hurry, ' : ''}${duration(leftMs)} left`;
        this.#time.textContent = busy ? 'Buying…' : left;
        this.#button.ariaDisabled = busy ? 'true' : null;
        const share = Math.min(1, Math.max(0, leftMs / this.#fullMs));
        this.element.style.setProperty('--left', String(share));
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
     * @param {number} now by the server
     * @param {(hold: Hold) => boolean} isBusy
     */
    show(holds, now, isBusy) {
        const codes = new Set(holds.map((hold) => hold.code));
        for (const [code, row] of this.#rows) {
            if (codes.has(code)) continue;
            // Whoever got here by keyboard goes on from what was bought.
            if (row.element.contains(document.activeElement)) bought.focus({ preventScroll: true });
            row.element.remove();
            this.#rows.delete(code);
        }
        for (const hold of holds) {
            const leftMs = hold.endsAt - now;
            let row = this.#rows.get(hold.code);
            if (!row) {
                row = new Row(hold, leftMs, this.#onBuy);
                this.#rows.set(hold.code, row);
                list.append(row.element);
            }
            row.hold = hold;
            row.show(leftMs, isBusy(hold));
        }
        section.hidden = holds.length === 0;
    }
}
