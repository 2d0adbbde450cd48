/** What this user bought in this sale, and in earlier ones that this browser remembers. */

import { element, make } from './page.js';
import { allowance, count, price } from './words.js';

/** @typedef {import('./store.js').SaleRecord} SaleRecord */

const lists = element('bought-lists');
const allowanceLine = element('allowance');
const badge = element('you-bought');

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

/**
 * @param {SaleRecord} current
 * @param {number} limit 0: not known
 * @param {number} heldElsewhere
 */
function allowanceOf(current, limit, heldElsewhere) {
    if (limit === 0) return 'What you have is not known yet: the shop has not answered.';
    const words = [];
    const elsewhere = current.count - current.bought.length;
    if (current.count === 0) words.push(`Nothing yet. You may buy ${count(limit)} items in a sale.`);
    else words.push(allowance(Math.max(0, limit - current.count)));
    if (elsewhere > 0) words.push(`You bought ${count(elsewhere)} on another device.`);
    if (heldElsewhere > 0) words.push(`${count(heldElsewhere)} reserved on another device.`);
    return words.join(' ');
}

/** What is shown, as text: the list is built again only when it changes. */
let shown = '';

/**
 * @param {SaleRecord} current
 * @param {SaleRecord[]} earlier newest first
 * @param {number} limit items of a sale that one user may buy; 0: not known
 * @param {number} heldElsewhere items that are reserved for the user, and not in this browser
 */
export function showBought(current, earlier, limit, heldElsewhere) {
    const text = JSON.stringify([current.bought, current.count, earlier, limit, heldElsewhere]);
    if (text === shown) return;
    shown = text;
    const left = Math.max(0, limit - current.count);
    badge.textContent = limit === 0 ? 'Your items' : `${count(left)} of ${count(limit)} left`;
    if (limit > 0) badge.append(make('span', 'hidden', ' for you to buy'));
    allowanceLine.textContent = allowanceOf(current, limit, heldElsewhere);
    lists.replaceChildren();
    if (current.bought.length > 0) lists.append(rows(current));
    const past = earlier.filter((record) => record.bought.length > 0);
    if (past.length > 0) {
        const details = make('details');
        details.append(make('summary', '', 'In earlier sales'), ...past.map(rows));
        lists.append(details);
    }
}
