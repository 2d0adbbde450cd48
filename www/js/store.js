/**
 * What this browser remembers: the user's name, and for each sale what the user holds and bought. Other tabs see
 * it at once. Where storage is forbidden it lasts as long as the page.
 *
 * @typedef {object} Hold
 * @property {string} code
 * @property {string} item id
 * @property {string} name
 * @property {number} price
 * @property {string} image
 * @property {number} endsAt ms since 1970, by the server
 * @property {boolean} buying a purchase was sent and has no answer yet
 * @property {number} [sale] set by holds()
 * @property {string} [user] set by holds()
 *
 * @typedef {object} Purchase
 * @property {string} purchaseId
 * @property {string} item id
 * @property {string} name
 * @property {number} price
 * @property {string} image
 * @property {string} at RFC 3339
 *
 * @typedef {object} SaleRecord
 * @property {Hold[]} holds
 * @property {Purchase[]} bought
 * @property {number} count how many items the user has bought anywhere, as the service said
 */

const PREFIX = 'flashsale/';
const USER_KEY = `${PREFIX}user`;
/** How many sales are remembered: a day of hourly ones. */
const SALES_MAX = 24;

/** @returns {Storage | Map<string, string>} */
function openStorage() {
    try {
        localStorage.setItem(`${PREFIX}test`, '');
        localStorage.removeItem(`${PREFIX}test`);
        return localStorage;
    } catch {
        return new Map();
    }
}

const storage = openStorage();

const read = (/** @type {string} */ key) =>
    storage instanceof Map ? storage.get(key) ?? null : storage.getItem(key);

function write(/** @type {string} */ key, /** @type {string} */ value) {
    if (storage instanceof Map) {
        storage.set(key, value);
        return;
    }
    try {
        storage.setItem(key, value);
    } catch {
        // The storage is full: the page goes on with what it has in memory.
    }
}

const keys = () => storage instanceof Map ? [...storage.keys()] : Object.keys(storage);

const recordKey = (/** @type {number} */ sale, /** @type {string} */ user) =>
    `${PREFIX}sale/${sale}/${user}`;

/** @returns {SaleRecord} */
function emptyRecord() {
    return { holds: [], bought: [], count: 0 };
}

/**
 * A hold from the service's reply.
 * @param {string} code
 * @param {string} expiresAt RFC 3339
 * @param {{id: string, name: string, price: number, image: string}} item
 * @returns {Hold}
 */
export const newHold = (code, expiresAt, { id, name, price, image }) =>
    ({ code, item: id, name, price, image, endsAt: Date.parse(expiresAt), buying: false });

/**
 * Remembers a purchase, unless it is remembered already.
 * @param {SaleRecord} record
 * @param {number} purchaseId
 * @param {string} at RFC 3339
 * @param {{id: string, name: string, price: number, image: string}} item
 */
export function addPurchase(record, purchaseId, at, { id, name, price, image }) {
    if (!record.bought.some((purchase) => purchase.item === id))
        record.bought.push({ purchaseId: String(purchaseId), item: id, name, price, image, at });
}

/** @returns {SaleRecord} */
function parseRecord(/** @type {string | null} */ text) {
    try {
        const record = JSON.parse(text ?? '{}');
        return {
            holds: Array.isArray(record.holds) ? record.holds : [],
            bought: Array.isArray(record.bought) ? record.bought : [],
            count: Number(record.count) || 0,
        };
    } catch {
        return emptyRecord();
    }
}

/** @returns {string | null} */
export const user = () => read(USER_KEY);

/** @param {string} name */
export const setUser = (name) => write(USER_KEY, name);

/**
 * @param {number} sale
 * @param {string | null} name
 */
export const record = (sale, name) =>
    name === null ? emptyRecord() : parseRecord(read(recordKey(sale, name)));

/**
 * Changes what is remembered of a sale. Starts from what is stored now, since another tab may have written.
 * @param {number} sale
 * @param {string} name
 * @param {(record: SaleRecord) => void} change
 */
export function update(sale, name, change) {
    const changed = record(sale, name);
    change(changed);
    write(recordKey(sale, name), JSON.stringify(changed));
}

const saleOfKey = (/** @type {string} */ key) => Number(key.split('/')[2]);
const userOfKey = (/** @type {string} */ key) => key.split('/').slice(3).join('/');
const isOfSale = (/** @type {string} */ key) => key.startsWith(`${PREFIX}sale/`);

/** All holds in this browser, of all names and sales. @returns {Hold[]} */
export function holds() {
    return keys().filter(isOfSale).flatMap((key) => parseRecord(read(key)).holds.map((hold) =>
        ({ ...hold, sale: saleOfKey(key), user: userOfKey(key) })));
}

/**
 * The sales with something remembered for this user, newest first.
 * @param {string | null} name
 */
export function salesOf(name) {
    return keys()
        .filter((key) => name !== null && key === recordKey(saleOfKey(key), name))
        .map(saleOfKey)
        .sort((a, b) => b - a);
}

/** @param {number} sale the current one */
export function forgetBefore(sale) {
    if (storage instanceof Map) return;
    for (const key of keys())
        if (isOfSale(key) && saleOfKey(key) <= sale - SALES_MAX)
            storage.removeItem(key);
}

/** @param {() => void} listener called when another tab has changed something */
export function onChangeElsewhere(listener) {
    addEventListener('storage', (event) => {
        if (event.key === null || event.key.startsWith(PREFIX)) listener();
    });
}
