-- /users/{name}/purchases, where lighttpd decodes a name with dots and slashes (..%2Fwww%2Fx) to another path, which may
-- need no log-in or be a file. The worker reads the path as it was sent
-- (REQUEST_URI), so lighttpd handles it as /users/-/purchases. deploy/nginx/site.conf.in does the same.

local r = lighty.r
local asked = r.req_attr["request.uri"] or ""
if not asked:find("^/+users/+[^/?#]+/+purchases%f[?#%z]") or (r.req_attr["uri.path"] or ""):find("^/users/") then
    return 0
end
r.req_attr["request.uri"] = "/users/-/purchases" .. (asked:match("%?.*$") or "")
return lighty.RESTART_REQUEST
