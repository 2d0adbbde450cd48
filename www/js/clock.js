/** The server's time, and how times are written. */

/**
 * The number of samples that are kept; older ones are dropped, because clocks drift. In a crowd most replies come
 * from a cache, but at least one of so many is nearly fresh.
 */
const SAMPLES_MAX = 32;

/**
 * An estimate of the server's clock. A reply's server_time is late by the reply's way here, and by up to a second
 * more from a cache; it is never early. So the latest of several samples is the best. The client's clock, which
 * may be wrong, only measures the time since then.
 */
export class Clock {
    /** @type {number[]} server time minus elapsed time, in ms */
    #samples = [];
    #stale = false;
    #elapsed;

    /** @param {() => number} elapsed a monotonic clock, in ms */
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

    /** Call it after the machine slept: a monotonic clock may have stopped, so that old samples are only a guess. */
    markStale() {
        this.#stale = true;
    }

    /** Whether it is exact enough to decide that a hold or a sale has ended. */
    get isExact() {
        return this.#samples.length > 0 && !this.#stale;
    }

    /** Milliseconds since 1970 by the server's clock; by this machine's until the first sample. */
    now() {
        return this.#samples.length > 0 ? Math.max(...this.#samples) + this.#elapsed() : Date.now();
    }
}

const pad = (/** @type {number} */ number) => String(number).padStart(2, '0');

/**
 * "0:09", "42:17", "1:02:03" or "6 days 1:02:03". Rounded up, so that 0:00 is the end, not the second before.
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
 * Hour and minute in the user's time zone.
 * @param {number} ms since 1970
 */
export function timeOfDay(ms) {
    return new Date(ms).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}

const MINUTE_MS = 60000;
const HOUR_MS = 3600000;
export const DAY_MS = 86400000;

/**
 * A time to come, in the user's time zone: "14:05:09" within an hour, "14:05" within a day, or "Sunday, 6 December,
 * 14:05". Rounded up, so that nobody comes too early; without the seconds if they are zero.
 * @param {number} ms since 1970
 * @param {number} now
 */
export function timeToCome(ms, now) {
    const unit = ms - now < HOUR_MS ? 1000 : MINUTE_MS;
    const at = Math.ceil(ms / unit) * unit;
    if (at % MINUTE_MS !== 0) return new Date(at).toLocaleTimeString('en-GB');
    if (ms - now < DAY_MS) return timeOfDay(at);
    const day = new Date(at).toLocaleDateString('en-GB',
        { weekday: 'long', day: 'numeric', month: 'long' }).replace(/^(\w+) /, '$1, ');
    return `${day}, ${timeOfDay(at)}`;
}

/**
 * Whether the time left has passed one of the moments since the last look.
 * @param {number} beforeMs left at the last look
 * @param {number} leftMs left now
 * @param {number[]} moments ms before the end
 */
export const passed = (beforeMs, leftMs, moments) =>
    leftMs > 0 && moments.some((moment) => beforeMs > moment && leftMs <= moment);
