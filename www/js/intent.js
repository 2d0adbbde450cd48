/**
 * Whether a press is meant for what it meets. A page changes under the finger: the second tap of two meets
 * what the first one brought, a row that goes moves the next one's button to its place. So
 *
 * - a key that is held down presses once;
 * - a second press of one button within a moment is the first one's echo;
 * - so is a press at the place of another one a moment before, if it meets something else;
 * - what spends money takes a press of its own: it began on the button, a moment after that had come to
 *   its place, and nothing, this button neither, was pressed at that place within the moment.
 *
 * @typedef {object} Press
 * @property {number} at ms, of any clock
 * @property {number} x NaN: a key
 * @property {number} y
 * @property {EventTarget | null} target
 *
 * @typedef {object} Circumstances
 * @property {Press | undefined} press undefined: none was seen, as of assistive technology
 * @property {Press | undefined} before the press before it
 * @property {boolean} isOwn whether the press began on the button
 * @property {boolean} isSame whether the one before did
 * @property {number} now ms
 * @property {number} since when the button came to its place, or to its meaning
 * @property {number} ranAt when it was last obeyed
 * @property {boolean} spends
 */

/** How long a moment is. Double taps are within half a second. */
export const MOMENT_MS = 700;
/** After so long, who sees that a button has become another's can have seen it. */
const SWAP_MS = 350;
/** Presses so near each other are at one place, in CSS pixels. */
const PLACE_PX = 32;

/** @param {Press} a @param {Press} b */
const isSamePlace = (a, b) =>
    Number.isNaN(a.x) ? Number.isNaN(b.x) : Math.hypot(a.x - b.x, a.y - b.y) <= PLACE_PX;

/** @param {Circumstances} c */
export function isMeant({ press, before, isOwn, isSame, now, since, ranAt, spends }) {
    const at = press?.at ?? now;
    if (now - ranAt < MOMENT_MS) return false;
    if (at - since < (spends ? MOMENT_MS : SWAP_MS)) return false;
    if (!press) return true;
    if (spends && !isOwn) return false;
    if (!before || at - before.at >= MOMENT_MS || !isSamePlace(press, before)) return true;
    return isSame && !spends;
}

/** @type {Press | undefined} */
let press;
/** @type {Press | undefined} */
let before;
/** Presses older than this are none of the click's. */
const PRESS_MS_MAX = 1500;

function begin(/** @type {Press} */ one) {
    before = press;
    press = one;
}

/** @type {WeakMap<Element, number>} when a button came to its place */
const since = new WeakMap();
/** @type {WeakMap<Element, number>} when it was last obeyed */
const ranAt = new WeakMap();
/** @type {Map<HTMLElement, {x: number, y: number}>} those that spend, and where they were last seen */
const spending = new Map();

/** What the button does has become another thing, as its label. */
export function renew(/** @type {Element} */ button) {
    since.set(button, performance.now());
}

/** Looks where those that spend are, and disarms those that are elsewhere than they were. */
function watch() {
    for (const [button, place] of spending) {
        const { x, y, width } = button.getBoundingClientRect();
        if (!button.isConnected) spending.delete(button);
        if (width === 0 || Math.hypot(x - place.x, y - place.y) > 4) renew(button);
        Object.assign(place, { x, y });
    }
}

/** Whether a button that spends has been in its place for a moment. */
export const isArmed = (/** @type {HTMLElement} */ button) =>
    performance.now() - (since.get(button) ?? -Infinity) >= MOMENT_MS;

/**
 * Calls `run` for each press of the button that is meant, unless it is aria-disabled.
 * @param {HTMLElement} button
 * @param {() => void} run
 * @param {{spends?: boolean, whenDisabled?: () => void}} [options]
 */
export function onPress(button, run, { spends = false, whenDisabled } = {}) {
    if (spends) {
        spending.set(button, { x: NaN, y: NaN });
        renew(button);
    }
    button.addEventListener('click', () => {
        const now = performance.now();
        const own = press && now - press.at < PRESS_MS_MAX ? press : undefined;
        const on = (/** @type {Press | undefined} */ one) =>
            one?.target instanceof Node && button.contains(one.target);
        const isOwn = on(own);
        const wasRan = ranAt.get(button) ?? -Infinity;
        const meant = isMeant({
            press: own, before, isOwn, isSame: on(before), now, spends,
            since: since.get(button) ?? -Infinity, ranAt: wasRan,
        });
        if (button.ariaDisabled === 'true') {
            if (now - wasRan >= MOMENT_MS) whenDisabled?.();
            return;
        }
        if (!meant) return;
        ranAt.set(button, now);
        run();
    });
}

/** Where there is a page. */
function begins() {
    addEventListener('pointerdown', (event) => {
        watch();
        begin({ at: performance.now(), x: event.clientX, y: event.clientY, target: event.target });
    }, { capture: true });
    // The finger scrolls.
    addEventListener('pointercancel', () => {
        press = before;
    }, { capture: true });
    addEventListener('keydown', (event) => {
        if (!['Enter', ' '].includes(event.key)) {
            before = press = undefined;
        } else if (event.repeat) {
            const { target } = event;
            if (target instanceof Element && target.closest('button')) event.preventDefault();
        } else {
            watch();
            begin({ at: performance.now(), x: NaN, y: NaN, target: event.target });
        }
    }, { capture: true });
    setInterval(watch, 100);
}

if (typeof document !== 'undefined') begins();
