"""The web servers: their certificate, and their configuration with the site from deploy/site."""

import os
import resource
import socket
import subprocess
from pathlib import Path

from .part import Part, end_leftovers, run
from .place import TOP, StackError, read, remove

FILES_MAX = 16384
HAS_IPV6 = "0" * 31 + "1 " in read(Path("/proc/net/if_inet6"))


def is_taken(port):
    """Whether a process listens on the port, on loopback or any address, by IPv4 or IPv6 (proc(5), /proc/net/tcp)."""
    own = {f"{address}:{port:04X}" for address in ("0100007F", "0" * 8, "0" * 24 + "01000000", "0" * 32)}
    rows = [line.split() for table in ("tcp", "tcp6") for line in read(Path("/proc/net", table)).splitlines()]
    return any(row[1] in own and row[3] == "0A" for row in rows)


def output(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise StackError(f"{command[0]} failed")
    return done.stdout


class WebServer(Part):
    """`workers`: the parts that get the requests. keepalive: how many idle connections to them each nginx process may
    keep."""

    keepalive = 1

    def __init__(self, place, name, workers):
        super().__init__(place, name)
        self.workers = workers
        self.folder = place.run / name
        self.conf = self.folder / f"{name}.conf"
        self.ports = int(place["HTTP_PORT"]), int(place["HTTPS_PORT"])

    def is_ready(self):
        try:
            for port in self.ports:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    def answers(self):
        """Whether a worker answers /health: the reply is not one of the web server's own."""
        try:
            with socket.create_connection(("127.0.0.1", self.ports[0]), timeout=5) as connection:
                connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                with connection.makefile("rb") as reply:
                    words = reply.readline().split()
        except OSError:
            return False
        return len(words) > 1 and not words[1].startswith(b"50")

    def make_certificate(self):
        certificate, log = self.folder / "certificate.pem", self.place.log("stack")
        if certificate.exists() and \
                run(["openssl", "x509", "-in", certificate, "-noout", "-checkend", "86400"], os.devnull):
            return
        if not run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "365", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1",
                    "-keyout", self.folder / "key.pem", "-out", certificate], log):
            raise StackError(f"openssl could not make a certificate; see {log}")

    def configure(self):
        place, users, cache = self.place, self.folder / "htpasswd", self.folder / "cache"
        share = place.run / "share"  # a path of this stack's own, which needs no quoting
        share.mkdir(exist_ok=True)
        for name, folder in {"www": TOP / "www", "lighttpd": TOP / "deploy/lighttpd"}.items():
            remove(share / name)
            (share / name).symlink_to(folder)
        (self.folder / "nothing").mkdir(exist_ok=True)
        # The cached replies may be those of older programs.
        subprocess.run(["rm", "--recursive", "--force", cache], check=True)
        if place["HTPASSWD"]:
            users.touch(mode=0o600)
            users.write_bytes((TOP / place["HTPASSWD"]).read_bytes())
        words = {"private": True, "root": os.geteuid() == 0, "ipv6": HAS_IPV6, "users": place["HTPASSWD"],
                 "log": place["ACCESS_LOG"] == "1", "nolog": place["ACCESS_LOG"] != "1"}
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        values = [f"{name}={value}" for name, value in {
            "FOR": " ".join(word for word, is_so in words.items() if is_so), "RUN": place.run, "TLS": self.folder,
            "SHARE": share, "LOG": place.run / "log", "CACHE": cache, "USERS": users, "KEEPALIVE": self.keepalive,
            "FILES_MAX": FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, FILES_MAX),
            "HTTP_PORT": self.ports[0], "HTTPS_PORT": self.ports[1], "WORKERS": "\n".join(self.upstream())}.items()]
        site = output(TOP / "deploy/site", self.name, *values)
        self.conf.write_text(output(TOP / "deploy/fill", TOP / f"deploy/private/{self.name}.conf.in", f"SITE={site}",
                                    *values))

    def upstream(self):
        """A line for each worker."""
        raise NotImplementedError


class Nginx(WebServer):
    programs = ("nginx",)

    def command(self):
        return ["nginx", "-e", "stderr", "-p", self.folder, "-c", self.conf]

    def prepare(self):
        # After a kill -9 of the master process its worker processes go on, and keep the ports.
        end_leftovers({str(self.place.run_dir)}, self.programs, self.end_signal)

    def upstream(self):
        """deploy/nginx/site.conf.in explains the numbers."""
        roles = ["", *[" backup"] * (len(self.workers) - 1)]
        if len(self.workers) > 1:
            roles[0] = f" max_conns={self.keepalive}"
        return [f'    server "unix:{worker.socket}" max_fails=0{role};' for worker, role in zip(self.workers, roles)]


class Lighttpd(WebServer):
    programs = ("lighttpd",)

    def command(self):
        return ["lighttpd", "-D", "-f", self.conf]

    def upstream(self):
        return [f'    ( "socket" => "{worker.socket}" ) + flashsale_worker,' for worker in self.workers]


SERVERS = {"nginx": Nginx, "lighttpd": Lighttpd}
