#!/usr/bin/env python3
"""A shop's own server for tests, with deploy/login/shop_cookie.py:

    shop.py PORT KEYS_FILE

GET /login has a form, POST /login logs in whom it names (422: nobody), GET /logout logs out. Then the browser goes to the sale.
"""

import http.server
import json
import pathlib
import sys
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "deploy/login"))
import shop_cookie  # noqa: E402

FORM = b"""<!DOCTYPE html><html lang="en"><title>Log in</title><form method="post"><label>Name
<input name="user"></label> <button>Log in</button></form></html>"""


class Handler(http.server.BaseHTTPRequestHandler):
    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/logout":
            self.reply(303, Location="/", Set_Cookie=shop_cookie.remove_cookie())
        else:
            self.reply(200, FORM, Content_Type="text/html; charset=utf-8")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        user = dict(urllib.parse.parse_qsl(body)).get("user")
        if not user:
            self.reply(422, FORM, Content_Type="text/html; charset=utf-8")
            return
        keys = json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
        self.reply(303, Location="/", Set_Cookie=shop_cookie.set_cookie(keys, user, 3600))


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
