-- The storefront to whom HTML is worth more than JSON, JSON to everyone else: both are weighed by the range of
-- Accept that fits them best (RFC 9110, sections 12.4.2 and 12.5.1). Of equal weight it is HTML only if that is
-- named, as programs that take anything say */*. deploy/nginx/site.conf.in does the same.

local r = lighty.r
local method = r.req_attr["request.method"]
if r.req_attr["uri.path"] ~= "/" or method ~= "GET" and method ~= "HEAD" then
    return 0
end

-- The weight of each range that Accept names. One that is malformed counts as if it were not there.
local weights = {}
for range in (r.req_header["Accept"] or ""):gmatch("[^,]+") do
    local name, parameters = range:match("^%s*([^;%s]+)%s*(.*)$")
    if name then
        local weight = (";" .. parameters:lower()):match(";%s*q=([01]%.?%d*)%s*$")
        name = name:lower()
        weights[name] = weights[name] or tonumber(weight) or 1
    end
end

local any = weights["*/*"] or 0
local html = weights["text/html"] or weights["text/*"] or any
local json = weights["application/json"] or weights["application/*"] or any
if html > json or html == json and html > 0 and weights["text/html"] then
    r.req_attr["request.uri"] = "/www/index.html"
    return lighty.RESTART_REQUEST
end
return 0
