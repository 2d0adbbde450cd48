// C's load script: users come, stay and leave; each iteration checks out an item that nobody else asks for, purchases
// it a while later, and reads the status now and then.
//
// STAGE_S (2; C's script: 10): how long users come, and how long they leave; they stay three times as long. USERS (10).

import { check, sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { baseUrl, member, number, options as optionsOf, summary } from './lib.js';

const items = 500;
const iterationsOfUser = 100;
const users = number('USERS', 10);
const stageSeconds = number('STAGE_S', 2);

export const options = optionsOf({
    users: {
        executor: 'ramping-vus',
        startVUs: 1,
        stages: [
            { duration: `${stageSeconds}s`, target: users },
            { duration: `${stageSeconds * 3}s`, target: users },
            { duration: `${stageSeconds}s`, target: 0 },
        ],
    },
});

export const handleSummary = summary('c');

function rest(seconds) {
    sleep(Math.random() * seconds);
}

export default function buyOne() {
    const iteration = exec.vu.iterationInInstance;
    const index = (exec.vu.idInTest - 1) * iterationsOfUser + iteration;
    if (index >= items) {
        sleep(0.1);
        return;
    }
    const user = `user${exec.vu.idInTest}-${iteration}`;
    const held = http.post(`${baseUrl}/checkout?user_id=${user}&id=item${index + 1}`);
    check(held, {
        'checkout: status is 200': () => held.status === 200,
        'checkout: has reservation code': () => member(held, 'code') !== undefined,
    });
    rest(2);

    const bought = http.post(`${baseUrl}/purchase?code=${member(held, 'code')}`);
    check(bought, {
        'purchase: status is 200': () => bought.status === 200,
        'purchase: message is success': () => member(bought, 'message') === 'success',
    });
    rest(2);

    if (iteration % 5 === 0) {
        const page = http.get(`${baseUrl}/status`);
        check(page, {
            'status: status is 200': () => page.status === 200,
            'status: has sale_status field': () => member(page, 'sale_status') !== undefined,
        });
    }
    rest(1);
}
