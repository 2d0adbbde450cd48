-- Viewers of the storefront: each requests the sale's status and a page of items, about once a second.
require("client")
local paths = {"/sale/status", "/items?page_num=1&page_size=48"}
local count = 0

function request()
    count = count + 1
    return "GET " .. paths[count % 2 + 1] .. " HTTP/1.1\r\nHost: localhost\r\n\r\n"
end

function delay()
    return 900 + math.random(200)
end
