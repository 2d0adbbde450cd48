"""The supervisor starts every part of a stack as its child, and looks after them. If it is killed, the kernel ends the
parts. It restarts workers that died. PostgreSQL, Redis and the web server stay down after they died, until
start-part."""

import os
import resource
import select
import shutil
import signal
import socket
import time

from .part import asked_to_leave, end, end_leftovers, leave_if_asked, run, wait_until
from .parts import KINDS, Generator, parts_of
from .place import TOP, StackError, lock, remove, replace, tell
from .web_server import is_taken

PROGRAMS = ("redis-server", "spawn-fcgi", "sqitch", "openssl", "chrt", "setpriv")
CONNECTIONS_MAX = 1024  # worker.connections_max, unless WORKER_OPTIONS say otherwise
LOOK_S = 0.2
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def tell_where(place):
    url = f"http://localhost:{place['HTTP_PORT']}"
    tell(f"""\
flashsale listens on {url} and https://localhost:{place['HTTPS_PORT']} (logs in {place.run_dir / 'log'})
Check an item out, then purchase it:
  code=$(curl --silent --write-out '\\n' --request POST '{url}/checkout?user_id=alice' \
| tee /dev/stderr | sed --quiet 's/.*"code":"\\([^"]*\\)".*/\\1/p')
  curl --silent --write-out '\\n' --request POST "{url}/purchase?code=$code\"""")


def on_signals(numbers, handler):
    """Sets a handler, but not for signals that the caller made us ignore (nohup)."""
    for number in numbers:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


