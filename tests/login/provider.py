#!/usr/bin/env python3
"""An OpenID Connect provider for tests, as strict as a real one (OpenID Connect Core; RFC 6749, RFC 7636), over TLS:

    provider.py --address HOST:PORT --certificate FILE --key FILE --users FILE --secret FILE --redirect-url URL

It has one client, flashsale. --users: a JSON object of the users' claims by name, read at each log-in. The claim "key":
"other" signs with a key that is not published; a claim of null is left out.
"""

import argparse
import base64
import hashlib
import html
import http.server
import json
import pathlib
import secrets
import ssl
import subprocess
import tempfile
import time
import urllib.parse

CODE_S = 60
TOKEN_S = 300
FORM = """<!DOCTYPE html><html lang="en"><title>Log in</title><form method="post" action="{}">
<label>Name <input name="user"></label> <button>Log in</button></form></html>"""


def encoded(data):
    if isinstance(data, dict):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class SigningKey:
    """An RSA key, by openssl(1)."""

    def __init__(self, folder, name):
        self.name, self.file = name, pathlib.Path(folder, name)
        self.openssl("genrsa", "-out", self.file, "2048")
        line = self.openssl("rsa", "-in", self.file, "-noout", "-modulus").decode()
        self.modulus = bytes.fromhex(line.strip().partition("=")[2])

    @staticmethod
    def openssl(*arguments, data=None):
        return subprocess.run(["openssl", *arguments], input=data, check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout

    def public(self):
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1", "n": encoded(self.modulus), "e": "AQAB"}

    def token(self, claims):
        signed = f'{encoded({"alg": "RS256", "kid": "1"})}.{encoded(claims)}'
        return f'{signed}.{encoded(self.openssl("dgst", "-sha256", "-sign", self.file, data=signed.encode()))}'


class Refusal(Exception):
    pass


def need(is_so, reason):
    if not is_so:
        raise Refusal(reason)


class Provider:
    def __init__(self, options, folder):
        self.issuer = f"https://{options.address}"
        self.users, self.redirect_url = options.users, options.redirect_url
        self.secret = pathlib.Path(options.secret).read_text(encoding="ascii")
        self.keys = {name: SigningKey(folder, name) for name in ("published", "other")}
        self.granted = {}

    def configuration(self):
        return {"issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/jwks",
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"], "scopes_supported": ["openid"],
                "code_challenge_methods_supported": ["S256"]}

    def check(self, asked):
        need(asked.get("client_id") == "flashsale", "unknown client")
        need(asked.get("redirect_uri") == self.redirect_url, "another redirect_uri than the registered one")
        need(asked.get("response_type") == "code", "response_type")
        need("openid" in asked.get("scope", "").split(), "scope")
        need(asked.get("state") and asked.get("nonce"), "state and nonce are missing")
        need(asked.get("code_challenge") and asked.get("code_challenge_method") == "S256", "no challenge")

    def grant(self, asked, user):
        """Where the browser goes after the log-in."""
        self.check(asked)
        claims = json.loads(pathlib.Path(self.users).read_text(encoding="utf-8")).get(user)
        need(claims, "there is no such user")
        code = secrets.token_urlsafe(24)
        self.granted[code] = asked, claims, time.time() + CODE_S
        return f"{self.redirect_url}?{urllib.parse.urlencode({'code': code, 'state': asked['state']})}"

    def redeem(self, given):
        need(given.get("grant_type") == "authorization_code", "grant_type")
        need(given.get("client_id") == "flashsale" and given.get("client_secret") == self.secret, "wrong secret")
        need(given.get("redirect_uri") == self.redirect_url, "redirect_uri")
        asked, claims, until = self.granted.pop(given.get("code"), ({}, {}, 0))
        need(time.time() < until, "the code is unknown, used or too old")
        challenge = encoded(hashlib.sha256(given.get("code_verifier", "").encode()).digest())
        need(challenge == asked["code_challenge"], "code_verifier")
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": "flashsale", "iat": now, "exp": now + TOKEN_S, "nonce": asked["nonce"],
                  **claims}
        key = self.keys[claims.pop("key", "published")]
        token = key.token({name: value for name, value in claims.items() if value is not None})
        return {"access_token": secrets.token_urlsafe(24), "token_type": "Bearer", "expires_in": TOKEN_S,
                "id_token": token}


class Handler(http.server.BaseHTTPRequestHandler):
    provider = None

    def reply(self, status, content, **headers):
        body = content if isinstance(content, str) else json.dumps(content)
        headers["Content-Type"] = "text/html; charset=utf-8" if isinstance(content, str) else "application/json"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def form(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        given = dict(urllib.parse.parse_qsl(body))
        scheme, _, basic = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            name, _, secret = base64.b64decode(basic).decode().partition(":")
            given["client_id"], given["client_secret"] = map(urllib.parse.unquote_plus, (name, secret))
        return given

    def answer(self):
        path, _, query = self.path.partition("?")
        asked = dict(urllib.parse.parse_qsl(query))
        request = f"{self.command} {path}"
        if request == "GET /.well-known/openid-configuration":
            self.reply(200, self.provider.configuration())
        elif request == "GET /jwks":
            self.reply(200, {"keys": [self.provider.keys["published"].public()]})
        elif request == "GET /authorize":
            self.provider.check(asked)
            self.reply(200, FORM.format(html.escape(self.path)))
        elif request == "POST /authorize":
            self.reply(303, "", Location=self.provider.grant(asked, self.form().get("user")))
        elif request == "POST /token":
            self.reply(200, self.provider.redeem(self.form()), Cache_Control="no-store")
        else:
            self.reply(404, {"error": "not_found"})

    def do_GET(self):
        try:
            self.answer()
        except Refusal as refusal:
            self.reply(400, {"error": "invalid_request", "error_description": str(refusal)})

    do_POST = do_GET


def main():
    parser = argparse.ArgumentParser()
    for name in ("address", "certificate", "key", "users", "secret", "redirect-url"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    host, _, port = options.address.rpartition(":")
    with tempfile.TemporaryDirectory() as folder:
        Handler.provider = Provider(options, folder)
        server = http.server.ThreadingHTTPServer((host, int(port)), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
