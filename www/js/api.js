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
 * @property {number} status 0: the service was not reached
 * @property {any} body
 * @property {string} outcome of a refusal, by the service's words; '' where there is none
 * @property {number} retryAfterS 0 where the server asks for nothing
 * @property {boolean} isStranger something else answered in the service's place
 */

/** Longer than any answer of the service may take, web server and worker together. */
const ANSWER_MS_MAX = 10000;

/** @param {number} status @param {boolean} isStranger @returns {Reply} */
const nothing = (status, isStranger) =>
    ({ status, body: {}, outcome: '', retryAfterS: 0, isStranger });

/**
 * What stands between, a network's log-in page say, may answer with a page of its own, and with 200. Only
 * JSON is the service's.
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
 * Past the browser's own cache: what is kept there is asked about each time (304), and nothing old is taken.
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

/** In the body, so that names and codes stay out of the logs of what stands between. */
const post = (/** @type {string} */ path, /** @type {Record<string, string>} */ parameters) =>
    ask(path, { method: 'POST', cache: 'no-store', body: new URLSearchParams(parameters) });

/**
 * @param {string | null} user null: whoever the web server says it is
 * @param {string} id an item's, or "any"
 */
export const checkout = (user, id) =>
    post('/checkout', user === null ? { id } : { user_id: user, id });

/** @param {string} code */
export const purchase = (code) => post('/purchase', { code });

export const saleStatus = () => ask('/sale/status');

/**
 * Who asks, and what they have.
 * @param {string | null} user null: whoever the web server says it is
 */
export const me = (user) =>
    ask(user === null ? '/me' : `/me?${new URLSearchParams({ user_id: user })}`,
        { cache: 'no-store' });

/**
 * Where the web server asks for the user's name and password, and sends whoever has them back here. A page to
 * go to: a script that asked for it would wait for the browser's own question.
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
