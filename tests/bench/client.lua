-- Shared by the loads: users, checkouts, and the line of figures at the end. wrk finds this file by LUA_PATH.
local run = os.getenv("RUN_NAME") or "run"
local ending = " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"

local client = {}

function client.post(target)
    return "POST " .. target .. ending
end

-- name: the user's, unique in the thread; number: the item's, nil for any.
function client.checkout(name, number)
    local item = number and "&id=" .. number or ""
    return client.post("/checkout?user_id=" .. run .. "-" .. thread_number .. "-" .. name .. item)
end

-- The items of ITEMS="FIRST COUNT"; nil for any.
function client.items()
    local first, count = string.match(os.getenv("ITEMS") or "", "^(%d+) (%d+)$")
    return tonumber(first), tonumber(count)
end

local threads = 0
function setup(thread)
    thread:set("thread_number", threads)
    threads = threads + 1
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("RESULT %d %d %d %d %d %d %d\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99), latency:percentile(99.9), errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end

return client
