/** Walks through the storefront; each is a test of its own (tests/end-to-end/3*-storefront.bats). */

import { bounds } from './walks/bound.js';
import { buying } from './walks/buying.js';
import { ends } from './walks/ends.js';
import { hour } from './walks/hour.js';
import { intent } from './walks/intent.js';
import { login } from './walks/login.js';
import { measures } from './walks/measures.js';
import { people } from './walks/people.js';
import { performance } from './walks/performance.js';
import { trouble } from './walks/trouble.js';
import { turns } from './walks/turns.js';

export const walks = {
    ...bounds, ...buying, ...ends, ...hour, ...intent, ...login, ...measures, ...people, ...performance, ...trouble,
    ...turns,
};
