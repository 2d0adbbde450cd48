-- Tells the worker the user that the shop's cookie names, and refuses requests that need a user and have none with 401
-- (refusal.lua). For login-cookie.conf. The cookie is
--
--     __Host-flashsale-user=USER.EXPIRY.MAC
--
-- USER: the name's UTF-8 as base64url without padding (RFC 4648, section 5). EXPIRY: seconds since 1970. MAC: HMAC-SHA256
-- (RFC 2104) of all before the last dot, the cookie's name included, as 64 hexadecimal digits.
-- deploy/nginx/login-cookie.js checks the same, deploy/login/shop_cookie.py makes it.

-- A JSON array of one key, or of several while they are changed: the first is the newest. lighttpd's user must be able
-- to read it. A change takes effect within two seconds.
local keys_file = "/etc/flashsale/login-keys.json"

local name = "__Host-flashsale-user"
local name_bytes_max = 128
-- Shorter keys are ignored, so that an empty one signs nothing.
local key_length_min = 32

-- The keys, read again when the file is another one. Without the file there are none, and nobody is logged in.
local function keys_of(path)
    local found = lighty.c.stat(path)
    local kept = package.loaded["flashsale.login_keys"]
    local state = found and table.concat({ found.st_ino, found.st_mtime, found.st_size }, " ")
    if kept and kept.state == state then
        return kept
    end
    kept = { state = state }
    local file = found and io.open(path)
    if file then
        for key in file:read("a"):gmatch('"([^"\\]*)"') do
            if #key >= key_length_min then
                kept[#kept + 1] = key
            end
        end
        file:close()
    end
    package.loaded["flashsale.login_keys"] = kept
    return kept
end

-- By any of the keys.
local function is_signed(text, mac)
    local is_by_some = false
    for _, key in ipairs(keys_of(keys_file)) do
        is_by_some = lighty.c.digest_eq(lighty.c.hmac("sha256", key, text), mac) or is_by_some
    end
    return is_by_some
end

-- nil if the bytes are not a name: UTF-8 in its one spelling as base64url, without control characters.
local function name_of(encoded)
    local bytes = lighty.c.b64urldec(encoded)
    if bytes and lighty.c.b64urlenc(bytes):gsub("=+$", "") == encoded and #bytes <= name_bytes_max
        and utf8.len(bytes) and not bytes:find("%c") then
        return bytes
    end
    return nil
end

-- The user's name; nil if nobody is logged in. Two cookies of this name are none.
local function user_of(header)
    local found
    for cookie in (header or ""):gmatch("[^;]+") do
        cookie = cookie:match("^ *(.*)$")
        if cookie:sub(1, #name + 1) == name .. "=" then
            if found then
                return nil
            end
            found = cookie:sub(#name + 2)
        end
    end
    local user, expiry, mac = (found or ""):match("^([%w_-]+)%.(%d+)%.([0-9a-f]+)$")
    if not user or #user > 171 or #expiry > 12 or #mac ~= 64 or not is_signed(name .. "=" .. user .. "." .. expiry, mac)
        or tonumber(expiry) <= os.time() then
        return nil
    end
    return name_of(user)
end

local r = lighty.r
local path = r.req_attr["uri.path"] or ""
local user = user_of(r.req_header["Cookie"])
if user then
    r.req_env["REMOTE_USER"] = user
elseif path == "/checkout" or path == "/purchase" or path:find("^/users/") then
    r.req_env["FLASHSALE_REFUSED"] = "401" -- for refusal.lua
    return 401
end
return 0
