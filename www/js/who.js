/** The dialog that asks for the user's name. */

import { element } from './page.js';

const dialog = /** @type {HTMLDialogElement} */ (element('who'));
const form = /** @type {HTMLFormElement} */ (element('who-form'));
const field = /** @type {HTMLInputElement} */ (element('who-name'));
const wrong = element('who-wrong');

/** The longest name that the service accepts, in bytes of UTF-8. */
const NAME_BYTES_MAX = 128;

/**
 * What is wrong with a name; '' if nothing is.
 * @param {string} name
 */
export function faultOf(name) {
    if (name === '') return 'Please give a name.';
    if (/\p{Cc}/u.test(name)) return 'Please leave out control characters.';
    const bytes = new TextEncoder().encode(name).length;
    return bytes > NAME_BYTES_MAX ? 'Please give a shorter name.' : '';
}

/**
 * @param {string} current the present name
 * @returns {Promise<string | null>} null: the user cancelled
 */
export function askWho(current) {
    /** @type {string | null} */
    let answer = null;
    field.value = current;
    wrong.textContent = '';

    /** @param {SubmitEvent} event */
    function submit(event) {
        event.preventDefault();
        const name = field.value.trim();
        wrong.textContent = faultOf(name);
        if (wrong.textContent) {
            field.focus();
            return;
        }
        answer = name;
        dialog.close();
    }

    const cancel = () => dialog.close();
    element('who-cancel').addEventListener('click', cancel);
    form.addEventListener('submit', submit);
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.addEventListener('close', () => {
            element('who-cancel').removeEventListener('click', cancel);
            form.removeEventListener('submit', submit);
            resolve(answer);
        }, { once: true });
    });
}
