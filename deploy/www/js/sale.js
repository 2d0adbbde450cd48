/** The sale itself: how long it still runs, and what is left of it. */

import { duration, timeOfDay } from './clock.js';
import { element, setText } from './page.js';
import { count } from './words.js';

/**
 * @typedef {object} Sale
 * @property {number} id 0: none has begun yet
 * @property {'active' | 'sold_out' | 'closed' | 'none'} status
 * @property {number} total items
 * @property {number} left neither sold nor held
 * @property {number} held
 * @property {number} sold
 * @property {number} endsAt ms since 1970
 * @property {number} nextAt when the next one begins, ms since 1970
 */

const bar = element('bar-clock');
const [barTime, barLeft] = bar.children;

/** @param {any} body of /sale/status @param {number} nextAt @returns {Sale} */
export function saleOf(body, nextAt) {
    const total = body.items_total ?? 0;
    const sold = body.items_sold ?? 0;
    const held = body.items_held ?? 0;
    return {
        id: body.sale_id ?? 0,
        status: body.sale_status ?? 'none',
        total,
        sold,
        held,
        left: Math.max(0, total - sold - held),
        endsAt: Date.parse(body.sale_ends_at ?? ''),
        nextAt,
    };
}

/** @type {Record<Sale['status'], (sale: Sale, now: number) => [string, number]>} */
const clockOf = {
    // An operator may let a sale go on until all is sold.
    active: (sale, now) => sale.endsAt > now
        ? ['The sale ends in', sale.endsAt]
        : ['On sale until all is sold', NaN],
    sold_out: (sale) => ['Sold out. The next sale begins in', sale.nextAt],
    closed: (sale) => ['This sale is over. The next begins in', sale.nextAt],
    none: (sale) => ['The first sale begins in', sale.nextAt],
};

/** @param {Sale} sale @param {number} now by the server */
export function showSale(sale, now) {
    const [what, until] = clockOf[sale.status](sale, now);
    const time = Number.isNaN(until) ? 'open' : duration(until - now);
    element('sale').dataset.status = sale.status;
    setText(element('sale-what'), what);
    setText(element('clock'), time);
    element('clock').title = Number.isNaN(until) ? '' : `at ${timeOfDay(until)} on your clock`;
    setText(element('count-left'), `${count(sale.left)} of ${count(sale.total)} left`);
    setText(element('count-rest'), `${count(sale.held)} reserved, ${count(sale.sold)} sold`);
    const share = (/** @type {number} */ part) => String(sale.total === 0 ? 0 : part / sale.total);
    element('stock').style.setProperty('--sold-share', share(sale.sold));
    element('stock').style.setProperty('--held-share', share(sale.held));
    setText(barTime, time);
    setText(barLeft, `${count(sale.left)} left`);
}

/** The clock in the bar stands in for the large one, once that is out of sight. */
new IntersectionObserver(([entry]) => {
    bar.hidden = entry.isIntersecting || element('sale').hidden;
}, { rootMargin: '-64px 0px 0px' }).observe(element('sale'));
