/** Outcomes, seen and heard. */

import { element } from './page.js';

/** How long a notice stays; one that offers something to do stays until it is closed. */
const NOTICE_MS = 12000;

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

function leaveLater() {
    clearTimeout(leaving);
    leaving = setTimeout(() => {
        if (notice.matches(':hover, :focus-within')) leaveLater();
        else dismiss();
    }, NOTICE_MS);
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
    notice.hidden = false;
    say(text);
    if (tone !== 'wait' && !action) leaveLater();
}

noticeAction.addEventListener('click', () => {
    dismiss();
    act?.();
});
element('notice-close').addEventListener('click', dismiss);
