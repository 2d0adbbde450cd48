"""The faults that can happen to a stack, and a round's nemesis, which makes those happen that the seed picks."""

import errno
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from stack import (FAKETIME, SLOWNESS, WORKERS, StackError, process_lives, send_signal, wait_until)

# How far FAKETIME_TIMESTAMP_FILE may step the clock.
CLOCK_STEPS = ("+2s", "-2s", "+90s", "-90s", "+2h", "-2h", "+40d", "-40d")
GENERATED_ITEMS = 20000
# So long after its start a worker handles signals, on a busy machine, too.
WORKER_START_S = 2
# A worker without requests checks once a second whether it could sell.
READ_ONLY_TOLD_S_MAX = 5


@dataclass(frozen=True)
class Fault:
    name: str
    # Faults of the same part happen one after the other.
    part: str
    strike: Callable
    needs: str = ""


TABLE = []


def fault(part, needs=""):
    def add(function):
        TABLE.append(Fault(function.__name__, part, function, needs))
        return function
    return add


class Strike:
    """One fault that happens: on which stack, with which random choices."""

    def __init__(self, nemesis, name):
        self.nemesis = nemesis
        self.stack = nemesis.stack
        self.chance = random.Random(f"{nemesis.seed} {name}")

    def pause(self, least_s, most_s):
        time.sleep(self.chance.uniform(least_s, most_s))

    def a_worker(self):
        return self.chance.choice(WORKERS)

    def a_backend(self):
        """None if the workers have no connection."""
        backends = self.stack.backends()
        return self.chance.choice(backends) if backends else None

    def end_workers(self, how_many, with_signal):
        for _ in range(self.chance.choice(how_many)):
            self.nemesis.end_worker(self.a_worker(), with_signal)
            self.pause(0.1, 0.7)

    def end_backends(self, how_many, with_signal, least_s, most_s):
        for _ in range(self.chance.choice(how_many)):
            backend = self.a_backend()
            if backend:
                send_signal([backend], with_signal)
            self.pause(least_s, most_s)

    def put_to_sleep(self, pids):
        send_signal(pids, signal.SIGSTOP)
        self.pause(0.8, 2)
        send_signal(pids, signal.SIGCONT)


# ---- workers ----

@fault("workers")
def worker_killed(strike):
    strike.end_workers((1, 1, 2, 3), signal.SIGKILL)


@fault("workers")
def all_workers_killed(strike):
    for worker in WORKERS:
        strike.nemesis.end_worker(worker, signal.SIGKILL)


@fault("workers")
def worker_ended(strike):
    strike.end_workers((1, 2), signal.SIGTERM)


@fault("workers")
def worker_asleep(strike):
    strike.put_to_sleep(strike.stack.pids(strike.a_worker()))


@fault("workers", needs="clock")
def clock_stepped(strike):
    for _ in range(strike.chance.choice((1, 2, 3))):
        strike.nemesis.set_clock(strike.chance.choice(CLOCK_STEPS))
        strike.pause(0.2, 0.8)


@fault("workers", needs="unread log")
def log_unread(strike):
    """Until the end of the round, workers log into a pipe that is full."""
    for worker in WORKERS:
        strike.nemesis.end_worker(worker, signal.SIGTERM)
    strike.pause(0.8, 2)


# ---- PostgreSQL ----

@fault("postgresql")
def backend_killed(strike):
    strike.end_backends((1, 1, 2), signal.SIGKILL, 0.2, 0.8)


@fault("postgresql")
def backend_ended(strike):
    strike.end_backends((1, 3, 6), signal.SIGTERM, 0.02, 0.3)


@fault("postgresql")
def backend_asleep(strike):
    backend = strike.a_backend()
    if backend:
        strike.put_to_sleep([backend])


@fault("postgresql")
def postmaster_killed(strike):
    send_signal([strike.stack.pid("postgresql")], signal.SIGKILL)
    strike.pause(0, 1)
    strike.stack.start_part("postgresql")


@fault("postgresql")
def postgresql_stopped_at_once(strike):
    done = strike.stack.pg_ctl("stop", "--mode", "immediate")
    if done.returncode != 0:
        raise StackError(f"pg_ctl: {done.stderr}")
    strike.pause(0, 1)
    strike.stack.start_part("postgresql")


@fault("postgresql")
def postgresql_asleep(strike):
    strike.put_to_sleep(strike.stack.pids("postgresql"))


@fault("postgresql")
def postgresql_read_only(strike):
    """Neither existing sessions nor new ones may write."""
    strike.stack.set_read_only(True)
    strike.pause(0.5, 2)
    if strike.stack.is_read_only():
        ends = time.monotonic() + READ_ONLY_TOLD_S_MAX * SLOWNESS
        while who := [worker for worker in WORKERS if strike.stack.says_that_it_sells(worker)]:
            if time.monotonic() > ends:
                strike.nemesis.violations.append(
                    ("lies", f"PostgreSQL is read-only, and these say that they sell: {who}"))
                break
            time.sleep(0.05)
    strike.stack.set_read_only(False)


