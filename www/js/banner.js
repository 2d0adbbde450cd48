/** Says whether the service can be reached, by its last answers. */

import { element } from './page.js';

const BACK_MS = 5000;

const banner = element('banner');

/** @typedef {'fine' | 'busy' | 'offline' | 'stranger'} Connection */

/** @type {Record<Connection, string>} */
const words = {
    fine: '',
    busy: 'The shop is catching its breath. What you see may be a little old.',
    offline: 'You are offline, or the shop is. It goes on by itself when you are back.',
    stranger: 'Something else answers in the shop’s place: does your network want you to log in?',
};

/** @type {Connection} */
let connection = 'fine';

function set(/** @type {string} */ tone, /** @type {string} */ text) {
    banner.dataset.tone = tone;
    banner.textContent = text;
}

/** @param {Connection} now */
function change(now) {
    if (now === connection) return;
    const back = now === 'fine';
    connection = now;
    set(back ? 'good' : now, back ? 'Back online.' : words[now]);
    if (back) setTimeout(() => connection === 'fine' && set('', ''), BACK_MS);
}

/** @param {import('./api.js').Reply} reply */
export function showConnection(reply) {
    change(reply.isStranger && reply.status === 0 ? 'stranger'
        : reply.status === 0 ? 'offline'
        : reply.status >= 500 ? 'busy' : 'fine');
}

addEventListener('offline', () => change('offline'));

/** Sticky elements below the banner keep clear of it. */
new ResizeObserver(() => {
    document.documentElement.style.setProperty('--banner', `${banner.offsetHeight}px`);
}).observe(banner);
