/** Asking regularly, while somebody looks. */

import { delayMs } from './retry.js';

/**
 * @typedef {object} Poll
 * @property {() => void} now asks at once, unless a question is under way
 */

/** Those who wait for one moment do not come in one instant. */
export const SPREAD_MS = 300;
/** What should have changed by now and has not is asked about so soon again, for so long. */
const OVERDUE_MS = 200;
const OVERDUE_MS_MAX = 3000;

/**
 * How long to wait before the next question.
 * @param {number} everyMs
 * @param {number} dueMs until what is asked about changes, Infinity if that is not known; below 0: it
 *     should have changed then
 * @param {() => number} random in [0, 1)
 */
export function pauseMs(everyMs, dueMs, random = Math.random) {
    const regular = everyMs * (1 + random() / 2);
    if (dueMs < 0 && dueMs > -OVERDUE_MS_MAX) return OVERDUE_MS * (1 + random() / 2);
    if (dueMs < 0 || dueMs > everyMs * 1.5) return regular;
    return dueMs + random() * SPREAD_MS;
}

/**
 * Calls `ask` again and again: `everyMs` after the last answer and a little more, at random, so
 * that viewers who came together do not ask together; and when what is asked about changes. Pauses while the
 * page can't be seen or the browser is offline; is patient with a server that fails.
 *
 * @param {() => Promise<import('./api.js').Reply>} ask
 * @param {number} everyMs
 * @param {() => number} [dueMs] see pauseMs
 * @returns {Poll}
 */
export function poll(ask, everyMs, dueMs = () => Infinity) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    let asking = false;
    let again = false;
    let failures = 0;

    const paused = () => document.hidden || !navigator.onLine;

    async function turn() {
        clearTimeout(timer);
        if (paused()) return;
        if (asking) {
            again = true;
            return;
        }
        asking = true;
        failures++;
        let waitMs = everyMs + delayMs(failures);
        try {
            const reply = await ask();
            if (reply.status === 200) failures = 0;
            waitMs = failures === 0
                ? pauseMs(everyMs, dueMs())
                : everyMs + delayMs(failures, reply.retryAfterS);
        } catch (error) {
            // Whatever went wrong with this answer, the next one may be right.
            reportError(error);
        }
        asking = false;
        timer = setTimeout(turn, again ? 0 : waitMs);
        again = false;
    }

    document.addEventListener('visibilitychange', turn);
    addEventListener('online', turn);
    turn();
    return { now: turn };
}
