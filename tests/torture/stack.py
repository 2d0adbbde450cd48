"""The private stack (deploy/private/stack) of a round, and what can be done to its parts."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "deploy" / "private"))

from supervisor.parts import parts_of  # noqa: E402
from supervisor.place import Place, StackError, process_lives  # noqa: E402
from supervisor.postgresql import AS_POSTGRES  # noqa: E402


def take_environment():
    """The environment of every script of the project, independent of the caller's."""
    done = subprocess.run([TOP / "deploy" / "environment", "env", "--null"], check=True,
                          stdout=subprocess.PIPE)
    os.environb.clear()
    for pair in done.stdout.split(b"\0")[:-1]:
        name, _, value = pair.partition(b"=")
        os.environb[name] = value


take_environment()
BUILD_DIR = Path(os.environ.get("BUILD_DIR") or TOP / "build").resolve()
SLOWNESS = float(os.environ.get("TEST_SLOWNESS") or 1)
WORKERS = ("worker-1", "worker-2")
DISK_MIB = 480  # for a cluster, its WAL for some rounds, and free space
COMMAND_S_MAX = 60
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)

# Everything about the round's sale in one snapshot, times in microseconds since the epoch.
ROWS = """
SET search_path = flashsale;
WITH s AS MATERIALIZED (SELECT * FROM flashsale.current_sale())
SELECT json_build_object(
    'sale', (SELECT json_build_object('sale_id', sale_id, 'items_total', items_total,
                 'hold_s', hold_s, 'purchase_limit', purchase_limit, 'holds_max', holds_max,
                 'draw_s', draw_s, 'starts_at', {us:starts_at}, 'ends_at', {us:ends_at})
             FROM s),
    'turns', (SELECT coalesce(json_object_agg(user_id, {us:opens_at}), '{}')
              FROM s, (SELECT DISTINCT user_id FROM flashsale.attempt) u,
                  flashsale.turn_opens_at(s, user_id) opens_at),
    'items', (SELECT coalesce(json_agg(json_build_object('number', number, 'held_by', held_by,
                  'secret', secret, 'purchased_at', {us:purchased_at},
                  'buyer_purchases', array_position(numbers, number))), '[]')
              FROM flashsale.item JOIN s USING (sale_id)
              LEFT JOIN flashsale.buyer b ON b.sale_id = s.sale_id AND b.user_id = held_by),
    'buyers', (SELECT coalesce(json_agg(json_build_object('user_id', user_id,
                   'numbers', numbers)), '[]')
               FROM flashsale.buyer JOIN s USING (sale_id)),
    'attempts', (SELECT coalesce(json_agg(json_build_object('attempted_at', {us:attempted_at},
                     'number', number, 'outcome', outcome, 'secret', secret,
                     'user_id', user_id)), '[]')
                 FROM flashsale.attempt),
    'sales', (SELECT json_agg(json_build_object('sale_id', v.sale_id, 'items_total', items_total,
                  'starts_at', {us:starts_at}, 'ends_at', {us:ends_at},
                  'items', (SELECT count(*) FROM flashsale.item i WHERE i.sale_id = v.sale_id
                            AND number BETWEEN 1 AND items_total)))
              FROM flashsale.sale v),
    'audit', (SELECT coalesce(json_agg(a), '[]') FROM s, flashsale.sale_audit(s.sale_id) a))
"""

FRESH = """
TRUNCATE flashsale.sale, flashsale.item, flashsale.buyer, flashsale.attempt, flashsale.sale_stripe,
    flashsale.draw_secret, flashsale.hold_queue
"""

# Started instead of flashsale-fcgi. If the file "clock" exists, the worker gets the clock of that file; if the pipe
# "unread" exists, its log goes there, and nobody reads it.
WORKER = """#!/bin/sh
if [ -e '{run}/clock' ]; then
    # FAKETIME_NO_CACHE: the file is read each time, so that the clock can be set while the worker runs.
    export LD_PRELOAD='{faketime}' FAKETIME_TIMESTAMP_FILE='{run}/clock' FAKETIME_NO_CACHE=1
    # Waits by the monotonic clock stay unchanged; they would end at once (FORCE_MONOTONIC_FIX).
    export FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_FORCE_MONOTONIC_FIX=0
fi
if [ -p '{run}/unread' ]; then
    exec '{build}/flashsale-fcgi' "$@" -o log.level=debug 2<>'{run}/unread'
fi
exec '{build}/flashsale-fcgi' "$@"
"""


