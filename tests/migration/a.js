// A's load script: many clients at once check out random items as random users. A taken item is no error; any other
// refusal is.
//
// UNAVAILABLE_STATUS (409): the status of a taken item in its script; its document says 412. VUS (50), SECONDS (5).

import { check } from 'k6';
import http from 'k6/http';
import { baseUrl, member, number, options as optionsOf, summary } from './lib.js';

const users = 2000;
const items = 10000;
const unavailable = number('UNAVAILABLE_STATUS', 409);

export const options = optionsOf({
    peak: {
        executor: 'ramping-vus',
        startVUs: 1,
        stages: [{ duration: `${number('SECONDS', 5)}s`, target: number('VUS', 50) }],
    },
});

export const handleSummary = summary('a');

function upTo(count) {
    return 1 + Math.floor(Math.random() * count);
}

export default function checkoutAnyone() {
    const reply = http.post(
        `${baseUrl}/checkout?user_id=${upTo(users)}&item_id=${upTo(items)}`,
        null,
        { redirects: 0, timeout: '5s', headers: { 'Accept-Encoding': 'gzip, deflate' } },
    );
    check(reply, { 'checkout: 200 or taken': () => [200, unavailable].includes(reply.status) });
    if (reply.status === 200) {
        check(reply, { 'checkout: has a code': () => !!member(reply, 'code') });
    }
}
