-- Viewers of the page: each asks for the state of the sale and a page of items, and comes again in about
-- a second.
local paths = {"/sale/status", "/items?page_num=1&page_size=48"}
local count = 0

function request()
    count = count + 1
    return "GET " .. paths[count % 2 + 1] .. " HTTP/1.1\r\nHost: localhost\r\n\r\n"
end

function delay()
    return 900 + math.random(200)
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("RESULT %d %d %d\n", summary.requests, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end
