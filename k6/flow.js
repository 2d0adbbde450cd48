// New users arrive at a constant rate; each checks any item out and purchases it, and all must
// succeed. The sale must have RATE x DURATION items left.
//
// RATE (100): users a second, two requests each. DURATION (30s).

import * as sale from './lib/sale.js';

export const options = sale.optionsFor({
    scenarios: { flow: sale.constantRate(sale.number('RATE', 100), sale.text('DURATION', '30s')) },
    limits: { checkout: 50, purchase: 100 },
    checks: 0.999,
});

export { handleSummary } from './lib/sale.js';

export default function flow() {
    sale.buyOne(sale.newUser());
}
