"""The table of parts, and the simple ones."""

from .part import Part
from .place import TOP, remove
from .postgresql import PostgreSQL
from .web_server import SERVERS


class Listener(Part):
    """A part that is ready when its socket exists."""

    @property
    def socket(self):
        return self.place.run / f"{self.name}.sock"

    def prepare(self):
        remove(self.socket)

    def is_ready(self):
        return self.socket.is_socket()


class Redis(Listener):
    programs = ("redis-",)

    def command(self):
        return ["redis-server", TOP / "conf/redis.conf", "--unixsocket", self.socket, "--dir", self.place.run]


class Worker(Listener):
    programs = ("flashsale-", "spawn-fcgi", "memcheck-")
    is_restarted = True

    def command(self):
        return ["spawn-fcgi", "-n", "-s", self.socket, "-M", "0660", "-b", "1024", "--",
                self.place.build_dir / "flashsale-fcgi", *self.options]


class Generator(Part):
    """The generator: it ends by itself."""

    def command(self):
        return [self.place.build_dir / "flashsale-generator", *self.options]


KINDS = (PostgreSQL, Redis, Worker, *SERVERS.values())


def parts_of(place):
    """All parts that should be up, by name, in the order of the status."""
    workers = [Worker(place, f"worker-{number}") for number in range(1, int(place["WORKERS"]) + 1)]
    web_server = SERVERS[place["WEB_SERVER"]](place, place["WEB_SERVER"], workers)
    return {part.name: part for part in (PostgreSQL(place), Redis(place, "redis"), web_server, *workers)}