class Supervisor:
    """`told`: a file descriptor that gets a byte when the stack serves; None: the stack is in the foreground."""

    def __init__(self, place, told):
        self.place, self.told = place, told
        self.parts = parts_of(place)
        self.postgresql, self.redis, self.web_server, *self.workers = self.parts.values()
        self.generator = Generator(place, "generator")
        self.generate_at = 0

    # ---- before it serves ----

    def link_short_path(self):
        run_dir, link = self.place.run_dir, self.place.run
        if link != run_dir:
            if not os.path.lexists(link):
                link.symlink_to(run_dir)
            if link.resolve() != run_dir or link.lstat().st_uid != os.geteuid():
                raise StackError(f"{link} is in the way")

    def end_leftovers(self):
        """Ends the parts of a supervisor that was killed, PostgreSQL last. They may still be ending or, like nginx's
        worker processes, not end by themselves."""
        for number in (signal.SIGTERM, signal.SIGINT):
            programs = [name for kind in KINDS if kind.end_signal == number for name in kind.programs]
            end_leftovers(self.postgresql.folders(), tuple(programs), number)
        self.remove_files()

    def remove_files(self):
        folder = self.place.run_dir
        remove(*(path for path in (folder / "pid").iterdir() if path.name != "stack"), *folder.glob("*.sock"),
               folder / "control")

    def check(self):
        for name in (*PROGRAMS, self.web_server.name):
            if not shutil.which(name):
                raise StackError(f"{name} is missing: 'make deps' installs what is needed")
        for name in ("flashsale-fcgi", "flashsale-generator"):
            if not os.access(self.place.build_dir / name, os.X_OK):
                raise StackError(f"{self.place.build_dir / name} is not there: 'make' builds it")
        for name in ("HTTP_PORT", "HTTPS_PORT"):
            if is_taken(int(self.place[name])):
                raise StackError(f"port {self.place[name]} is in use; {name}=... chooses another")

    def set_options(self):
        """Sets the options of both programs, and how many idle connections each of nginx's two processes may keep: in
        all at most half of a worker's connections (deploy/nginx/site.conf.in has the rule)."""
        worker_more, generator_more = (self.place[name].split() for name in ("WORKER_OPTIONS", "GENERATOR_OPTIONS"))
        given = dict(option.partition("=")[::2] for option in worker_more)
        connections = given.get("worker.connections_max", "")
        keepalive = max((int(connections) if connections.isdecimal() else CONNECTIONS_MAX) // 4, 1)
        conninfo = f"host={self.postgresql.home} dbname=flashsale user"
        settings = (f"database.worker_conninfo={conninfo}=flashsale_worker",
                    f"database.generator_conninfo={conninfo}=flashsale_generator",
                    f"redis.address=unix:{self.redis.socket}", f"metrics.file={self.place.run}/metrics",
                    "sale.generated_every_s=0", "http.user_rate=0", f"worker.keepalive_connections_max={2 * keepalive}")
        options = ["-c", TOP / "conf/flashsale.conf", *(word for setting in settings for word in ("-o", setting))]
        for worker in self.workers:
            worker.options = [*options, *worker_more]
        self.generator.options = [*options, *generator_more]
        self.web_server.keepalive = keepalive

    def open(self):
        place = self.place
        self.set_options()
        self.redis.start()
        self.web_server.make_certificate()
        self.web_server.configure()
        self.postgresql.open()
        if not run([place.build_dir / "flashsale-fcgi", *self.workers[0].options, "-t"], place.log("stack")):
            raise place.failed("the workers refuse their settings", "stack")
        self.generator.start()
        wait_until(lambda: not self.generator.lives())
        if self.generator.process.returncode != 0:
            raise place.failed(f"the generator failed; the lines above are from {place.log('generator')}", "generator")
        self.generator.forget()
        for worker in self.workers:
            worker.start()
        for part in (self.redis, *self.workers):
            part.await_ready()
        self.web_server.start()
        self.web_server.await_ready()
        if not wait_until(self.web_server.answers, 10):
            raise place.failed(f"no worker answers; see {place.run_dir / 'log'}", "worker-1", self.web_server.name,
                               lines=5)
        for part in self.parts.values():
            part.is_wanted = True

    # ---- while it serves ----

    def look_after(self, part):
        """Notices that a part died, and restarts a worker, with growing pauses if it dies at once."""
        now = time.monotonic()
        if part.process and not part.lives():
            status = part.process.returncode
            self.place.note(f"{part.name} (pid {part.process.pid}) ended with status"
                            f" {status if status >= 0 else 128 - status}")
            part.forget()
            part.delay_s = 0 if now - part.started_at > 1 else min(part.delay_s * 2 + 0.1, 5)
            part.again_at = now + part.delay_s
        if part.is_restarted and part.is_wanted and not part.process and now >= part.again_at:
            part.start()
            self.place.note(f"{part.name} (pid {part.process.pid}) started")

    def generate(self):
        """Starts the generator every GENERATE_EVERY_S, if the last run has ended."""
        if self.generator.process and not self.generator.lives():
            if self.generator.process.returncode != 0:
                self.place.note("the generator failed; see generator.log")
            self.generator.forget()
        every_s, now = int(self.place["GENERATE_EVERY_S"]), time.monotonic()
        if every_s > 0 and now >= self.generate_at and not self.generator.process:
            self.generate_at = now + every_s
            self.generator.start()

    def obey(self, control):
        connection, _ = control.accept()
        with connection:
            connection.settimeout(1)
            verb, _, name = connection.recv(64).decode().partition(" ")
            part = self.parts[name]
            if verb == "stop":
                end(part)
            else:
                part.is_wanted = True
                if not part.lives():
                    part.start()
            self.place.note(f"{verb} {name}, as asked")
            connection.send(b"done")

    def attempt(self, action, *arguments):
        """Logs an error, for example of a full disk, and goes on; the action is tried again in the next round."""
        try:
            action(*arguments)
        except Exception as error:
            self.place.note(f"{type(error).__name__}: {error}")

    def serve(self):
        """Goes round when a command, a signal or the end of a child arrives, and every LOOK_S."""
        woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as control:
            control.bind(os.fsencode(self.place.run / "control"))
            control.listen(16)
            self.tell()
            self.generate_at = time.monotonic() + int(self.place["GENERATE_EVERY_S"])
            while True:
                ready, _, _ = select.select([control, woken], [], [], LOOK_S)
                leave_if_asked()
                if woken in ready:
                    os.read(woken, 4096)
                for part in self.parts.values():
                    self.attempt(self.look_after, part)
                self.attempt(self.generate)
                if control in ready:
                    self.attempt(self.obey, control)

    def tell(self):
        place = self.place
        place.note(f"serving on ports {place['HTTP_PORT']} and {place['HTTPS_PORT']}")
        replace(place.run_dir / "ready", os.getpid())
        if self.told is None:
            tell_where(place)
        # From here on output goes to the log, so that a caller that reads our output sees its end.
        with open(place.log("stack"), "ab") as log:
            for fd in (2,) if self.told is None else (1, 2):
                os.dup2(log.fileno(), fd)
        if self.told is not None:
            os.write(self.told, b"!")
            os.close(self.told)

    def shut_down(self):
        on_signals(STOPPING, signal.SIG_IGN)
        self.place.note("stopping")
        end(self.generator, *self.workers)
        end(self.web_server, self.redis)
        end(self.postgresql)
        self.remove_files()
        remove(self.place.run_dir / "ready", self.place.run_dir / "pid/stack")
        if self.place.run != self.place.run_dir:
            remove(self.place.run)
        self.place.note("stopped")


def supervise(place, told=None):
    """Runs a stack until a signal ends it, or it cannot start."""
    # The supervisor outlives its caller, so it closes the caller's files (bats uses descriptor 3).
    for fd in {int(name) for name in os.listdir("/proc/self/fd")} - {0, 1, 2, told}:
        os.closerange(fd, fd + 1)
    place.check_settings()
    for name in ("log", "pid", place["WEB_SERVER"]):
        (place.run_dir / name).mkdir(parents=True, exist_ok=True)
    with open(place.run_dir / "lock", "ab") as file:
        if not wait_until(lambda: lock(file), 1):
            raise StackError(f"already running in {place.run_dir} (pid {place.pid('stack')})")
        # A killed supervisor may have left this file.
        remove(place.run_dir / "ready")
        replace(place.run_dir / "pid/stack", os.getpid())
        place.keep_settings()
        on_signals(STOPPING, lambda number, _: asked_to_leave.append(number))
        supervisor = Supervisor(place, told)
        supervisor.link_short_path()
        supervisor.end_leftovers()
        supervisor.check()
        supervisor.postgresql.choose_home()
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        place.note(f"starting as pid {os.getpid()}")
        try:
            supervisor.open()
            supervisor.serve()
        finally:
            supervisor.shut_down()
