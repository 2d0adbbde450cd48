-- Checkouts by number, over and over: ITEMS="FIRST COUNT" says of which items. A user each.
local first_number, items = string.match(os.getenv("ITEMS") or "1 1", "^(%d+) (%d+)$")
first_number, items = tonumber(first_number), tonumber(items)
local run = os.getenv("RUN_NAME") or "run"

local threads = 0
function setup(thread)
    thread:set("thread_number", threads)
    threads = threads + 1
end

local users = 0
local ending = " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"

function request()
    users = users + 1
    return "POST /checkout?user_id=" .. run .. "-" .. thread_number .. "-" .. users .. "&id=" ..
        (first_number + math.random(items) - 1) .. ending
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("RESULT %d %d %d %d %d %d %d\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99), latency:percentile(99.9), errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end
