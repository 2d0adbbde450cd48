#!/usr/bin/env python3
"""Stands between the workers and PostgreSQL, and is as bad a network as it is told to be.

    proxy.py PORT SOCKET    listens on 127.0.0.1:PORT and leads to the Unix socket SOCKET

Lines of standard input, each until the next: "pass"; "delay MS", each piece on its way so long;
"stall", nothing passes; "deafen", what the server answers is thrown away; "reset", all connections
are reset at once, and new ones pass. It ends with its standard input.
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
        """An RST instead of an orderly end (SO_LINGER of 0 s, socket(7))."""
        connection = writer.get_extra_info("socket")
        try:
            if connection is not None and connection.family == socket.AF_INET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass  # it has just been closed by itself
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
        # As a cable that is pulled out: nothing is ended in an orderly way.
        os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