def wait_until(seconds, is_so, what):
    """Waits until the condition holds; returns how many seconds it took."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > seconds * SLOWNESS:
            raise StackError(f"waited too long for: {what}")
        time.sleep(0.02)
    return time.monotonic() - began


def children_of(pid):
    try:
        return [int(child) for child in
                Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def send_signal(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


class Stack:
    """batchers: of each kind in a worker; on_small_disk: the cluster is on a small disk of its own, to be filled."""

    def __init__(self, batchers, on_small_disk):
        self.run_dir = Path(tempfile.mkdtemp(prefix="flashsale-torture."))
        self.run_dir.chmod(0o755)
        self.place = Place({"RUN_DIR": str(self.run_dir)})
        self.database_dir = self.run_dir / "postgresql"
        self.wants_small_disk = on_small_disk
        self.has_small_disk = on_small_disk and self.mount_small_disk()
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("PG", "RUN_DIR", "WORKER", "GENERATOR"))}
        self.environment["CHECKS"] = "stop"  # a failed check ends a worker (common/check.h)
        self.batchers = batchers
        self.marks = {}
        self.unread = None

    def mount_small_disk(self):
        if os.geteuid() != 0:
            return False
        self.database_dir.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=0700,uid=postgres,gid=postgres",
             "tmpfs", self.database_dir], capture_output=True)
        if done.returncode != 0:
            self.database_dir.rmdir()
        return done.returncode == 0

    # ---- start and stop ----

    def start(self):
        programs = self.run_dir / "bin"
        programs.mkdir()
        worker = programs / "flashsale-fcgi"
        worker.write_text(WORKER.format(run=self.run_dir, faketime=FAKETIME, build=BUILD_DIR))
        worker.chmod(0o755)
        (programs / "flashsale-generator").symlink_to(BUILD_DIR / "flashsale-generator")
        for _ in range(5):
            # Lower than the ports that the kernel gives to clients (ip_local_port_range).
            port = random.SystemRandom().randrange(20000, 32000, 4)
            self.http_port, self.proxy_port = port, port + 2
            self.environment |= {
                "RUN_DIR": str(self.run_dir), "BUILD_DIR": str(programs), "WORKERS": "2",
                "HTTP_PORT": str(port), "HTTPS_PORT": str(port + 1), "GENERATE_EVERY_S": "0",
                "WORKER_OPTIONS": f"-o database.worker_conninfo={self.worker_conninfo()}"
                                  f" -o batch.checkout_batchers={self.batchers}"
                                  f" -o batch.purchase_batchers={self.batchers}",
                "GENERATOR_OPTIONS": "-o sale.items_per_sale=10 -o sale.sales_ahead=0"}
            done = self.run_script("start")
            if done.returncode == 0:
                self.place.read_settings()
                self.parts = parts_of(self.place)
                return
            if "in use" not in done.stderr:
                break
        raise StackError(f"deploy/private/stack start: {done.stderr}")

    def worker_conninfo(self):
        """By the proxy if it listens, else by the socket."""
        socket_dir = str(self.database_dir).replace("/", "%2F")
        return (f"postgresql://flashsale_worker@127.0.0.1:{self.proxy_port},{socket_dir}:5432"
                "/flashsale")

    def end(self):
        """Ends the stack and removes its files."""
        self.wake_all()
        self.run_script("stop")
        if self.has_small_disk:
            # Lazily, since processes that are ending may have a file open there.
            subprocess.run(["umount", "--lazy", self.database_dir], check=False)
        shutil.rmtree(self.run_dir, ignore_errors=True)

    def run_script(self, verb):
        return subprocess.run([TOP / "deploy" / "private" / "stack", verb], env=self.environment,
                              text=True, stdin=subprocess.DEVNULL, capture_output=True)

    # ---- parts ----

    def pid(self, part):
        """None if it is down."""
        return self.place.pid(part)

    def began(self, part):
        """When it started, in seconds since the epoch; 0 if it is down."""
        try:
            return (self.run_dir / "pid" / part).stat().st_mtime
        except OSError:
            return 0

    def pids(self, part):
        """The pids of the part's process and its children."""
        pid = self.pid(part)
        return [pid, *children_of(pid)] if pid else []

    def backends(self):
        """The pids of the server processes that serve workers."""
        return [pid for pid in self.pids("postgresql")[1:]
                if b"flashsale_worker" in self.command_line(pid)]

    @staticmethod
    def command_line(pid):
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return b""

    def is_up(self, part):
        return process_lives(self.pid(part))

    def stop_part(self, part):
        self.place.ask("stop", self.parts[part])

    def start_part(self, part):
        """Also after a death that the supervisor has not noticed yet."""
        wait_until(10, lambda: not self.is_up(part), f"{part} to be down")
        self.place.ask("start", self.parts[part])

    def socket(self, worker):
        return self.run_dir / f"{worker}.sock"

    def pg_ctl(self, *arguments):
        part = self.parts["postgresql"]
        return subprocess.run(["setpriv", *AS_POSTGRES, "--", part.program("pg_ctl"), "--pgdata",
                               part.data, *arguments], capture_output=True, text=True, cwd="/",
                              timeout=COMMAND_S_MAX)

    def redis(self, *command):
        subprocess.run(["redis-cli", "-s", self.run_dir / "redis.sock", *command], check=True,
                       capture_output=True, timeout=COMMAND_S_MAX)

    def generator(self, **settings):
        """Starts one; the caller waits for it."""
        conninfo = f"host={self.database_dir} dbname=flashsale user=flashsale_generator"
        options = {"database.generator_conninfo": conninfo, "sale.duration_s": 604800,
                   "sale.generated_every_s": 0,
                   **{f"sale.{name}": value for name, value in settings.items()}}
        command = [BUILD_DIR / "flashsale-generator", "-c", TOP / "conf" / "flashsale.conf"]
        for name, value in options.items():
            command += ["-o", f"{name}={value}"]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True)

    # ---- rows ----

    def sql(self, text, check=True):
        done = subprocess.run(
            ["psql", "--no-psqlrc", "--no-align", "--tuples-only", "--quiet",
             "--set=ON_ERROR_STOP=1", f"--host={self.database_dir}", "--username=postgres",
             "--dbname=flashsale", "--file=-"],
            input=text, env=self.environment, capture_output=True, text=True, timeout=COMMAND_S_MAX)
        if check and done.returncode != 0:
            raise StackError(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()

    def fresh_sale(self, **settings):
        """Deletes all rows, and makes a sale that begins now and lasts longer than any round. Nobody may be buying."""
        self.sql(FRESH)
        if self.has_small_disk:
            self.sql("CHECKPOINT")
        generator = self.generator(sales_ahead=0, **settings)
        _, errors = generator.communicate(timeout=COMMAND_S_MAX)
        if generator.returncode != 0:
            raise StackError(f"the generator: {errors}")
        self.sql("UPDATE flashsale.sale SET starts_at = now()")

    def rows(self):
        query = ROWS
        for column in ("ends_at", "purchased_at", "attempted_at", "starts_at", "opens_at"):
            query = query.replace(f"{{us:{column}}}",
                                  f"(extract(epoch FROM {column}) * 1000000)::bigint")
        return json.loads(self.sql(query))

    def set_read_only(self, is_so):
        """For all sessions; does nothing if the server is down."""
        self.environment["PGOPTIONS"] = "-c default_transaction_read_only=off"
        change = "SET default_transaction_read_only = on" if is_so else \
            "RESET default_transaction_read_only"
        for text in (f"ALTER SYSTEM {change}", "SELECT pg_reload_conf()"):
            self.sql(text, check=False)
        del self.environment["PGOPTIONS"]

    def is_read_only(self):
        return self.sql("SHOW transaction_read_only", check=False) == "on"

    def says_that_it_sells(self, worker):
        """By its own /health, without the web server; False if it does not answer."""
        try:
            done = subprocess.run(
                ["cgi-fcgi", "-bind", "-connect", self.socket(worker)],
                env={"PATH": os.environ["PATH"], "REQUEST_METHOD": "GET", "PATH_INFO": "/health"},
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10)
        except subprocess.TimeoutExpired:
            return False
        return '"database":"ok"' in done.stdout

    # ---- logs ----

    def leave_logs_unread(self):
        """Workers that start from now on log into a pipe that is full."""
        pipe = self.run_dir / "unread"
        os.mkfifo(pipe)
        self.unread = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
        try:
            while True:
                os.write(self.unread, b"-" * 1023 + b"\n")
        except BlockingIOError:
            pass

    def use_logs(self):
        """Workers that start from now on log as usual."""
        (self.run_dir / "unread").unlink(missing_ok=True)

    def read_logs(self):
        """Reads all that is in the pipe."""
        with open(self.run_dir / "log" / "unread.log", "ab") as log:
            try:
                while True:
                    log.write(os.read(self.unread, 65536))
            except BlockingIOError:
                pass
        os.close(self.unread)
        self.unread = None

    def mark_logs(self):
        """log_since returns what is logged from now on."""
        self.marks = {path.name: path.stat().st_size for path in (self.run_dir / "log").iterdir()}

    def log_since(self, name):
        path = self.run_dir / "log" / name
        if not path.exists():
            return []
        with open(path, errors="replace") as file:
            file.seek(self.marks.get(name, 0))
            return file.read().splitlines()

    def keep_logs(self, folder):
        for path in (self.run_dir / "log").iterdir():
            (folder / path.name).write_text("\n".join(self.log_since(path.name)) + "\n")

    def wake_all(self):
        """Wakes all processes that a round stopped (SIGCONT)."""
        for part in ("postgresql", "redis", "nginx", *WORKERS):
            send_signal(self.pids(part), signal.SIGCONT)
