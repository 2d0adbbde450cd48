-- Checkouts by a new user each: of the items in ITEMS by number, again and again, or else of any item.
local client = require("client")
local first_number, items = client.items()
local users = 0

function request()
    users = users + 1
    return client.checkout(users, first_number and first_number + math.random(items) - 1)
end
