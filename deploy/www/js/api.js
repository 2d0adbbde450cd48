/** The service's HTTP interface. Nothing here throws: no answer is an answer too, with status 0. */

/**
 * @typedef {object} Item
 * @property {string} id
 * @property {number} number
 * @property {string} name
 * @property {number} price
 * @property {string} image
 * @property {'free' | 'held' | 'sold'} state
 * @property {string | null} held_until
 *
 * @typedef {object} Reply
 * @property {number} status 0: the server was not reached
 * @property {any} body
 * @property {string} outcome of a refusal, by the service's words; '' where there is none
 * @property {number} retryAfterS 0 where the server asks for nothing
 */

/** Longer than any answer of the service may take, web server and worker together. */
const ANSWER_MS_MAX = 10000;

/** @returns {Promise<Reply>} */
async function ask(/** @type {string} */ path, /** @type {RequestInit} */ options = {}) {
    try {
        const response = await fetch(path, {
            ...options,
            headers: { Accept: 'application/json' },
            signal: AbortSignal.timeout(ANSWER_MS_MAX),
        });
        // What stands between may answer with a page of its own.
        const body = await response.json().catch(() => ({}));
        return {
            status: response.status,
            body,
            outcome: response.ok ? '' : body.outcome ?? '',
            retryAfterS: Number(response.headers.get('Retry-After')) || 0,
        };
    } catch {
        return { status: 0, body: {}, outcome: '', retryAfterS: 0 };
    }
}

/** In the body, so that names and codes stay out of the logs of what stands between. */
const post = (/** @type {string} */ path, /** @type {Record<string, string>} */ parameters) =>
    ask(path, { method: 'POST', body: new URLSearchParams(parameters) });

/**
 * @param {string | null} user null: whoever the web server says it is
 * @param {string} id an item's, or "any"
 */
export const checkout = (user, id) =>
    post('/checkout', user === null ? { id } : { user_id: user, id });

/** @param {string} code */
export const purchase = (code) => post('/purchase', { code });

export const saleStatus = () => ask('/sale/status');
export const sales = () => ask('/sales?page_num=1&page_size=10');

/**
 * @param {number} page from 1
 * @param {number} size at most 100
 * @param {string} state free, held, sold, or '' for all
 */
export function items(page, size, state) {
    const query = new URLSearchParams({ page_num: String(page), page_size: String(size) });
    if (state) query.set('state', state);
    return ask(`/items?${query}`);
}
