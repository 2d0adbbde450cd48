-- Checkouts, a user each: of items by number, over and over, where ITEMS says which; else of any.
local client = require("client")
local first_number, items = client.items()
local users = 0

function request()
    users = users + 1
    return client.checkout(users, first_number and first_number + math.random(items) - 1)
end
