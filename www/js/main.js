/** The storefront's entry point: creates its parts and connects them. */

import * as api from './api.js';
import { showConnection } from './banner.js';
import { showBought } from './bought.js';
import { Buyer } from './buyer.js';
import { Clock } from './clock.js';
import { showNoSale, showSale } from './countdown.js';
import { Grid } from './grid.js';
import { Holds } from './holds.js';
import { onPress } from './intent.js';
import { List, PAGE_SIZE } from './list.js';
import { element, setText } from './page.js';
import { poll } from './poll.js';
import './sheet.js';
import { ANY, Shop } from './shop.js';
import { tellTurn } from './turn.js';
import { holdsAtOnce, price, stateOf } from './words.js';

const SALE_MS = 1000;
const TICK_MS = 250;

const clock = new Clock();
const buyer = new Buyer();
const shop = new Shop(clock, buyer);
const holds = new Holds((hold) => shop.buy(hold));

/**
 * @param {api.Item} item
 * @returns {import('./grid.js').CardView}
 */
function viewOf(item) {
    const isBusy = shop.isBusy(item.id);
    if (buyer.hasBought(item.id))
        return { look: 'bought', state: 'Bought by you', action: '', isOff: false };
    // No button buys it here: this one reserved it a moment ago. The list of reservations has the button.
    if (buyer.holdOf(item.id))
        return { look: 'mine', state: 'Held for you', action: 'Go to buy', isOff: false };
    const state = stateOf(item, clock.now());
    if (item.state === 'sold') return { look: 'sold', state, action: '', isOff: false };
    return {
        look: item.state,
        state,
        action: isBusy ? 'Reserving…' : shop.toReserve,
        isOff: isBusy || shop.why !== '',
    };
}

const grid = new Grid(element('grid'), {
    size: PAGE_SIZE,
    view: viewOf,
    price,
    onPressed: (item) => {
        const hold = buyer.holdOf(item.id);
        if (hold) holds.focus(hold);
        else shop.reserve(item);
    },
    whenDisabled: () => shop.explain(shop.why),
});
const list = new List(grid);

function showYou() {
    const signIn = /** @type {HTMLAnchorElement} */ (element('sign-in'));
    signIn.href = buyer.loginUrl;
    signIn.hidden = !buyer.isNobody;
    element('you-name').hidden = buyer.isNobody;
    setText(element('you-name'), buyer.user ?? 'Who are you?');
    showBought(buyer.record, buyer.earlier, shop.limit, buyer.heldElsewhere);
}

/** @param {import('./store.js').Hold} hold @returns {import('./holds.js').HoldView} */
function viewOfHold(hold) {
    return {
        leftMs: hold.endsAt - clock.now(),
        isBusy: shop.isBusy(hold.item),
        why: shop.whyNotBuy(hold),
        of: hold.user === buyer.user ? '' : hold.user ?? '',
    };
}

function showTime() {
    const { sale, turn } = shop;
    if (sale) tellTurn(turn, sale, clock.now(), buyer);
    if (document.hidden) return;
    if (sale) {
        shop.endHolds();
        showSale(sale, clock.now(), turn, buyer);
    }
    element('any').ariaDisabled = String(shop.isBusy(ANY) || shop.whyNotAny !== '');
    holds.show(buyer.holds, viewOfHold);
    setText(element('holds-at-once'), holdsAtOnce(shop.holdsMax,
        buyer.holdsHere.length + buyer.heldElsewhere, shop.roomAt, clock.now()));
    grid.refresh();
}

shop.addEventListener('change', () => {
    showYou();
    showTime();
});
shop.addEventListener('sale', () => shop.sale && list.showSale(shop.sale));
shop.addEventListener('item', (event) => {
    const { id, change } = /** @type {CustomEvent} */ (event).detail;
    grid.correct(id, change);
    list.refresh();
});
onPress(element('you-name'), () => shop.chooseUser());
onPress(element('turn-ask'), () => shop.chooseUser());
onPress(element('any'), () => shop.reserve({ id: ANY, name: '' }), {
    whenDisabled: () => !shop.isBusy(ANY) && shop.explain(shop.whyNotAny),
});

document.addEventListener('visibilitychange', () => {
    if (!document.hidden) clock.markStale();
});
poll(async () => {
    const reply = await api.saleStatus();
    showConnection(reply);
    shop.takeSale(reply);
    if (reply.status === 200) buyer.askOnce(!['none', 'over'].includes(shop.turn));
    if (!shop.sale) {
        showNoSale();
        list.showUnknown();
    }
    return reply;
}, SALE_MS, () => shop.dueMs);
setInterval(showTime, TICK_MS);
buyer.ask();
