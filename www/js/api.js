/** The service's HTTP interface. Nothing here throws: a request without an answer gives a reply with status 0. */

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
 * @property {number} status 0: the service was not reached
 * @property {any} body
 * @property {string} outcome of a refusal, in the service's words; '' without one
 * @property {number} retryAfterS 0 without Retry-After
 * @property {boolean} isStranger something other than the service answered
 */

/** Longer than web server and worker together may take to answer. */
const ANSWER_MS_MAX = 10000;

/** @param {number} status @param {boolean} isStranger @returns {Reply} */
const nothing = (status, isStranger) =>
    ({ status, body: {}, outcome: '', retryAfterS: 0, isStranger });

/**
 * A captive portal, or a proxy, may answer with a page of its own, even with 200. Only JSON comes from the
 * service.
 * @param {Response} response
 * @returns {Promise<Reply>}
 */
async function read(response) {
    const body = await response.json().catch(() => null);
    if (body === null || typeof body !== 'object') {
        const passes = response.ok || response.status < 400;
        return nothing(passes ? 0 : response.status, true);
    }
    return {
        status: response.status,
        body,
        outcome: response.ok ? '' : body.outcome ?? '',
        retryAfterS: Number(response.headers.get('Retry-After')) || 0,
        isStranger: false,
    };
}

/**
 * 'no-cache': the browser revalidates what its cache has with each request (304).
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Reply>}
 */
async function ask(path, options = {}) {
    try {
        return await read(await fetch(path, {
            cache: 'no-cache',
            headers: { Accept: 'application/json' },
            signal: AbortSignal.timeout(ANSWER_MS_MAX),
            ...options,
        }));
    } catch {
        return nothing(0, false);
    }
}

/** Parameters go in the body, so that names and codes stay out of the logs of proxies. */
const post = (/** @type {string} */ path, /** @type {Record<string, string>} */ parameters) =>
    ask(path, { method: 'POST', cache: 'no-store', body: new URLSearchParams(parameters) });

/**
 * @param {string | null} user null: the one that the web server knows
 * @param {string} id an item's, or "any"
 */
export const checkout = (user, id) =>
    post('/checkout', user === null ? { id } : { user_id: user, id });

/** @param {string} code */
export const purchase = (code) => post('/purchase', { code });

export const saleStatus = () => ask('/sale/status');

/**
 * Who the user is, and what they hold and bought.
 * @param {string | null} user null: the one that the web server knows
 */
export const me = (user) =>
    ask(user === null ? '/me' : `/me?${new URLSearchParams({ user_id: user })}`,
        { cache: 'no-store' });

/**
 * The web server asks for a name and a password at this path, and redirects here after that. The browser has to
 * navigate to it: a fetch would wait for the browser's own dialog.
 */
export const LOGIN_PATH = '/login';

/**
 * @param {number} sale
 * @param {number} page from 1
 * @param {number} size at most 100
 * @param {string} state free, held, sold, or '' for all
 */
export function items(sale, page, size, state) {
    const query = new URLSearchParams({
        sale_id: String(sale), page_num: String(page), page_size: String(size),
    });
    if (state) query.set('state', state);
    return ask(`/items?${query}`);
}
