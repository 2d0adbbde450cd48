/**
 * Retries. The service's contract makes them safe: the same user and item get the same code, the same code gets
 * the same purchase. A temporary failure is retried automatically: not before Retry-After, after a random delay
 * (so that a crowd does not come back together), and a limited number of times.
 *
 * @typedef {import('./api.js').Reply} Reply
 */

/** Requests for one click at most. */
export const TRIES_MAX = 6;
/** A longer Retry-After ends the retries: the user may try again. */
const WAIT_MS_MAX = 15000;
const BACKOFF_MS_FIRST = 500;
const BACKOFF_MS_MAX = 8000;
/** How long a click waits for the network. */
const OFFLINE_MS_MAX = 120000;

/**
 * Whether asking again may help. A decision about the sale may have the status of a request that came too often
 * (user_limit, hold_limit), and is final all the same.
 * @param {Reply} reply
 */
export function mayPass(reply) {
    return reply.status === 0 || [408, 502, 503, 504].includes(reply.status) ||
        (reply.status === 429 && ['', 'too_many_requests'].includes(reply.outcome));
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

/** Waits until the browser says that it is online. */
function networkBack() {
    return new Promise((resolve) => {
        if (navigator.onLine) resolve(undefined);
        else addEventListener('online', resolve, { once: true });
    });
}

/**
 * @param {() => Promise<Reply>} request
 * @param {(waitMs: number, reply: Reply) => void} onWait called before each wait
 * @param {(ms: number) => Promise<unknown>} [sleep]
 * @returns {Promise<Reply>} the first final answer, or that of the last try
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
