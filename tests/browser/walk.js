/** Runs one walk: node walk.js NAME. */

import { openBrowser } from './browser.js';
import { walks } from './walks.js';

const walk = walks[process.argv[2]];
if (!walk) {
    console.error(`usage: node walk.js ${Object.keys(walks).join('|')}`);
    process.exit(2);
}
const browser = await openBrowser();
try {
    await walk(browser);
} finally {
    await browser.close();
}
