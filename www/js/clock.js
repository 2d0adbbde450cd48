/** Server time, and how times are written. */

/**
 * Samples that the estimate rests on; older ones are forgotten, as clocks drift. In a crowd most replies are
 * from a cache, and of so many one is hardly old.
 */
const SAMPLES_MAX = 32;

/**
 * The server's clock as seen from here. A reply's server_time is late by its way here and, from a
 * cache, by up to a second more; it is never early. So the latest of several is the best, and the
 * client's own clock, which may be wrong, is used for what has passed since alone.
 */
export class Clock {
    /** @type {number[]} server time minus elapsed time, in ms */
    #samples = [];
    #stale = false;
    #elapsed;

    /** @param {() => number} elapsed milliseconds since any moment, never set back */
    constructor(elapsed = () => performance.now()) {
        this.#elapsed = elapsed;
    }

    /** @param {string} serverTime RFC 3339, from a reply that has just come */
    observe(serverTime) {
        const time = Date.parse(serverTime);
        if (Number.isNaN(time)) return;
        if (this.#stale) this.#samples = [];
        this.#stale = false;
        this.#samples.push(time - this.#elapsed());
        if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
    }

    /** After a sleep, which elapsed time may not count, what was heard before is only a guess. */
    doubt() {
        this.#stale = true;
    }

    /** Whether it is good enough to say that something is over. */
    get sure() {
        return this.#samples.length > 0 && !this.#stale;
    }

    /** Milliseconds since 1970 by the server; by this machine until the server was heard. */
    now() {
        return this.#samples.length > 0 ? Math.max(...this.#samples) + this.#elapsed() : Date.now();
    }
}

const pad = (/** @type {number} */ number) => String(number).padStart(2, '0');

/**
 * "0:09", "42:17", "1:02:03" or "6 days 1:02:03". Rounded up, so that 0:00 is the end and not the
 * second before it.
 * @param {number} ms
 */
export function duration(ms) {
    const total = Math.max(0, Math.ceil(ms / 1000));
    const days = Math.floor(total / 86400);
    const hours = Math.floor(total / 3600) % 24;
    const minutes = Math.floor(total / 60) % 60;
    const time = total < 3600
        ? `${minutes}:${pad(total % 60)}`
        : `${hours}:${pad(minutes)}:${pad(total % 60)}`;
    return days === 0 ? time : `${days} ${days === 1 ? 'day' : 'days'} ${time}`;
}

/**
 * The same for a sentence: "9 seconds", "2 minutes", "3 hours", "5 days".
 * @param {number} ms
 */
export function durationWords(ms) {
    const seconds = Math.max(1, Math.ceil(ms / 1000));
    if (seconds < 100) return seconds === 1 ? '1 second' : `${seconds} seconds`;
    const minutes = Math.ceil(seconds / 60);
    if (minutes < 100) return `${minutes} minutes`;
    const hours = Math.ceil(minutes / 60);
    return hours < 48 ? `${hours} hours` : `${Math.ceil(hours / 24)} days`;
}

/**
 * The hour and minute of a time, on the wall clock of whoever looks.
 * @param {number} ms since 1970
 */
export function timeOfDay(ms) {
    return new Date(ms).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}

/**
 * Whether the time left has passed one of the moments since it was last looked at.
 * @param {number} beforeMs left then
 * @param {number} leftMs left now
 * @param {number[]} moments ms before the end
 */
export const passed = (beforeMs, leftMs, moments) =>
    leftMs > 0 && moments.some((moment) => beforeMs > moment && leftMs <= moment);
