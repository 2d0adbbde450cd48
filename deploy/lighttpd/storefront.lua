-- Clients that prefer HTML to JSON get the storefront, all others JSON. The weight of each is that of the most specific
-- range in Accept (RFC 9110, sections 12.4.2 and 12.5.1). With equal weights the reply is HTML only if Accept
-- names it, because programs that take anything send */*. deploy/nginx/site.conf.in does the same.

local r = lighty.r
local method = r.req_attr["request.method"]
if r.req_attr["uri.path"] ~= "/" or method ~= "GET" and method ~= "HEAD" then
    return 0
end

-- The weight of each range in Accept. A malformed range is ignored.
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
