"""Keep-alive connections: HTTP/1.1 to the web server, with or without TLS; FastCGI to one worker.

Both send one request at a time and return a Reply. Any failure after the first byte was sent raises
Unknown: the request may have been decided or not.
"""

import asyncio
import json
import ssl
import struct
from dataclasses import dataclass
from urllib.parse import urlsplit


class Unknown(Exception):
    """No complete reply came: whether the request was decided is unknown."""


class NotSent(Exception):
    """There was no connection: the request was not sent."""


@dataclass
class Reply:
    status: int
    headers: dict
    body: bytes

    @property
    def members(self):
        """The body's JSON object; empty if the body is something else."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def outcome(self):
        return self.members.get("outcome", "")


def parse_head(head):
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return lines[0], headers


class Connection:
    """What all kinds share: opened when needed, a time limit, closed after any error."""

    def __init__(self, address, timeout_s, source=None):
        self.address = address
        self.timeout_s = timeout_s
        self.source = (source, 0) if source else None
        self.reader = self.writer = None

    async def open(self):
        if self.writer is None:
            try:
                self.reader, self.writer = await asyncio.wait_for(self.connect(), self.timeout_s)
            except (OSError, asyncio.TimeoutError) as error:
                raise NotSent(f"{self.address}: {error!r}") from error

    async def get(self, target):
        return await self.ask("GET", target)

    async def post(self, target):
        return await self.ask("POST", target)

    async def ask(self, method, target):
        await self.open()
        try:
            return await asyncio.wait_for(self.exchange(method, target), self.timeout_s)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
            self.close()
            raise Unknown(f"{self.address}: {error!r}") from error

    def close(self):
        if self.writer is not None:
            self.writer.close()
            self.reader = self.writer = None


class HttpConnection(Connection):
    async def connect(self):
        return await asyncio.open_connection(self.address.hostname, self.address.port,
                                             local_addr=self.source)

    async def exchange(self, method, target):
        self.writer.write(
            f"{method} {target} HTTP/1.1\r\nHost: {self.address.netloc}\r\n"
            "Content-Length: 0\r\n\r\n".encode()
        )
        first, headers = parse_head(await self.reader.readuntil(b"\r\n\r\n"))
        if "content-length" not in headers:
            raise ValueError("a reply without Content-Length")
        body = await self.reader.readexactly(int(headers["content-length"]))
        if headers.get("connection", "") == "close":
            self.close()
        return Reply(int(first.split()[1]), headers, body)


class HttpsConnection(HttpConnection):
    """Trusts the authorities in the file that SSL_CERT_FILE names, or the system's."""

    async def connect(self):
        return await asyncio.open_connection(self.address.hostname, self.address.port or 443,
                                             local_addr=self.source,
                                             ssl=ssl.create_default_context())


class FastcgiConnection(Connection):
    """As nginx asks a worker: one request at a time, with FCGI_KEEP_CONN (FastCGI 1.0)."""

    BEGIN, END, PARAMS, STDIN, STDOUT, STDERR = 1, 3, 4, 5, 6, 7
    RESPONDER, KEEP = 1, 1

    async def connect(self):
        return await asyncio.open_unix_connection(self.address.path)

    @staticmethod
    def record(kind, content=b""):
        return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content

    @staticmethod
    def pair(name, value):
        lengths = struct.pack("!II", len(name) | 1 << 31, len(value) | 1 << 31)
        return lengths + name.encode() + value.encode()

    async def exchange(self, method, target):
        path, _, query = target.partition("?")
        variables = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_LENGTH": "0",
        }
        self.writer.write(
            self.record(self.BEGIN, struct.pack("!HB5x", self.RESPONDER, self.KEEP))
            + self.record(self.PARAMS, b"".join(self.pair(*item) for item in variables.items()))
            + self.record(self.PARAMS)
            + self.record(self.STDIN)
        )
        output = b""
        while True:
            header = await self.reader.readexactly(8)
            _, kind, _, length, padding = struct.unpack("!BBHHBx", header)
            content = (await self.reader.readexactly(length + padding))[:length]
            if kind == self.STDOUT:
                output += content
            elif kind == self.END:
                break
        head, _, body = output.partition(b"\r\n\r\n")
        _, headers = parse_head(head)
        return Reply(int(headers["status"].split()[0]), headers, body)


def connection_to(url, timeout_s, source=None):
    """A connection to http://HOST:PORT or https://HOST[:PORT], from this host's address `source` if given;
    or to unix:///PATH, the socket of one worker."""
    address = urlsplit(url)
    kinds = {"http": HttpConnection, "https": HttpsConnection, "unix": FastcgiConnection}
    if address.scheme not in kinds:
        raise SystemExit(f"{url}: expected http://HOST:PORT, https://HOST[:PORT] or unix:///PATH")
    return kinds[address.scheme](address, timeout_s, source)
