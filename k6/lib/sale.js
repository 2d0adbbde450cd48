// Shared by all scenarios: the settings, the requests, the thresholds and the arrival of load.
// k6/README.md lists the settings, which come from the environment.

import { check, fail, sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter, Gauge } from 'k6/metrics';

import { about } from './report.js';

export { handleSummary } from './report.js';

// ---- settings ---------------------------------------------------------------------------------

// An empty value counts: it turns a path off. The report lists the settings, without the
// password that an address may have.
export function text(name, fallback) {
    const value = __ENV[name] === undefined ? String(fallback) : __ENV[name];
    about.settings[name] = value.replace(/\/\/[^/@]*@/, '//');
    return value;
}

export function number(name, fallback) {
    const value = Number(text(name, fallback));
    if (text(name, fallback) === '' || !Number.isFinite(value) || value < 0) {
        throw new Error(`${name} must be a number, not "${__ENV[name]}"`);
    }
    return value;
}

function choice(name, choices) {
    const value = text(name, choices[0]);
    if (!choices.includes(value)) {
        throw new Error(`${name} must be one of ${choices.join(', ')}, not "${value}"`);
    }
    return value;
}

const baseUrl = text('BASE_URL', 'http://localhost:8080').replace(/\/+$/, '');
const placeOfParameters = choice('PARAMETERS_IN', ['query', 'form', 'json']);
const parameter = {
    user: text('USER_PARAMETER', 'user_id'),
    item: text('ITEM_PARAMETER', 'id'),
    code: text('CODE_PARAMETER', 'code'),
};
const codeMembers = text('CODE_MEMBER', 'code,checkout_code').split(',');
const anyItem = text('ANY_ITEM', 'any');
const itemPrefix = text('ITEM_PREFIX', '');
const path = {
    checkout: text('CHECKOUT_PATH', '/checkout'),
    purchase: text('PURCHASE_PATH', '/purchase'),
    status: text('STATUS_PATH', '/status'),
    sale_status: text('SALE_STATUS_PATH', '/sale/status'),
    items: text('ITEMS_PATH', '/items'),
    health: text('HEALTH_PATH', '/health'),
};
export const member = {
    total: text('TOTAL_MEMBER', 'items_total'),
    sold: text('SOLD_MEMBER', 'items_sold'),
    succeeded: text('SUCCEEDED_MEMBER', 'successful_checkouts'),
    failed: text('FAILED_MEMBER', 'failed_checkouts'),
};
export const statusOf = {
    unavailable: number('UNAVAILABLE_STATUS', 412),
    limit: number('LIMIT_STATUS', 429),
    unknownCode: number('UNKNOWN_CODE_STATUS', 404),
    badRequest: number('BAD_REQUEST_STATUS', 400),
};
// Items that one user may buy.
export const purchaseLimit = number('PURCHASE_LIMIT', 10);

// ---- requests ---------------------------------------------------------------------------------

// Refusals are answers, so http_req_failed counts only other results: 5xx, no reply, an unexpected
// status.
const answers = http.expectedStatuses(200, ...Object.values(statusOf));
const requestTimeout = text('REQUEST_TIMEOUT', '10s');

// Answers by outcome. The summary has only metrics with samples.
const outcomes = [
    'accepted',
    'purchased',
    'held',
    'sold',
    'sold_out',
    'sale_closed',
    'user_limit',
    'hold_limit',
    'not_yet',
    'unknown_code',
    'unknown_item',
    'bad_request',
    'unavailable',
    'other',
    'no_reply',
];
const outcomeCounters = Object.fromEntries(
    outcomes.map((outcome) => [outcome, new Counter(`outcome_${outcome}`)])
);

function settingsOfRequest(name) {
    return { tags: { name }, timeout: requestTimeout, responseCallback: answers };
}

function encode(parameters) {
    return Object.entries(parameters)
        .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
        .join('&');
}

// Without a reply there is no body either: null.
function bodyOf(response) {
    try {
        return JSON.parse(response.body) || {};
    } catch {
        return {};
    }
}

function outcomeOf(response, body, success) {
    if (response.status === 0) {
        return 'no_reply';
    }
    if (response.status === 200) {
        return success;
    }
    if (outcomes.includes(body.outcome)) {
        return body.outcome;
    }
    return response.status === 503 ? 'unavailable' : 'other';
}

function post(name, parameters, success, tags) {
    const settings = settingsOfRequest(name);
    Object.assign(settings.tags, tags);
    const url = baseUrl + path[name];
    let response;
    if (placeOfParameters === 'query') {
        response = http.post(`${url}?${encode(parameters)}`, null, settings);
    } else if (placeOfParameters === 'form') {
        response = http.post(url, parameters, settings);
    } else {
        settings.headers = { 'Content-Type': 'application/json' };
        response = http.post(url, JSON.stringify(parameters), settings);
    }
    const body = bodyOf(response);
    const outcome = outcomeOf(response, body, success);
    outcomeCounters[outcome].add(1);
    return { status: response.status, text: response.body, body, outcome };
}

// Both return {status, outcome, body, text}; checkout also code and item, if the reply has them.
export function checkout(user, item = anyItem, tags = {}) {
    const parameters = { [parameter.item]: item };
    if (user !== '') {
        parameters[parameter.user] = user;
    }
    const reply = post('checkout', parameters, 'accepted', tags);
    const name = codeMembers.find((each) => reply.body[each]);
    reply.code = name && reply.body[name];
    reply.item = reply.body.item_id || (reply.body.item && reply.body.item.id);
    return reply;
}

