/** Tells when the user's turn in a draw comes, and that it has come: to screen readers, and in the tab. */

import { say, showNotice } from './announce.js';
import { passed } from './clock.js';
import { turnCame, turnIn } from './words.js';

/** @typedef {import('./sale.js').Turn} Turn */

/** When screen readers read the time left, in ms. Seldom, because it interrupts. */
const SAID_AT_MS = [60000, 10000];

const title = document.title;

/** What was told last: of which sale and user. */
let told = { of: '', turn: /** @type {Turn} */ ('none'), leftMs: NaN };

/**
 * A hidden page tells by its title only, and the rest when it is seen again.
 * @param {Turn} turn
 * @param {import('./sale.js').Sale} sale
 * @param {number} now by the server
 * @param {import('./buyer.js').Buyer} buyer
 */
export function tellTurn(turn, sale, now, { opensAt, user }) {
    const of = `${sale.id} ${user}`;
    const leftMs = opensAt - now;
    const waited = told.of === of && told.turn === 'waits';
    const hasCome = waited && (turn === 'came' || turn === 'over');
    const shown = hasCome && document.hidden ? `Your turn: ${title}` : title;
    if (document.title !== shown) document.title = shown;
    if (document.hidden) return;
    if (hasCome) showNotice('good', turnCame);
    else if (turn === 'waits' && (!waited || passed(told.leftMs, leftMs, SAID_AT_MS)))
        say(turnIn(opensAt, now));
    told = { of, turn, leftMs };
}
