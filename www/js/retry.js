/**
 * Asking again. It is safe by the service's contract: the same user and item get the same code, the
 * same code the same purchase. So whatever may pass is tried again by itself: politely (no earlier
 * than Retry-After says), at random moments (a crowd that was refused at once does not come back at
 * once) and not for ever.
 *
 * @typedef {import('./api.js').Reply} Reply
 */

/** Requests for one click, at most. */
export const TRIES_MAX = 6;
/** A server that wants to be left alone for longer gets its wish: the user may ask again. */
const WAIT_MS_MAX = 15000;
const BACKOFF_MS_FIRST = 500;
const BACKOFF_MS_MAX = 8000;
/** How long a click waits for the network to come back. */
const OFFLINE_MS_MAX = 120000;

/** @param {Reply} reply */
export function mayPass(reply) {
    return reply.status === 0 || [408, 502, 503, 504].includes(reply.status) ||
        (reply.status === 429 && reply.outcome !== 'user_limit');
}

/**
 * How long to wait before the next request.
 * @param {number} tries requests made so far
 * @param {number} retryAfterS what the last reply asked for, 0 if nothing
 * @param {() => number} random in [0, 1)
 */
export function delayMs(tries, retryAfterS = 0, random = Math.random) {
    const backoff = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_FIRST * 2 ** (tries - 1));
    return Math.max(retryAfterS * 1000, backoff / 2) + random() * backoff;
}

/** @param {number} ms */
const sleepFor = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Until the browser has a network again, as far as it can tell. */
function networkBack() {
    return new Promise((resolve) => {
        if (navigator.onLine) resolve(undefined);
        else addEventListener('online', resolve, { once: true });
    });
}

/**
 * @param {() => Promise<Reply>} request
 * @param {(waitMs: number, reply: Reply) => void} onWait told before each wait
 * @param {(ms: number) => Promise<unknown>} [sleep]
 * @returns {Promise<Reply>} the first answer that is final, or the last try's
 */
export async function withRetry(request, onWait, sleep = sleepFor) {
    for (let tries = 1; ; tries++) {
        const reply = await request();
        const waitMs = delayMs(tries, reply.retryAfterS);
        if (!mayPass(reply) || tries === TRIES_MAX || waitMs > WAIT_MS_MAX) return reply;
        onWait(waitMs, reply);
        if (!navigator.onLine) await Promise.race([networkBack(), sleep(OFFLINE_MS_MAX)]);
        await sleep(waitMs);
    }
}
