-- A limit on the requests of an address. It is far above a person's needs, and far below the workers' capacity. Requests
-- beyond it are refused with 429 and Retry-After (refusal.lua), and are not in the log of attempts: the workers never see
-- them. (The workers limit the requests of a user: http.user_rate.) lighttpd notices a change of this file by itself.
--
-- Runs before each request is handled (mod_magnet), within lighttpd's one process.

-- rate: sustained requests a second; burst: how many may come at once in addition.
local of_address = { rate = 500, burst = 1000 }

-- Addresses without a limit: a shop's own servers, which ask for all their users. Behind a balancer every
-- request has the balancer's address, unless mod_extforward sets the client's.
local is_exempt = {
    -- ["192.0.2.10"] = true,
}

-- An IPv4 address itself; of an IPv6 address the network of 64 bits, as providers give it to one customer.
local function network_of(address)
    if not address:find(":", 1, true) then
        return address
    end
    local groups, left, right = {}, address:match("^(.-)::(.*)$")
    for group in (left or address):gmatch("%x+") do
        groups[#groups + 1] = group
    end
    local _, right_count = (right or ""):gsub("[%x.]+", "")
    for _ = 1, left and 8 - #groups - right_count or 0 do
        groups[#groups + 1] = "0"
    end
    for group in (right or ""):gmatch("%x+") do
        groups[#groups + 1] = group
    end
    return table.concat(groups, ":", 1, 4)
end

-- For each address the time until which its requests are "paid" (a leaky bucket), in two tables: each request
-- adds 1 / rate seconds to the time, which may be burst / rate seconds ahead. An entry without requests for that long is
-- dropped with the older table. The tables live as long as lighttpd's Lua state, until the numbers change.
local numbers = of_address.rate .. " " .. of_address.burst
local kept = package.loaded["flashsale.limits"]
if not kept or kept.numbers ~= numbers then
    kept = { recent = {}, former = {}, changed_at = 0, numbers = numbers }
    package.loaded["flashsale.limits"] = kept
end

local function is_too_often(network, now)
    local due = kept.recent[network] or kept.former[network] or now
    if due < now then
        due = now
    end
    if due - now > of_address.burst / of_address.rate then
        return true
    end
    kept.recent[network] = due + 1 / of_address.rate
    return false
end

local function now_s()
    local seconds, nanoseconds = lighty.c.hrtime()
    return seconds + nanoseconds / 1e9
end

local r = lighty.r
local now = now_s()
if now - kept.changed_at > of_address.burst / of_address.rate then
    kept.former, kept.recent, kept.changed_at = kept.recent, {}, now
end

local address = r.req_attr["request.remote-addr"]
if not is_exempt[address] and is_too_often(network_of(address), now) then
    r.req_env["FLASHSALE_REFUSED"] = "429" -- for refusal.lua
    return 429
end
return 0