export function purchase(code, tags = {}) {
    return post('purchase', { [parameter.code]: code }, 'purchased', tags);
}

export function itemNumbered(each) {
    return `${itemPrefix}${each}`;
}

// Reads one of the pages in "path"; null if its path is turned off.
export function read(name, tags = {}) {
    if (path[name] === '') {
        return null;
    }
    const settings = settingsOfRequest(name);
    Object.assign(settings.tags, tags);
    const response = http.get(baseUrl + path[name], settings);
    return { status: response.status, body: bodyOf(response) };
}

// How old a page may be: a second in the service, and another one in the web server's cache.
const pageAgeSeconds = number('PAGE_AGE_S', 2);

// Waits until earlier pages have expired, and reads until two readings agree about these members:
// reading an old page may only renew it.
function readSettled(name, members) {
    const readingsMax = 10;
    let last = '';
    sleep(pageAgeSeconds);
    for (let reading = 0; reading < readingsMax; reading++) {
        const page = read(name);
        const values = members.map((each) => page.body[each]);
        if (page.status !== 200 || !values.every(Number.isFinite)) {
            fail(`${path[name]} answered ${page.status} without the numbers ${members.join(', ')}`);
        }
        if (last === values.join()) {
            return values;
        }
        last = values.join();
        sleep(pageAgeSeconds / 2 + 0.1);
    }
    return fail(`${path[name]} still changes: somebody else uses the service`);
}

export function countSold() {
    const [total, sold] = readSettled('sale_status', [member.total, member.sold]);
    return { total, sold };
}

// The service's count of checkouts with any outcome.
export function countCheckouts() {
    const [succeeded, failed] = readSettled('status', [member.succeeded, member.failed]);
    return succeeded + failed;
}

export function hasPage(name) {
    return path[name] !== '';
}

// ---- one user ---------------------------------------------------------------------------------

// A name that is unique among all iterations of all runs.
export function newUser() {
    return `k6-${exec.scenario.startTime}-${exec.scenario.name}-${exec.scenario.iterationInTest}`;
}

// Checkout of any item, then its purchase. True if both were accepted.
export function buyOne(user, tags = {}) {
    const held = checkout(user, anyItem, tags);
    if (
        !check(held, {
            'checkout: 200 with a code': (reply) => reply.status === 200 && !!reply.code,
        })
    ) {
        return false;
    }
    const bought = purchase(held.code, tags);
    return check(bought, { 'purchase: 200': (reply) => reply.status === 200 });
}

// ---- arrival of load --------------------------------------------------------------------------

// Each user who waits for a reply needs a virtual user; with too few of them k6 drops arrivals, which
// fails the run.
function virtualUsers(rate) {
    const most = number('MAX_VUS', Math.max(50, rate * 2));
    return { preAllocatedVUs: Math.min(most, Math.max(20, Math.ceil(rate / 4))), maxVUs: most };
}

// The settings that all executors with an arrival rate share. Object.assign, not "...", because k6
// before 0.53 reads no spread objects.
function arrivals(executor, rate, settings, more) {
    return Object.assign({ executor, timeUnit: '1s' }, settings, virtualUsers(rate), more);
}

// A constant number of iterations begins each second, however slow the answers are.
export function constantRate(rate, duration, more = {}) {
    return arrivals('constant-arrival-rate', rate, { rate, duration }, more);
}

export function rampingRate(stages, more = {}) {
    const peak = Math.max(...stages.map((stage) => stage.target));
    return arrivals('ramping-arrival-rate', peak, { startRate: 0, stages }, more);
}

// ---- thresholds and options -------------------------------------------------------------------

// Thresholds of one kind of request: it was made, it was answered, and in time. MILLISECONDS is the
// 95th percentile's limit, which NAME_P95_MS in the environment overrides.
function thresholdsOf(name, milliseconds, failedShare) {
    const limit = number(`${name.toUpperCase()}_P95_MS`, milliseconds);
    return {
        [`http_reqs{name:${name}}`]: ['count>0'],
        [`http_req_failed{name:${name}}`]: [`rate<=${failedShare}`],
        [`http_req_duration{name:${name}}`]: [`p(95)<${limit}`],
    };
}

// optionsFor({scenarios, limits: {name: milliseconds}, thresholds, checks}): a page that is turned
// off has no threshold. "checks" is the share of checks that must hold.
export function optionsFor({ scenarios, limits, thresholds = {}, checks = 1 }) {
    const failedShare = number('FAILED_SHARE', 0.001);
    const all = {
        // There are none if setup failed.
        iterations: ['count>0'],
        checks: [`rate>=${number('CHECKS_SHARE', checks)}`],
        dropped_iterations: [`count<=${number('DROPPED_MAX', 0)}`],
    };
    for (const [name, milliseconds] of Object.entries(limits)) {
        if (hasPage(name)) {
            Object.assign(all, thresholdsOf(name, milliseconds, failedShare));
        }
    }
    [about.scenario] = Object.keys(scenarios);
    return {
        scenarios,
        thresholds: Object.assign(all, thresholds),
        summaryTrendStats: ['min', 'med', 'avg', 'p(95)', 'p(99)', 'p(99.9)', 'max'],
        // Addresses differ by user and code: a series for each would only fill memory.
        systemTags: [
            'name',
            'status',
            'method',
            'scenario',
            'group',
            'check',
            'error_code',
            'expected_response',
        ],
        insecureSkipTLSVerify: text('INSECURE', '0') === '1',
    };
}

export { Counter, Gauge };
