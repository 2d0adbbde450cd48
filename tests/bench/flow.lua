-- Checkout, then purchase: each code that comes back is traded in by one of the next requests, so
-- the two alternate. Any item; or by number, each once, where ITEMS="FIRST COUNT" says which. A user
-- each; or as many as USERS says. DELAY_MS: how long a connection waits between requests, on average.
local first_number, items = string.match(os.getenv("ITEMS") or "", "^(%d+) (%d+)$")
local run = os.getenv("RUN_NAME") or "run"
local users_max = tonumber(os.getenv("USERS") or "0")
local delay_ms = tonumber(os.getenv("DELAY_MS") or "0")

local threads = 0
function setup(thread)
    thread:set("thread_number", threads)
    local share = math.floor((items or 0) / 2)
    thread:set("own_number", first_number and first_number + threads * share or 0)
    thread:set("last_number", first_number and first_number + (threads + 1) * share - 1 or 0)
    threads = threads + 1
end

local codes, first, last, users, number = {}, 1, 0, 0, nil
local ending = " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"

function request()
    if first <= last then
        local code = codes[first]
        codes[first] = nil
        first = first + 1
        return "POST /purchase?code=" .. code .. ending
    end
    users = users + 1
    local name = users_max > 0 and users % (users_max / 2) or users
    local user = "POST /checkout?user_id=" .. run .. "-" .. thread_number .. "-" .. name
    if own_number > 0 then
        number = number or own_number
        user = user .. "&id=" .. number
        -- Around again at the end: wrk has called this once before it sends anything.
        number = number < last_number and number + 1 or own_number
    end
    return user .. ending
end

function response(status, headers, body)
    local code = string.match(body, '"code":"([^"]+)"')
    if code then
        last = last + 1
        codes[last] = code
    end
end

if delay_ms > 0 then
    -- As requests of many come: the times between them are exponentially distributed.
    function delay()
        return math.floor(-math.log(1 - math.random()) * delay_ms + 0.5)
    end
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("RESULT %d %d %d %d %d %d %d\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99), latency:percentile(99.9), errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end
