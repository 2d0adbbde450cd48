/** Messages about outcomes, on the page and for screen readers. */

import { onPress, renew } from './intent.js';
import { element } from './page.js';

/** How long a notice stays. One with an action stays until it is closed. */
const GOOD_MS = 5000;
const BAD_MS = 9000;

const notice = element('notice');
const noticeText = element('notice-text');
const noticeAction = element('notice-action');
const spoken = element('spoken');

/** @type {ReturnType<typeof setTimeout> | undefined} */
let leaving;
/** @type {(() => void) | undefined} */
let act;

/** For screen readers only. They read a region when it changes, so it is empty for a moment before the same words. */
export function say(/** @type {string} */ text) {
    spoken.textContent = '';
    setTimeout(() => {
        spoken.textContent = text;
    }, 100);
}

export function dismiss() {
    clearTimeout(leaving);
    notice.hidden = true;
}

function leaveAfter(/** @type {number} */ ms) {
    clearTimeout(leaving);
    leaving = setTimeout(() => {
        if (notice.matches(':hover, :focus-within')) leaveAfter(ms);
        else dismiss();
    }, ms);
}

/**
 * Shows a notice in place of the last one, and has it read aloud.
 * @param {'good' | 'bad' | 'wait'} tone
 * @param {string} text
 * @param {{label: string, run: () => void}} [action]
 */
export function showNotice(tone, text, action) {
    clearTimeout(leaving);
    notice.dataset.tone = tone;
    noticeText.textContent = text;
    noticeAction.hidden = !action;
    noticeAction.textContent = action?.label ?? '';
    act = action?.run;
    // The action may be a purchase, and differs from that of the last notice.
    renew(noticeAction);
    notice.hidden = false;
    say(text);
    if (tone !== 'wait' && !action) leaveAfter(tone === 'good' ? GOOD_MS : BAD_MS);
}

onPress(noticeAction, () => {
    dismiss();
    act?.();
}, { spends: true });
element('notice-close').addEventListener('click', dismiss);
