-- Checkout, then purchase: one of the next requests purchases with each code, so that the two alternate. Any item, or
-- the items in ITEMS by number, each once. A new user each, or USERS users. DELAY_MS: how long a connection waits
-- between requests, on average.
local client = require("client")
local first_number, items = client.items()
local users_max = tonumber(os.getenv("USERS") or "0")
local delay_ms = tonumber(os.getenv("DELAY_MS") or "0")

-- Each thread has its half of the items, and starts again after the last: wrk calls request() once before it sends
-- anything.
local number
local function next_number()
    if not first_number then
        return nil
    end
    local share = math.floor(items / 2)
    local own = first_number + thread_number * share
    number = number and number < own + share - 1 and number + 1 or own
    return number
end

local codes, first, last, users = {}, 1, 0, 0

function request()
    if first <= last then
        local code = codes[first]
        codes[first] = nil
        first = first + 1
        return client.post("/purchase?code=" .. code)
    end
    users = users + 1
    return client.checkout(users_max > 0 and users % (users_max / 2) or users, next_number())
end

function response(status, headers, body)
    local code = string.match(body, '"code":"([^"]+)"')
    if code then
        last = last + 1
        codes[last] = code
    end
end

if delay_ms > 0 then
    -- Exponentially distributed, like the times between requests of many users.
    function delay()
        return math.floor(-math.log(1 - math.random()) * delay_ms + 0.5)
    end
end
