#!/usr/bin/env python3
"""A proxy between the workers and PostgreSQL that acts as a bad network.

    proxy.py PORT SOCKET    listens on 127.0.0.1:PORT and connects to the Unix socket SOCKET

Commands are lines of standard input; each is valid until the next: "pass"; "delay MS" delays each piece of data;
"stall" lets nothing pass; "deafen" drops the server's answers; "reset" resets all connections at once, and lets new ones
pass. It ends with its standard input.
"""

import asyncio
import os
import socket
import struct
import sys

PIECE_BYTES = 65536
LOOK_S = 0.01


class Proxy:
    def __init__(self, path):
        self.path = path
        self.mode, self.delay_s = "pass", 0
        self.connections = set()

    async def serve(self, reader, writer):
        try:
            server_reader, server_writer = await asyncio.open_unix_connection(self.path)
        except OSError:
            self.reset(writer)
            return
        pair = (writer, server_writer)
        self.connections.add(pair)
        ways = [asyncio.create_task(self.carry(reader, server_writer, False)),
                asyncio.create_task(self.carry(server_reader, writer, True))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        self.connections.discard(pair)
        for end in pair:
            end.close()

    async def carry(self, reader, writer, is_answer):
        try:
            while piece := await reader.read(PIECE_BYTES):
                while self.mode == "stall":
                    await asyncio.sleep(LOOK_S)
                if self.mode == "delay":
                    await asyncio.sleep(self.delay_s)
                if self.mode == "deafen" and is_answer:
                    continue
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass

    @staticmethod
    def reset(writer):
        """Sends RST instead of FIN (SO_LINGER of 0 s, socket(7))."""
        connection = writer.get_extra_info("socket")
        try:
            if connection is not None and connection.family == socket.AF_INET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass  # it was closed just before
        writer.transport.abort()

    def obey(self, line):
        word, *values = line.split()
        if word == "reset":
            for pair in list(self.connections):
                for writer in pair:
                    self.reset(writer)
            word = "pass"
        self.delay_s = float(values[0]) / 1000 if values else 0
        self.mode = word


async def main():
    port, path = int(sys.argv[1]), sys.argv[2]
    proxy = Proxy(path)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", port)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    print("ready", flush=True)
    async with server:
        while line := await commands.readline():
            proxy.obey(line.decode())
        # Like a cable that is pulled out: without orderly ends of connections.
        os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
