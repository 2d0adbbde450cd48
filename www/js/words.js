/** The page's sentences about refusals and successes. */

import { duration, durationWords, timeOfDay } from './clock.js';
import { mayPass } from './retry.js';

const numbers = new Intl.NumberFormat('en');
const prices = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

export const count = (/** @type {number} */ number) => numbers.format(number);
export const price = (/** @type {number} */ amount) => prices.format(amount);

/**
 * @typedef {object} Circumstances
 * @property {string} name the item's, or '' for any item
 * @property {number} nextSaleAt ms since 1970; NaN: none is planned
 * @property {number} now ms since 1970
 */

const DAY_MS = 86400000;

function next(/** @type {Circumstances} */ { nextSaleAt, now }) {
    if (Number.isNaN(nextSaleAt)) return 'No other sale is planned yet.';
    if (nextSaleAt <= now) return 'The next sale begins now.';
    const at = nextSaleAt - now < DAY_MS ? `at ${timeOfDay(nextSaleAt)}, ` : '';
    return `The next sale begins ${at}in ${durationWords(nextSaleAt - now)}.`;
}

/** @type {Record<string, (c: Circumstances, retryAfterS: number) => string>} */
const refusals = {
    held: ({ name }, retryAfterS) => name === ''
        ? 'Somebody has reserved each item that is left. Reservations end soon: ask again.'
        : `Somebody else has reserved ${name}. ` + (retryAfterS > 0
            ? `Unless they buy it, it can be had again in ${durationWords(retryAfterS * 1000)}.`
            : 'Unless they buy it, it can be had again soon.'),
    sold: ({ name }) => `${name} is sold. Others are still to be had.`,
    sold_out: (c) => `Sold out: every item of this sale has a buyer. ${next(c)}`,
    user_limit: (c) => `You have bought as many items as one person may in a sale. ${next(c)}`,
    sale_closed: (c) => `This sale is over. ${next(c)}`,
    unknown_item: () => 'That item belongs to another sale. The list has been brought up to date.',
    unknown_code: ({ name }) => `Your reservation of ${name} ended before it was bought. ` +
        'Nothing was sold to you; if nobody else has it, you can reserve it again.',
    bad_request: () => 'The service did not understand that. Please choose another name.',
};

export const notSignedIn = 'You are not signed in, so nothing can be reserved for you.';

/**
 * Why nothing can be reserved or bought now, without asking the service.
 * @param {'none' | 'closed' | 'sold_out' | 'user_limit' | 'unknown' | 'left'} why
 * @param {Circumstances} c
 */
export function unavailable(why, c) {
    if (why === 'none') return `No sale has begun yet. ${next(c)}`;
    if (why === 'unknown') return 'The shop can’t be reached. Please wait until it is back.';
    if (why === 'left') return refusals.held({ ...c, name: '' }, 0);
    return refusals[why === 'closed' ? 'sale_closed' : why](c, 0);
}

/**
 * @param {import('./api.js').Reply} reply
 * @param {Circumstances} circumstances
 */
export function refusal(reply, circumstances) {
    const words = refusals[reply.outcome];
    if (words) return words(circumstances, reply.retryAfterS);
    if (reply.status === 401) return notSignedIn;
    if (reply.status === 0) return 'The shop can’t be reached. Asking again is safe.';
    if (mayPass(reply)) return 'Too much is going on right now. Nothing is lost: please try again.';
    if (reply.status === 403) return 'The shop knows you by another name. Please sign in again.';
    return reply.body.detail ?? 'That did not work. Please try again.';
}

/**
 * @param {import('./api.js').Reply} reply
 * @param {number} waitMs
 */
export function waiting(reply, waitMs) {
    if (!navigator.onLine) return 'You are offline. Your request goes out when you are back.';
    const why = reply.status === 0 ? 'The shop can’t be reached.' : 'The shop is busy.';
    return `${why} Trying again by itself in ${durationWords(waitMs)}.`;
}

/**
 * @param {string} name
 * @param {number} leftMs
 */
export const reserved = (name, leftMs) =>
    `${name} is reserved for you. You have ${durationWords(leftMs)} to buy it.`;

/**
 * @param {string} name
 * @param {number} left how many more the user may buy
 */
export const bought = (name, left) => `${name} is yours. ${allowance(left)}`;

export const allowance = (/** @type {number} */ left) => left > 0
    ? `You may buy ${count(left)} more in this sale.`
    : 'That was the last one you may buy in this sale.';

/**
 * @param {string} name
 * @param {number} leftMs
 */
export const endsSoon = (name, leftMs) =>
    `${durationWords(leftMs)} left to buy ${name}.`;

export const holdEnded = (/** @type {string} */ name) =>
    `Time is up: ${name} is no longer reserved for you. Nothing was sold to you.`;

export const holdClosed = (/** @type {string} */ name) =>
    `The sale is over, and your reservation of ${name} with it. Nothing was sold to you.`;

/** What a card says about an item that is not the user's. */
export function stateOf(/** @type {import('./api.js').Item} */ item, /** @type {number} */ now) {
    if (item.state === 'sold') return 'Sold';
    if (item.state === 'free') return 'Available';
    const leftMs = Date.parse(item.held_until ?? '') - now;
    return leftMs > 0 ? `Reserved, ${duration(leftMs)}` : 'Reserved';
}
