-- lighttpd refuses a POST without Content-Length by itself (411), though HTTP allows it where there is no body
-- (RFC 9112, section 6.3) and many clients send it. The refusal comes here (server.error-handler) and is
-- answered as the request that it was. Whatever else lighttpd could not read stays refused.

local r = lighty.r
if r.req_attr["request.uri"] ~= "/-/again" then
    return 0
end
local status = tonumber(r.req_env["REDIRECT_STATUS"]) or 404
local asked = r.req_attr["request.orig-uri"]
if status ~= 411 or not asked or asked == "/-/again" then
    return status
end
r.req_env["REDIRECT_REQUEST_METHOD"] = "POST" -- lighttpd goes on as if it were GET
r.req_attr["request.uri"] = asked
return lighty.RESTART_REQUEST
