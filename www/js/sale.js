/** The sale as the service last described it, and what the clock alone changes. */

/**
 * @typedef {object} Sale
 * @property {number} id 0: none has begun yet
 * @property {'active' | 'sold_out' | 'closed' | 'none'} status
 * @property {number} total items
 * @property {number} left neither sold nor held
 * @property {number} held
 * @property {number} sold
 * @property {number} endsAt ms since 1970
 * @property {boolean} staysOpen it goes on past its end until all is sold
 * @property {number} nextAt when the next one begins, ms since 1970; NaN: none is planned
 * @property {number} limit items that one user may buy; 0: unknown
 * @property {number} holdS how long an item stays reserved; 0: unknown
 * @property {number} holdsMax items that one user may hold at once; 0: no bound, or unknown
 * @property {number} drawS turns come within so many seconds from the start; 0: no draw
 * @property {number} drawEndsAt when all turns have come, ms since 1970; NaN: no draw
 * @property {boolean} nextDraws whether the next sale draws turns
 *
 * @typedef {'none' | 'unknown' | 'waits' | 'came' | 'over'} Turn the user's turn in a draw. none: no sale with a
 *     draw is open; unknown: the service has not said when it comes; over: all turns have come
 */

/** @param {any} body of /sale/status @returns {Sale} */
export function saleOf(body) {
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
        staysOpen: body.stays_open === true,
        nextAt: Date.parse(body.next_sale_starts_at ?? ''),
        limit: body.purchase_limit ?? 0,
        holdS: body.hold_s ?? 0,
        holdsMax: body.holds_max ?? 0,
        drawS: body.draw_s ?? 0,
        drawEndsAt: Date.parse(body.draw_ends_at ?? ''),
        nextDraws: body.next_sale_draw_s > 0,
    };
}

/**
 * The sale at this time: its end closes it, even if the service has not been asked since.
 * @param {Sale} sale
 * @param {number} now ms since 1970, by the server
 */
export const statusAt = (sale, now) =>
    sale.status === 'active' && !sale.staysOpen && sale.endsAt <= now ? 'closed' : sale.status;

/**
 * How long until the sale changes, in ms; Infinity: unknown; negative: the change is overdue.
 * @param {Sale} sale
 * @param {number} now
 */
export function changesInMs(sale, now) {
    const moments = [sale.nextAt];
    if (sale.status === 'active' && !sale.staysOpen) moments.push(sale.endsAt);
    return Math.min(Infinity, ...moments.filter((at) => !Number.isNaN(at))) - now;
}

/**
 * @param {Sale} sale
 * @param {number} opensAt when the user's turn comes, ms since 1970; NaN: unknown
 * @param {number} now by the server
 * @returns {Turn}
 */
export function turnAt(sale, opensAt, now) {
    if (Number.isNaN(sale.drawEndsAt) || statusAt(sale, now) !== 'active') return 'none';
    if (sale.drawEndsAt <= now) return 'over';
    if (Number.isNaN(opensAt)) return 'unknown';
    return opensAt > now ? 'waits' : 'came';
}
