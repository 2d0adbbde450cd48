/** Shows how long the sale still runs, or when the user's turn comes, and how many items are left. */

import { duration, timeToCome } from './clock.js';
import { element, setText } from './page.js';
import { statusAt } from './sale.js';
import { count, terms, turnOfNext, turnWords } from './words.js';

/** @typedef {import('./sale.js').Sale} Sale */

const bar = element('bar-clock');
const [barTime, barLeft] = bar.children;
const line = element('clock-at');
const askTurn = element('turn-ask');

/**
 * @param {string} why nothing can be bought now
 * @param {Sale} sale
 * @param {number} now
 * @returns {[string, number]}
 */
function untilNext(why, sale, now) {
    if (Number.isNaN(sale.nextAt)) return [`${why}. None is planned yet`, NaN];
    if (sale.nextAt <= now) return ['The next sale begins', sale.nextAt];
    return [`${why}. Next one in`, sale.nextAt];
}

/** @type {Record<Sale['status'], (sale: Sale, now: number) => [string, number]>} */
const clockOf = {
    // A sale that stays open runs past its end, until all is sold.
    active: (sale, now) => sale.endsAt > now
        ? ['The sale ends in', sale.endsAt]
        : ['On sale until all is sold', Infinity],
    sold_out: (sale, now) => untilNext('Sold out', sale, now),
    closed: (sale, now) => untilNext('The sale is over', sale, now),
    none: (sale, now) => Number.isNaN(sale.nextAt)
        ? ['No sale is planned yet', NaN]
        : ['The first sale begins in', sale.nextAt],
};

/** @param {Sale} sale */
function showCounts(sale) {
    const { total, left, held, sold } = sale;
    const none = sale.id === 0;
    setText(element('count-left'), none ? '' : `${count(left)} of ${count(total)} left`);
    setText(element('count-rest'), none ? '' : `${count(held)} reserved, ${count(sold)} sold`);
    setText(element('terms'), terms(sale));
    const share = (/** @type {number} */ part) => String(total === 0 ? 0 : part / total);
    element('stock').style.setProperty('--sold-share', share(sold));
    element('stock').style.setProperty('--held-share', share(held));
}

/**
 * Offers to ask for the turn, unless the user is known.
 * @param {boolean} isOffered
 * @param {boolean} isGiven whether the user signs in
 */
function offerTurn(isOffered, isGiven) {
    setText(askTurn, isGiven ? 'Sign in to see yours' : 'Give your name to see yours');
    // The line takes the focus of a button that disappears.
    if (!isOffered && document.activeElement === askTurn) line.focus({ preventScroll: true });
    if (askTurn.hidden === isOffered) askTurn.hidden = !isOffered;
}

/**
 * @param {Sale} sale
 * @param {number} now by the server
 * @param {import('./sale.js').Turn} turn
 * @param {import('./buyer.js').Buyer} buyer
 */
export function showSale(sale, now, turn, { opensAt, user, isGiven }) {
    const status = statusAt(sale, now);
    const waits = turn === 'waits';
    const [what, until] = waits ? ['Your turn in', opensAt] : clockOf[status](sale, now);
    const isTime = Number.isFinite(until);
    const time = isTime ? duration(until - now) : until === Infinity ? 'open' : '–';
    element('sale').dataset.status = status;
    element('sale').dataset.turn = turn;
    setText(element('sale-what'), what);
    setText(element('clock'), time);
    element('clock').dataset.long = String(time.length > 8);
    setText(line, turn !== 'none' ? turnWords(turn, sale, opensAt, now, user !== null)
        : status !== 'active' && sale.nextDraws ? turnOfNext
        : isTime ? `${timeToCome(until, now)} on your clock` : '');
    offerTurn(turn === 'unknown' && user === null, isGiven);
    setText(barTime, time);
    setText(barLeft, waits ? 'to your turn' : sale.id === 0 ? '' : `${count(sale.left)} left`);
    showCounts(sale);
}

/** The service has not answered, so the sale is unknown. */
export function showNoSale() {
    setText(element('sale-what'), 'The shop can’t be reached');
    setText(line, '');
    setText(element('terms'), 'What is left is not known now. This page asks again by itself.');
}

/** The bar shows a clock while the large one is out of sight. */
new IntersectionObserver(([entry]) => {
    bar.hidden = entry.isIntersecting;
}, { rootMargin: '-64px 0px 0px' }).observe(element('sale'));
