/** The storefront: makes its parts and connects them. */

import * as api from './api.js';
import { showConnection } from './banner.js';
import { showBought } from './bought.js';
import { Clock } from './clock.js';
import { Grid } from './grid.js';
import { Holds } from './holds.js';
import { List, PAGE_SIZE } from './list.js';
import { element } from './page.js';
import { poll } from './poll.js';
import { showSale } from './sale.js';
import { ANY, Shop } from './shop.js';
import { price, stateOf } from './words.js';

const SALE_MS = 1000;
const SALES_MS = 300000;
const TICK_MS = 250;

const clock = new Clock();
const shop = new Shop(clock);
const holds = new Holds((hold) => shop.buy(hold));

/**
 * @param {api.Item} item
 * @returns {import('./grid.js').CardView}
 */
function viewOf(item) {
    const busy = shop.isBusy(item.id);
    if (shop.hasBought(item.id))
        return { look: 'bought', state: 'Bought by you', action: '', busy };
    const hold = shop.holdOf(item.id);
    if (hold)
        return { look: 'mine', state: 'Held for you', action: busy ? 'Buying…' : 'Buy', busy };
    const state = stateOf(item, clock.now());
    if (item.state === 'sold') return { look: 'sold', state, action: '', busy };
    return { look: item.state, state, action: busy ? 'Reserving…' : 'Reserve', busy };
}

const grid = new Grid(element('grid'), {
    size: PAGE_SIZE,
    view: viewOf,
    price,
    onClick: (item) => {
        const hold = shop.holdOf(item.id);
        if (hold) shop.buy(hold);
        else shop.reserve(item);
    },
});
const list = new List(grid);

function showYou() {
    element('you-name').textContent = shop.user ?? 'Who are you?';
    showBought(shop.record, shop.earlier, shop.limit);
}

function showTime() {
    if (document.hidden || !shop.sale) return;
    shop.endHolds();
    showSale(shop.sale, clock.now());
    holds.show(shop.record.holds, clock.now(), (hold) => shop.isBusy(hold.item));
    grid.refresh();
}

shop.addEventListener('change', () => {
    if (shop.sale) element('sale').hidden = false;
    element('any').ariaDisabled = String(shop.isBusy(ANY));
    showYou();
    showTime();
});
shop.addEventListener('sale', () => {
    list.restart();
    sales.now();
});
shop.addEventListener('item', (event) => {
    const { id, change } = /** @type {CustomEvent} */ (event).detail;
    grid.correct(id, change);
    list.refresh();
});
element('you-name').addEventListener('click', () => shop.chooseUser());
element('any').addEventListener('click', () => shop.reserve({ id: ANY, name: '' }));

document.addEventListener('visibilitychange', () => {
    if (!document.hidden) clock.doubt();
});
poll(async () => {
    const reply = await api.saleStatus();
    showConnection(reply);
    shop.takeSale(reply);
    return reply;
}, SALE_MS);
const sales = poll(async () => {
    const reply = await api.sales();
    shop.takeSales(reply);
    return reply;
}, SALES_MS);
setInterval(showTime, TICK_MS);

element('shop').hidden = false;
element('you').hidden = false;
showYou();
