// The door opens: from nothing to the peak within a second. Each user checks any item out and
// purchases it. The sale must have about PEAK x (HOLD + 1 s) items left.
//
// PEAK (500): users a second. HOLD (10s): for how long.

import * as sale from './lib/sale.js';

const peak = sale.number('PEAK', 500);

export const options = sale.optionsFor({
    scenarios: {
        spike: sale.rampingRate([
            { target: peak, duration: '1s' },
            { target: peak, duration: sale.text('HOLD', '10s') },
            { target: 0, duration: '1s' },
        ]),
    },
    limits: { checkout: 500, purchase: 500 },
    checks: 0.99,
});

export { handleSummary } from './lib/sale.js';

export default function spike() {
    sale.buyOne(sale.newUser());
}
