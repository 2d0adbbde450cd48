-- Gives what lighttpd refuses by itself the form of a worker's refusal (fcgi/outcome.c has the words).
-- Runs before each reply is sent (mod_magnet); a worker's reply has X-Request-Id and passes as it is, but for
-- what it says to nginx alone.

local problems = {
    [400] = { "bad_request", "Bad request", "The request is not HTTP." },
    [401] = { "unauthorized", "Unauthorized", "Log in first.", "about:blank" },
    [404] = { "not_found", "Not found", "There is nothing at this path." },
    [405] = { "method_not_allowed", "Method not allowed", "This path takes the methods that Allow names." },
    [411] = { "bad_request", "Length required", "A POST needs a Content-Length; 0 where it has no body." },
    [413] = { "body_too_large", "Body too large", "The body is longer than 64 KB." },
    [429] = { "too_many_requests", "Too many requests", "You ask too often. Wait a moment, then ask again." },
    [431] = { "bad_request", "Header too long", "Request line and headers are longer than 8 KB." },
    [503] = { "unavailable", "Service unavailable", "No worker could answer. Asking again is safe." },
}

-- No path takes the method; a path that is denied is as good as none; a worker that fails is none.
local becomes = { [501] = 405, [403] = 404, [500] = 503, [502] = 503, [504] = 503 }

local r = lighty.r
local headers = r.resp_header
if headers["X-Request-Id"] then
    headers["X-Accel-Expires"] = ""
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
if method ~= "GET" and method ~= "HEAD" and (r.req_attr["uri.path"] or ""):sub(1, 5) == "/www/" then
    status = 405
end
if status == 411 and r.req_env["REDIRECT_REQUEST_METHOD"] then
    -- Led around 411 by again.lua and then not answered by a worker: lighttpd remembers the first status only.
    status = tonumber(r.req_env["FLASHSALE_REFUSED"]) or 503
end
status = becomes[status] or status
if status < 400 then
    return 0
end
local problem = problems[status] or problems[400]
headers["Content-Type"] = "application/problem+json"
headers["Cache-Control"] = "no-store"
if status == 503 or status == 429 then
    headers["Retry-After"] = "1"
elseif status == 405 then
    headers["Allow"] = "GET, HEAD"
end
lighty.content = { ('{"type":"%s","title":"%s","status":%d,"detail":"%s","outcome":"%s","success":false,'
    .. '"error":"%s","message":"%s"}'):format(problem[4] or "/problems/" .. problem[1], problem[2], status,
    problem[3], problem[1], problem[1], problem[3]) }
return status
