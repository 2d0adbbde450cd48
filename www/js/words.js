/** The page's sentences about refusals and successes. */

import { DAY_MS, duration, durationWords, timeOfDay, timeToCome } from './clock.js';
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
 * @property {number} opensAt when the user's turn comes, ms since 1970; NaN: unknown
 * @property {number} holdsMax items that one user may hold at once; 0: unknown
 * @property {number} roomAt when the user may hold one more, ms since 1970; NaN: unknown
 *
 * @typedef {'none' | 'closed' | 'sold_out' | 'user_limit' | 'hold_limit' | 'not_yet' | 'unknown' | 'left'} Why
 *     nothing can be reserved or bought now
 */

function next(/** @type {Circumstances} */ { nextSaleAt, now }) {
    if (Number.isNaN(nextSaleAt)) return 'No other sale is planned yet.';
    if (nextSaleAt <= now) return 'The next sale begins now.';
    const at = nextSaleAt - now < DAY_MS ? `at ${timeOfDay(nextSaleAt)}, ` : '';
    return `The next sale begins ${at}in ${durationWords(nextSaleAt - now)}.`;
}

/** @param {number} roomAt NaN: unknown @param {number} now */
const makeRoom = (roomAt, now) => 'Buy one of them, or wait until ' +
    `${Number.isNaN(roomAt) ? 'a reservation ends' : timeToCome(roomAt, now)}.`;

/**
 * When the user's turn comes.
 * @param {number} opensAt NaN: unknown
 * @param {number} now
 */
export function turnIn(opensAt, now) {
    if (Number.isNaN(opensAt)) return 'Your turn has not come yet.';
    if (opensAt <= now) return 'Your turn comes now.';
    return `Your turn comes in ${durationWords(opensAt - now)}: ` +
        `you can reserve from ${timeToCome(opensAt, now)}.`;
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
    hold_limit: ({ holdsMax, roomAt, now }) => 'You hold as many items as one person may at once' +
        `${holdsMax > 0 ? `, which is ${count(holdsMax)}` : ''}. ${makeRoom(roomAt, now)}`,
    not_yet: (c) => `${turnIn(c.opensAt, c.now)} Until then, look around.`,
    sale_closed: (c) => `This sale is over. ${next(c)}`,
    unknown_item: () => 'That item belongs to another sale. The list has been brought up to date.',
    unknown_code: ({ name }) => `Your reservation of ${name} ended before it was bought. ` +
        'Nothing was sold to you; if nobody else has it, you can reserve it again.',
    bad_request: () => 'The service did not understand that. Please choose another name.',
};

export const notSignedIn = 'You are not signed in, so nothing can be reserved for you.';
export const signInToBuy = 'You are not signed in any more. Sign in to buy what is reserved for you.';

/**
 * Why nothing can be reserved or bought now, without asking the service.
 * @param {Why} why
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
 * @param {boolean} isLast whether the user may hold no more at once
 */
export const reserved = (name, leftMs, isLast) =>
    `${name} is reserved for you. You have ${durationWords(leftMs)} to buy it.` +
    (isLast ? ' You can hold no more at once.' : '');

/**
 * How many items the user may hold at once; '' if any number.
 * @param {number} max 0: any number, or unknown
 * @param {number} held now, on all devices
 * @param {number} roomAt when the user may hold one more, ms since 1970; 0 or less: now
 * @param {number} now
 */
export function holdsAtOnce(max, held, roomAt, now) {
    if (max === 0) return '';
    if (roomAt > now || held >= max)
        return `You hold all that you can at once. ${makeRoom(roomAt > now ? roomAt : NaN, now)}`;
    const can = `You can hold ${count(max)} at once`;
    return held === 0 ? `${can}.` : `${can}: ${count(max - held)} more.`;
}

/** How much one user may have. */
export function terms(/** @type {import('./sale.js').Sale} */ { limit, holdsMax, holdS }) {
    if (limit === 0) return '';
    // A bound that is no lower than the limit is told where the reservations are.
    if (holdsMax > 0 && holdsMax < limit)
        return `Each may buy ${count(limit)} and hold ${count(holdsMax)} at once, for ${holdS} seconds`;
    return `At most ${count(limit)} to a person, each reserved for ${holdS} seconds`;
}

/**
 * What a button that reserves says.
 * @param {Why | ''} why it can't reserve now; '' if it can
 * @param {Circumstances} c
 */
export function toReserve(why, { opensAt, now }) {
    if (why === 'hold_limit') return 'Buy one first';
    if (why !== 'not_yet') return 'Reserve';
    return opensAt - now < DAY_MS ? `From ${timeOfDay(opensAt)}` : 'Not yet';
}

/**
 * What is told beneath the clock about a draw.
 * @param {import('./sale.js').Turn} turn
 * @param {import('./sale.js').Sale} sale
 * @param {number} opensAt when the user's turn comes, ms since 1970; NaN: unknown
 * @param {number} now
 * @param {boolean} isNamed whether it is known who the user is
 */
export function turnWords(turn, sale, opensAt, now, isNamed) {
    if (turn === 'waits')
        return `You can reserve from ${timeToCome(opensAt, now)}. Until then, look around.`;
    if (turn === 'came')
        return `Your turn has come. Open to all from ${timeToCome(sale.drawEndsAt, now)}.`;
    if (turn === 'over') return 'All turns have come: open to all.';
    return isNamed ? 'Turns are drawn. Looking yours up…' : 'Turns are drawn.';
}

export const turnOfNext = 'Turns are drawn: yours is told once the sale has begun.';

export const turnCame = 'Your turn has come: you can reserve now.';

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
