-- By HTTP/1.1 a request has a body only if it says how long it is (RFC 9112, section 6.3), yet lighttpd refuses a
-- POST that says nothing (411), and many clients send such. The refusal comes here (server.error-handler) and is
-- answered as the request that it was. Whatever else lighttpd could not read stays refused.
--
-- By HTTP/2 one cannot tell: lighttpd before 1.4.78 refuses a POST without a length whether or not a body
-- follows, and no longer knows here. So it stays refused, for a body that is not read must not be obeyed.

local r = lighty.r
if r.req_attr["request.uri"] ~= "/-/again" then
    return 0
end
local status = tonumber(r.req_env["REDIRECT_STATUS"]) or 404
local asked = r.req_attr["request.orig-uri"]
local version = r.req_attr["request.protocol"] or ""
if status ~= 411 or not version:find("^HTTP/1%.") or not asked or asked == "/-/again" then
    return status
end
r.req_env["REDIRECT_REQUEST_METHOD"] = "POST" -- lighttpd goes on as if it were GET
r.req_attr["request.uri"] = asked
return lighty.RESTART_REQUEST
