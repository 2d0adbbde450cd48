"""A stack's folder, its settings, and which parts run."""

import fcntl
import hashlib
import os
import re
import socket
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
ASK_S_MAX = 20


class StackError(Exception):
    """Its text is the message to the user."""


def number(least, most):
    return lambda text: re.fullmatch("[0-9]{1,9}", text) and least <= int(text) <= most


# By name: the default, the check of a value, and what the message says was expected.
SETTINGS = {
    "RUN_DIR": ("run", None, ""), "BUILD_DIR": ("build", None, ""), "ACCESS_LOG": ("0", None, ""),
    "HTPASSWD": ("", None, ""), "WORKER_OPTIONS": ("", None, ""), "GENERATOR_OPTIONS": ("", None, ""),
    "WEB_SERVER": ("nginx", ("nginx", "lighttpd").__contains__, "nginx or lighttpd"),
    "HTTP_PORT": ("8080", number(1, 65535), "a number from 1 to 65535"),
    "HTTPS_PORT": ("8443", number(1, 65535), "a number from 1 to 65535"),
    "WORKERS": ("2", number(1, 99), "a number from 1 to 99"),
    "GENERATE_EVERY_S": ("60", number(0, 999_999_999), "a number"),
}
# A running stack keeps these in its folder, for other commands.
KEPT = ("WEB_SERVER", "WORKERS", "HTTP_PORT", "HTTPS_PORT")


def tell(text, fd=1):
    """Prints a line. Ignores errors, such as a closed pipe or a full disk."""
    try:
        os.write(fd, os.fsencode(f"{text}\n"))
    except OSError:
        pass


def process_lives(pid):
    """Whether this process exists and belongs to this user. False for None."""
    try:
        os.kill(pid, 0)
    except (OSError, TypeError):
        return False
    return True


def read(path):
    """A file's text without leading and trailing space; "" if it cannot be read."""
    try:
        return path.read_text(errors="surrogateescape").strip()
    except OSError:
        return ""


def replace(path, text):
    """Writes a file in one step: readers find the whole old or the whole new text."""
    new = path.with_name(f".{path.name}")
    new.write_text(f"{text}\n")
    new.replace(path)


def remove(*paths):
    for path in paths:
        path.unlink(missing_ok=True)


def lock(file, how=fcntl.LOCK_EX):
    """Locks a file until it is closed. False: another process has the lock."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Place:
    """A stack by its RUN_DIR. `given`: its settings by name, as in os.environ; an empty value means the default."""

    def __init__(self, given):
        self.settings = {name: given.get(name) or default for name, (default, _, _) in SETTINGS.items()}
        self.run_dir, self.build_dir = (Path(os.path.realpath(TOP / self[name])) for name in ("RUN_DIR", "BUILD_DIR"))
        path = os.fsencode(self.run_dir)
        self.digest = hashlib.sha256(path).hexdigest()[:12]
        # The path in settings: RUN_DIR, or a link to it in /tmp if RUN_DIR is too long for Unix
        # sockets (107 bytes, and PostgreSQL's adds 25) or has bytes that need quoting in some settings.
        is_plain = len(path) <= 80 and re.fullmatch(rb"[A-Za-z0-9/._+-]*", path)
        self.run = self.run_dir if is_plain else Path(f"/tmp/flashsale-{self.digest}")

    def __getitem__(self, name):
        return self.settings[name]

    def check_settings(self):
        for name, (_, is_right, words) in SETTINGS.items():
            if is_right and not is_right(self[name]):
                raise StackError(f"{name}={self[name]}: {words}")

    def keep_settings(self):
        replace(self.run_dir / "settings", "\n".join(f"{name}={self[name]}" for name in KEPT))

    def read_settings(self):
        """Replaces the given settings by those of the stack's last start."""
        for line in read(self.run_dir / "settings").splitlines():
            name, _, value = line.partition("=")
            if name in KEPT:
                self.settings[name] = value
        self.check_settings()

    def is_running(self):
        """Whether a supervisor runs: it holds the lock as long as it lives; others hold it for a moment."""
        try:
            with open(self.run_dir / "lock", "rb") as file:
                return not lock(file, fcntl.LOCK_SH)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def pid(self, name):
        """The pid of a part, or of the supervisor, "stack". None: it is down."""
        return int(read(self.run_dir / "pid" / name) or 0) or None

    def is_up(self, name):
        return process_lives(self.pid(name))

    def ask(self, verb, part):
        """Tells the supervisor to "start" or "stop" a part; returns when the part serves, or has ended."""
        failed = StackError(f"{part.name} did not {verb}; see {self.log(part.name)}")
        ends = time.monotonic() + ASK_S_MAX
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as control:
            try:
                control.settimeout(ASK_S_MAX)
                control.connect(os.fsencode(self.run / "control"))
                control.send(f"{verb} {part.name}".encode())
                is_done = control.recv(16) == b"done"
            except OSError as error:
                raise failed from error
        while is_done and verb == "start" and not (self.is_up(part.name) and part.is_ready()):
            time.sleep(0.02)
            is_done = time.monotonic() < ends and (part.is_restarted or self.is_up(part.name))
        if not is_done:
            raise failed

    # ---- logs ----

    def log(self, name):
        return self.run_dir / "log" / f"{name}.log"

    def note(self, text):
        """Adds a line to the supervisor's log, if that can be written."""
        try:
            with open(self.log("stack"), "a", encoding="utf-8", errors="surrogateescape") as log:
                log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")
        except OSError:
            pass

    def failed(self, text, *names, lines=10):
        """Prints the ends of these logs, and returns the error to raise."""
        for name in names:
            tell("\n".join(read(self.log(name)).splitlines()[-lines:]), fd=2)
        return StackError(text)
