/** Shows how long the sale still runs and how many items are left. */

import { duration, timeOfDay } from './clock.js';
import { element, setText } from './page.js';
import { statusAt } from './sale.js';
import { count } from './words.js';

/** @typedef {import('./sale.js').Sale} Sale */

const bar = element('bar-clock');
const [barTime, barLeft] = bar.children;

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
    setText(element('terms'), sale.limit > 0
        ? `At most ${count(sale.limit)} to a person, each reserved for ${sale.holdS} seconds`
        : '');
    const share = (/** @type {number} */ part) => String(total === 0 ? 0 : part / total);
    element('stock').style.setProperty('--sold-share', share(sold));
    element('stock').style.setProperty('--held-share', share(held));
    setText(barLeft, none ? '' : `${count(left)} left`);
}

/** @param {Sale} sale @param {number} now by the server */
export function showSale(sale, now) {
    const status = statusAt(sale, now);
    const [what, until] = clockOf[status](sale, now);
    const isTime = Number.isFinite(until);
    const time = isTime ? duration(until - now) : until === Infinity ? 'open' : '–';
    element('sale').dataset.status = status;
    setText(element('sale-what'), what);
    setText(element('clock'), time);
    element('clock').dataset.long = String(time.length > 8);
    element('clock').title = isTime ? `at ${timeOfDay(until)} on your clock` : '';
    setText(barTime, time);
    showCounts(sale);
}

/** The service has not answered, so the sale is unknown. */
export function showNoSale() {
    setText(element('sale-what'), 'The shop can’t be reached');
    setText(element('terms'), 'What is left is not known now. This page asks again by itself.');
}

/** The bar shows a clock while the large one is out of sight. */
new IntersectionObserver(([entry]) => {
    bar.hidden = entry.isIntersecting;
}, { rootMargin: '-64px 0px 0px' }).observe(element('sale'));
