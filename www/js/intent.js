/**
 * Decides whether a press is meant for the button that it meets. A page changes under the finger: the second tap
 * of a double tap meets what the first one brought; a row that disappears moves the next row's button to its
 * place. So:
 *
 * - a key that is held down presses once;
 * - a second press of the same button within a moment is ignored;
 * - so is a press at the place of another press a moment before, if it meets something else;
 * - a button that spends money needs a press of its own: the press begins on the button, at least a moment after
 *   the button came to its place, and nothing was pressed at that place during that moment.
 *
 * @typedef {object} Press
 * @property {number} at ms, by performance.now()
 * @property {number} x NaN: a key
 * @property {number} y
 * @property {EventTarget | null} target
 *
 * @typedef {object} Circumstances
 * @property {Press | undefined} press undefined: a click without one, as assistive technology makes
 * @property {Press | undefined} before the press before it
 * @property {boolean} isOwn whether the press began on the button
 * @property {boolean} isSame whether the press before began on it
 * @property {number} now ms
 * @property {number} since when the button came to its place, or its action changed
 * @property {number} ranAt when its action last ran
 * @property {boolean} spends
 */

/** How long a moment is. Double taps are within half a second. */
export const MOMENT_MS = 700;
/** How long a user needs to see that a button now belongs to something else. */
const SWAP_MS = 350;
/** Presses within this distance are at one place, in CSS pixels. */
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
/** A click does not belong to a press that is older than this. */
const PRESS_MS_MAX = 1500;

function begin(/** @type {Press} */ one) {
    before = press;
    press = one;
}

/** @type {WeakMap<Element, number>} when a button came to its place */
const since = new WeakMap();
/** @type {WeakMap<Element, number>} when a button's action last ran */
const ranAt = new WeakMap();
/** @type {Map<HTMLElement, {x: number, y: number}>} buttons that spend, with their last known positions */
const spending = new Map();

/** Call it when a button's action and label have changed. */
export function renew(/** @type {Element} */ button) {
    since.set(button, performance.now());
}

/** Disarms the buttons that spend and have moved. */
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

/** Watches presses; only where there is a page. */
function begins() {
    addEventListener('pointerdown', (event) => {
        watch();
        begin({ at: performance.now(), x: event.clientX, y: event.clientY, target: event.target });
    }, { capture: true });
    // The touch became a scroll.
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
