/** Outcomes, seen and heard. */

import { onPress, renew } from './intent.js';
import { element } from './page.js';

/** How long a notice stays; one that offers something to do stays until it is closed. */
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

/** For screen readers alone. A region is read when it changes, so the same words need a gap. */
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
 * For everybody; takes the last one's place.
 * @param {'good' | 'bad' | 'wait'} tone
 * @param {string} text
 * @param {{label: string, run: () => void}} [action]
 */
export function tell(tone, text, action) {
    clearTimeout(leaving);
    notice.dataset.tone = tone;
    noticeText.textContent = text;
    noticeAction.hidden = !action;
    noticeAction.textContent = action?.label ?? '';
    act = action?.run;
    // It may try a purchase again, and what it does is not what the last one did.
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