def fill_disk(filler):
    """Fills the disk to the last page, while others write."""
    with open(filler, "wb") as file:
        for piece in (1 << 20, 1 << 16, 1 << 12):
            try:
                while True:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, piece)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


@fault("postgresql", needs="small disk")
def disk_full(strike):
    filler = strike.stack.database_dir / "filler"
    fill_disk(filler)
    if strike.chance.random() < 0.5:
        # The next WAL file has no room: the server ends, and cannot start.
        strike.stack.sql("SELECT pg_switch_wal()", check=False)
    strike.pause(0.8, 1.8)
    filler.unlink()


# ---- Redis ----

@fault("redis")
def redis_killed(strike):
    send_signal([strike.stack.pid("redis")], signal.SIGKILL)
    strike.pause(0.2, 1.2)
    strike.stack.start_part("redis")


@fault("redis")
def redis_asleep(strike):
    strike.put_to_sleep(strike.stack.pids("redis"))


@fault("redis")
def redis_emptied(strike):
    for _ in range(strike.chance.choice((1, 5, 20))):
        strike.stack.redis("flushall")
        strike.pause(0, 0.1)


# Garbage, and a hold that ended long ago: in each stream, or instead of it.
LITTER = """
for _, key in ipairs(redis.call('KEYS', 'flashsale:*:refusals')) do
    if ARGV[1] == 'replace' then
        redis.call('SET', key, 'nonsense')
    else
        redis.pcall('XADD', key, '*', 'sold', '-1', 'held', '1 1 nobody', 'held', '1 99999999999999999999 nobody',
                    'held', '1 2', 'user_limit', '', 'sold_out', 'yes', 'nonsense', '')
    end
end
"""


@fault("redis")
def redis_littered(strike):
    for _ in range(strike.chance.choice((1, 5, 20))):
        strike.stack.redis("eval", LITTER, "0", strike.chance.choice(("add", "replace")))
        strike.pause(0, 0.1)


# ---- the web server ----

@fault("nginx")
def nginx_reloaded(strike):
    for _ in range(strike.chance.choice((1, 2))):
        send_signal([strike.stack.pid("nginx")], signal.SIGHUP)
        strike.pause(0.2, 0.5)


@fault("nginx")
def nginx_restarted(strike):
    strike.stack.stop_part("nginx")
    strike.pause(0, 0.5)
    strike.stack.start_part("nginx")


@fault("nginx")
def nginx_asleep(strike):
    strike.put_to_sleep(strike.stack.pids("nginx"))


# ---- the generator ----

@fault("generator")
def generator_twice(strike):
    settings = {"items_per_sale": GENERATED_ITEMS, "sales_ahead": 2}
    both = [strike.stack.generator(**settings) for _ in range(2)]
    for one in both:
        one.communicate()
    strike.nemesis.generate_at_last(settings)


@fault("generator")
def generator_killed(strike):
    settings = {"items_per_sale": GENERATED_ITEMS, "sales_ahead": 3}
    for _ in range(2):
        one = strike.stack.generator(**settings)
        strike.pause(0.02, 0.35)
        one.kill()
        one.communicate()
    strike.nemesis.generate_at_last(settings)


# ---- between workers and PostgreSQL ----

@fault("network", needs="proxy")
def connections_reset(strike):
    for _ in range(strike.chance.choice((1, 3, 8))):
        strike.nemesis.tell_proxy("reset")
        strike.pause(0.05, 0.3)


@fault("network", needs="proxy")
def connections_slow(strike):
    strike.nemesis.tell_proxy(f"delay {strike.chance.choice((5, 40, 200))}")
    strike.pause(0.8, 1.5)
    strike.nemesis.tell_proxy("pass")


@fault("network", needs="proxy")
def connections_stalled(strike):
    strike.nemesis.tell_proxy("stall")
    strike.pause(0.5, 2)
    strike.nemesis.tell_proxy(strike.chance.choice(("pass", "reset")))


@fault("network", needs="proxy")
def answers_of_postgresql_lost(strike):
    for _ in range(3):
        strike.nemesis.tell_proxy("deafen")
        strike.pause(0.02, 0.2)
        strike.nemesis.tell_proxy("reset")
        strike.pause(0.1, 0.5)


# ---- clients ----

@fault("clients")
def clients_leave(_strike):
    """The plan makes some clients impatient."""


