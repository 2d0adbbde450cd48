#!/usr/bin/env python3
"""How a shop's server makes the cookie that nginx or lighttpd checks (docs/IDENTITY.md):

    shop_cookie.py KEYS_FILE USER SECONDS    prints the value of Set-Cookie, for a user who just logged in
    shop_cookie.py KEYS_FILE                 the one that logs out
"""

import base64
import hmac
import json
import sys
import time

NAME = "__Host-flashsale-user"
ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"


def set_cookie(keys, user, seconds):
    """keys: of the file, the newest first. user: what the sale knows the person by, always the same for one person."""
    name = user.encode()
    if not 1 <= len(name) <= 128 or any(byte < 32 or byte == 127 for byte in name):
        raise ValueError("a user's name is 1 to 128 bytes, without control characters")
    encoded = base64.urlsafe_b64encode(name).decode().rstrip("=")
    text = f"{NAME}={encoded}.{int(time.time()) + seconds}"
    mac = hmac.new(keys[0].encode(), text.encode(), "sha256").hexdigest()
    return f"{text}.{mac}; Max-Age={seconds}; {ATTRIBUTES}"


def remove_cookie():
    return f"{NAME}=; Max-Age=0; {ATTRIBUTES}"


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        all_keys = json.load(file)
    print(set_cookie(all_keys, sys.argv[2], int(sys.argv[3])) if len(sys.argv) > 2 else remove_cookie())
