-- Gives lighttpd's own refusals the form of a worker's refusal (fcgi/http/problem.c has the words).
-- Runs before each reply is sent (mod_magnet). A worker's reply has X-Request-Id and passes unchanged, without
-- the header for nginx (X-Accel-Expires).

-- Refusals that no worker makes are about:blank (RFC 9457, section 4.2.1).
local blank = "about:blank"
local problems = {
    [400] = { "bad_request", "Bad request", "The request is not HTTP." },
    [401] = { "unauthorized", "Unauthorized", "Log in first.", blank },
    [404] = { "not_found", "Not found", "There is nothing at this path." },
    [405] = { "method_not_allowed", "Method not allowed", "This path takes the methods that Allow names." },
    [408] = { "request_timeout", "Request Timeout", "The request did not come whole in time.", blank },
    [411] = { "bad_request", "Length required", "The request needs a Content-Length; 0 where it has no body." },
    [412] = { "precondition_failed", "Precondition Failed",
        "What is here is not what the request takes for granted.", blank },
    [413] = { "body_too_large", "Body too large", "The body is longer than 64 KB." },
    [414] = { "uri_too_long", "Address too long", "The request line is longer than 8 KB." },
    [416] = { "range_not_satisfiable", "Range Not Satisfiable", "There are not so many bytes.", blank },
    [417] = { "expectation_failed", "Expectation Failed", "100-continue is all that can be expected.", blank },
    [421] = { "misdirected", "Misdirected Request", "Another host is asked for than the connection is for.", blank },
    [429] = { "too_many_requests", "Too many requests", "You ask too often. Wait a moment, then ask again." },
    [431] = { "bad_request", "Header too long", "Request line and headers are longer than 8 KB." },
    [501] = { "not_implemented", "Not Implemented", "The request needs something that is not known here.", blank },
    [503] = { "unavailable", "Service unavailable", "No worker could answer. Asking again is safe." },
    [505] = { "version_not_supported", "HTTP Version Not Supported", "HTTP/1.0, 1.1 and 2 are spoken here.", blank },
}

-- A denied path and a folder's name become 404; a failing worker becomes 503.
local becomes = { [301] = 404, [403] = 404, [500] = 503, [502] = 503, [504] = 503 }

local r = lighty.r
local headers = r.resp_header
local path = r.req_attr["uri.path"] or ""
if (r.req_attr["request.uri"] or ""):find("^/%f[?%z]") then -- uri.path is empty after a worker
    headers["Vary"] = "Accept, Accept-Encoding"
end
if headers["X-Request-Id"] then
    headers["X-Accel-Expires"] = ""
    -- Replies that may be kept are compressed for clients that accept it (deflate).
    if not headers["Vary"] and (headers["Cache-Control"] or ""):find("max-age", 1, true) then
        headers["Vary"] = "Accept-Encoding"
    end
    return 0
end

local id = r.req_header["X-Request-Id"]
if not id or #id > 64 or not id:find("^[A-Za-z0-9._-]+$") then
    id = ("%08x%08x%08x"):format(math.random(0, 0xffffffff), math.random(0, 0xffffffff),
        math.random(0, 0xffffffff))
end
headers["X-Request-Id"] = id

local status = r.req_item.http_status
local method = r.req_attr["request.method"]
if method ~= "GET" and method ~= "HEAD" and path:sub(1, 5) == "/www/" then
    status = 405
end
if status == 411 and r.req_env["REDIRECT_REQUEST_METHOD"] then
    -- again.lua restarted the request, and no worker answered it: lighttpd remembers only the first status.
    status = tonumber(r.req_env["FLASHSALE_REFUSED"]) or 503
end
status = becomes[status] or status
if status < 400 then
    if path:sub(1, 5) == "/www/" then
        -- Browsers may keep it but must revalidate it (ETag, 304), so a new version is seen at once.
        headers["Cache-Control"] = "no-cache"
        headers["Vary"] = "Accept, Accept-Encoding"
    else
        headers["Cache-Control"] = "no-store"
    end
    return 0
end
-- A status that is not in the table becomes the general one of its class (RFC 9110, section 15).
if not problems[status] then
    status = status < 500 and 400 or 503
end
local problem = problems[status]
if status == 401 and (not headers["WWW-Authenticate"]
    or r.req_header["Sec-Fetch-Dest"] == "empty" and not r.req_header["Authorization"]) then
    -- On a Basic challenge to a script's request a browser asks its user for the password, and the script waits until the
    -- user has answered. Browsers ignore this challenge; the script then goes to /login. A 401 always has a challenge
    -- (RFC 9110, section 15.5.2).
    headers["WWW-Authenticate"] = 'Login realm="flashsale", uri="/login"'
end
headers["Location"] = ""
headers["Content-Type"] = "application/problem+json"
headers["Cache-Control"] = "no-store"
if status == 503 or status == 429 then
    headers["Retry-After"] = "1"
elseif status == 405 then
    headers["Allow"] = (path == "/checkout" or path == "/purchase") and "POST" or "GET, HEAD"
end
lighty.content = { ('{"type":"%s","title":"%s","status":%d,"detail":"%s","outcome":"%s","success":false,'
    .. '"error":"%s","message":"%s"}'):format(problem[4] or "/problems/" .. problem[1], problem[2], status,
    problem[3], problem[1], problem[1], problem[3]) }
return status
