/** What this user bought: in this sale, and in the last ones that this browser remembers. */

import { element } from './page.js';
import { allowance, price } from './words.js';

/** @typedef {import('./store.js').SaleRecord} SaleRecord */

const lists = element('bought-lists');
const allowanceLine = element('allowance');
const badge = element('you-bought');

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {string} text
 */
const make = (tag, className = '', text = '') =>
    Object.assign(document.createElement(tag), { className, textContent: text });

function row(/** @type {import('./store.js').Purchase} */ purchase) {
    const picture = Object.assign(make('img'), {
        src: purchase.image, alt: '', width: 56, height: 56, loading: 'lazy',
    });
    const text = make('div');
    text.append(make('p', 'name', purchase.name),
        make('p', 'fine', `Purchase ${purchase.purchaseId}`));
    const element = make('li');
    element.dataset.item = purchase.item;
    element.append(picture, text, make('p', 'price', price(purchase.price)));
    return element;
}

function rows(/** @type {SaleRecord} */ record) {
    const list = make('ul', 'rows');
    list.append(...record.bought.map(row).reverse());
    return list;
}

/** Text of what is shown, so that the list is made anew only when it differs. */
let shown = '';

/**
 * @param {SaleRecord} current
 * @param {SaleRecord[]} earlier newest first
 * @param {number} limit items of a sale that one user may buy
 */
export function showBought(current, earlier, limit) {
    const text = JSON.stringify([current.bought, current.count, earlier, limit]);
    if (text === shown) return;
    shown = text;
    const left = Math.max(0, limit - current.count);
    badge.textContent = `${left} of ${limit} left`;
    badge.append(make('span', 'hidden', ' for you to buy'));
    allowanceLine.textContent = current.count === 0
        ? `Nothing yet. You may buy ${limit} items in a sale.`
        : allowance(left);
    lists.replaceChildren();
    if (current.bought.length > 0) lists.append(rows(current));
    const past = earlier.filter((record) => record.bought.length > 0);
    if (past.length > 0) {
        const details = make('details');
        details.append(make('summary', '', 'In earlier sales'), ...past.map(rows));
        lists.append(details);
    }
}
