// The user that the shop's cookie names, for login-cookie.conf. The cookie is
//
//     __Host-flashsale-user=USER.EXPIRY.MAC
//
// USER: the name's UTF-8 as base64url without padding (RFC 4648, section 5). EXPIRY: seconds since 1970. MAC: HMAC-SHA256
// (RFC 2104) of all before the last dot, the cookie's name included, as 64 hexadecimal digits. deploy/lighttpd/login-cookie.lua
// checks the same, deploy/login/shop_cookie.py makes it.

import crypto from 'crypto';

const NAME = '__Host-flashsale-user';
const NAME_BYTES_MAX = 128;
// Shorter keys are ignored, so that an empty one signs nothing.
const KEY_LENGTH_MIN = 32;

// Takes the same time wherever two texts of one length differ.
function isEqual(a, b) {
    let difference = 0;
    for (let i = 0; i < a.length; i++) {
        difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
    }
    return difference === 0;
}

// By any of the keys, of which the first is the newest.
function isSigned(text, mac) {
    let isBySome = false;
    for (let i = 0; i < flashsale_keys.length; i++) {
        const key = flashsale_keys[i];
        if (typeof key === 'string' && key.length >= KEY_LENGTH_MIN) {
            const own = crypto.createHmac('sha256', key).update(text).digest('hex');
            isBySome = isEqual(own, mac) || isBySome;
        }
    }
    return isBySome;
}

// '' if the bytes are not a name: UTF-8 in its one spelling as base64url, without control characters.
function nameOf(encoded) {
    const bytes = Buffer.from(encoded, 'base64url');
    const name = bytes.toString();
    const isText = Buffer.from(name).toString('base64url') === encoded;
    return isText && bytes.length <= NAME_BYTES_MAX && !/[\x00-\x1f\x7f]/.test(name) ? name : '';
}

// The user's name; '' if nobody is logged in. Two cookies of this name are none.
function user(r) {
    const cookies = (r.variables.http_cookie || '').split(/; */).filter((cookie) => cookie.startsWith(NAME + '='));
    const parts = cookies.length === 1 &&
        /^[^=]+=([A-Za-z0-9_-]{2,171})\.([0-9]{1,12})\.([0-9a-f]{64})$/.exec(cookies[0]);
    if (!parts || !isSigned(NAME + '=' + parts[1] + '.' + parts[2], parts[3])) {
        return '';
    }
    return Number(parts[2]) * 1000 > Date.now() ? nameOf(parts[1]) : '';
}

export default { user };