class Nemesis:
    """One round's nemesis: begin(), then run() in a thread of its own, then recover()."""

    def __init__(self, stack, seed, faults):
        self.stack = stack
        self.seed = seed
        self.faults = faults  # (seconds after the begin, Fault)
        self.proxy = None
        self.locks = {fault.part: threading.Lock() for _, fault in faults}
        self.errors = []
        self.violations = []
        self.ended = set()  # pids of workers
        self.ended_young = set()  # ... that perhaps did not handle signals yet
        self.generator_settings = []

    def needs(self, what):
        return any(fault.needs == what for _, fault in self.faults)

    def begin(self):
        if self.needs("proxy"):
            self.proxy = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("proxy.py"), str(self.stack.proxy_port),
                 self.stack.database_dir / ".s.PGSQL.5432"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            if self.proxy.stdout.readline() != "ready\n":
                raise StackError("the proxy did not start")
            # They reconnect at once, through the proxy.
            send_signal(self.stack.backends(), signal.SIGTERM)
            wait_until(10, lambda: len(self.stack.backends()) >= len(WORKERS),
                       "the workers to connect")
        if self.needs("unread log"):
            self.stack.leave_logs_unread()
        if self.needs("clock"):
            self.set_clock("+0")
            self.end_worker("worker-2", signal.SIGTERM)
            self.await_worker("worker-2")

    def run(self, began):
        """Strikes at the planned times; returns after the last fault. `began`: by time.monotonic()."""
        threads = [threading.Thread(target=self.strike, args=(began + after_s, fault))
                   for after_s, fault in self.faults]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def strike(self, at, fault):
        time.sleep(max(0, at - time.monotonic()))
        with self.locks[fault.part]:
            try:
                fault.strike(Strike(self, fault.name))
            except (StackError, OSError, subprocess.SubprocessError) as error:
                self.errors.append(f"{fault.name}: {error}")

    def recover(self):
        """Ends faults that last, and starts what nobody else would start."""
        if self.proxy:
            self.proxy.stdin.close()
            self.proxy.wait()
            self.proxy.stdout.close()
            self.proxy = None
        (self.stack.database_dir / "filler").unlink(missing_ok=True)
        self.stack.wake_all()
        # A server that cannot start on a full disk may take a moment to give up.
        self.start_what_died("postgresql", 0.5 if self.needs("small disk") else 0)
        for part in ("redis", "nginx"):
            self.start_what_died(part, 0)
        if any(fault.name == "postgresql_read_only" for _, fault in self.faults):
            self.stack.set_read_only(False)  # the server may have been down at the planned time
        if self.needs("clock") and (self.stack.run_dir / "clock").exists():
            (self.stack.run_dir / "clock").unlink()
            for worker in WORKERS:
                self.end_worker(worker, signal.SIGTERM)
                self.await_worker(worker)

    def end(self):
        """Ends the faults that lasted until all was checked."""
        if self.needs("unread log"):
            self.stack.use_logs()
            for worker in WORKERS:
                self.end_worker(worker, signal.SIGTERM)
                self.await_worker(worker)
            self.stack.read_logs()

    def start_what_died(self, part, wait_s):
        ends = time.monotonic() + wait_s
        while self.stack.is_up(part) and time.monotonic() < ends:
            time.sleep(0.02)
        if not self.stack.is_up(part):
            self.stack.start_part(part)

    def end_worker(self, worker, number):
        pid = self.stack.pid(worker)
        if process_lives(pid):
            self.ended.add(pid)
            if time.time() - self.stack.began(worker) < WORKER_START_S:
                self.ended_young.add(pid)
            send_signal([pid], number)

    def await_worker(self, worker):
        wait_until(10, lambda: self.stack.pid(worker) not in self.ended | {None}
                   and self.stack.socket(worker).exists(), f"{worker} to be back")

    def set_clock(self, step):
        clock = self.stack.run_dir / "clock"
        clock.with_suffix(".new").write_text(step + "\n")
        clock.with_suffix(".new").rename(clock)

    def tell_proxy(self, line):
        self.proxy.stdin.write(line + "\n")
        self.proxy.stdin.flush()

    def generate_at_last(self, settings):
        """The generator runs once more at the end, and then no sale may be missing."""
        self.generator_settings.append(settings)

    def generate(self):
        for settings in self.generator_settings:
            generator = self.stack.generator(**settings)
            _, errors = generator.communicate(timeout=60 * SLOWNESS)
            if generator.returncode != 0:
                return f"the generator ended with {generator.returncode}: {errors}"
        return None


def possible(stack):
    """The faults that can happen on this stack; and those that cannot on this machine, with the reason."""
    missing = {}
    if not stack.has_small_disk:
        missing["small disk"] = (stack.wants_small_disk
                                 and "no small disk could be mounted (root only)")
    if not FAKETIME:
        missing["clock"] = "libfaketime is not there"
    return ([fault for fault in TABLE if fault.needs not in missing],
            {fault.name: missing[fault.needs] for fault in TABLE if missing.get(fault.needs)})
