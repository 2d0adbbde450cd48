-- In HTTP/1.1 a request without a length has no body (RFC 9112, section 6.3), yet lighttpd refuses such a POST (411),
-- and many clients send it. The refusal comes here (server.error-handler), and this script restarts the
-- original request. Other unreadable requests stay refused.
--
-- In HTTP/2 this is impossible: lighttpd before 1.4.78 refuses a POST without a length whether or not a body
-- follows, and no longer knows which here. So it stays refused, because the body would be ignored.

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
r.req_env["REDIRECT_REQUEST_METHOD"] = "POST" -- lighttpd would go on with GET
r.req_attr["request.uri"] = asked
return lighty.RESTART_REQUEST
