/** Polls while the page is visible. */

import { delayMs } from './retry.js';

/**
 * @typedef {object} Poll
 * @property {() => void} now asks at once, unless a request is in flight
 */

/** Viewers who wait for the same moment ask within so long after it, at random. */
export const SPREAD_MS = 300;
/** How long to wait before the next request, if a change is overdue; and for how long it counts as overdue. */
const OVERDUE_MS = 200;
const OVERDUE_MS_MAX = 3000;

/**
 * How long to wait before the next request.
 * @param {number} everyMs
 * @param {number} dueMs until the next change; Infinity: unknown; negative: the change is overdue
 * @param {() => number} random in [0, 1)
 */
export function pauseMs(everyMs, dueMs, random = Math.random) {
    const regular = everyMs * (1 + random() / 2);
    if (dueMs < 0 && dueMs > -OVERDUE_MS_MAX) return OVERDUE_MS * (1 + random() / 2);
    if (dueMs < 0 || dueMs > everyMs * 1.5) return regular;
    return dueMs + random() * SPREAD_MS;
}

/**
 * Calls `ask` again and again: `everyMs` after the last answer, and a random time more, so that viewers who came
 * together do not ask together; and when a change is due. Pauses while the page is hidden or the browser is
 * offline; waits longer when the server fails.
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
            // A fault in handling one answer does not stop the polling.
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
