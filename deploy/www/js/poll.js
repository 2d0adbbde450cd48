/** Asking regularly, while somebody looks. */

import { delayMs } from './retry.js';

/**
 * @typedef {object} Poll
 * @property {() => void} now asks at once, unless a question is under way
 */

/**
 * Calls `ask` again and again: `everyMs` after the last answer and a little more, at random, so
 * that viewers who came together do not ask together. Pauses while the page can't be seen or the browser
 * is offline; is patient with a server that fails.
 *
 * @param {() => Promise<import('./api.js').Reply>} ask
 * @param {number} everyMs
 * @returns {Poll}
 */
export function poll(ask, everyMs) {
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
        const reply = await ask();
        asking = false;
        failures = reply.status === 200 ? 0 : failures + 1;
        const pauseMs = failures === 0
            ? everyMs * (1 + Math.random() / 2)
            : everyMs + delayMs(failures, reply.retryAfterS);
        timer = setTimeout(turn, again ? 0 : pauseMs);
        again = false;
    }

    document.addEventListener('visibilitychange', turn);
    addEventListener('online', turn);
    turn();
    return { now: turn };
}
