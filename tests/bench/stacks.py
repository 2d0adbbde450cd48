"""What bench.py measures: private stacks and empty workers, each with a folder and ports of its own."""

import os
import pathlib
import shutil
import signal
import subprocess
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR") or TOP / "build").resolve()
OUT = pathlib.Path(os.environ.get("RUN_DIR") or TOP / "run").resolve() / "bench"

# The most items that a sale can have, so that none is sold out during a measurement.
MANY = 1_000_000
# An empty worker has a thread for each connection. nginx keeps fewer connections alive than that, so that each worker
# has free threads.
EMPTY_THREADS = 128
EMPTY_KEPT = 48
SALE = {"sale.sales_ahead": 0, "sale.duration_s": 604800}


class Wrong(Exception):
    """The answers are not those that the case measures."""


def cpu_ms(pids):
    """CPU time of processes and their descendants: a dictionary by pid."""
    parent, own = {}, {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            head, tail = path.read_text(errors="replace").rsplit(")", 1)
        except OSError:
            continue  # it has ended
        fields = tail.split()
        pid = int(head.split()[0])
        parent[pid] = int(fields[1])
        own[pid] = (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")
    total = dict.fromkeys(pids, 0.0)
    for pid in own:
        at = pid
        while at in parent and at not in total:
            at = parent[at]
        if at in total:
            total[at] += own[pid]
    return total


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


class Stack:
    """A private stack (deploy/private/stack) with a folder and ports of its own."""

    def __init__(self, name, port, items=MANY, worker=None, sale=None):
        """`worker`, `sale`: settings of the workers, and of both workers and the generator."""
        self.name = name
        self.dir = OUT / name
        self.port = port
        options = {"sale.items_per_sale": items, **SALE, **(sale or {})}
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FLASHSALE_")},
            "RUN_DIR": str(self.dir),
            "BUILD_DIR": str(BUILD),
            "HTTP_PORT": str(port),
            "HTTPS_PORT": str(port + 1),
            "GENERATE_EVERY_S": "0",
            "GENERATOR_OPTIONS": " ".join(f"-o {k}={v}" for k, v in options.items()),
            "WORKER_OPTIONS": " ".join(f"-o {k}={v}" for k, v in {**(sale or {}), **(worker or {})}.items()),
        }
        self.next_number = 1

    def run(self, *arguments, check=True):
        subprocess.run([TOP / "deploy/private/stack", *arguments], env=self.environment, check=check,
                       stdout=subprocess.DEVNULL,
                       stderr=None if check else subprocess.DEVNULL)

    def __enter__(self):
        self.run("clean", check=False)
        self.run("start")
        return self

    def __exit__(self, *_):
        self.run("clean", check=False)

    @property
    def pids(self):
        parts = {"nginx": ["nginx"], "workers": ["worker-1", "worker-2"],
                 "postgresql": ["postgresql"], "redis": ["redis"]}
        return {part: [int((self.dir / "pid" / name).read_text()) for name in names]
                for part, names in parts.items()}

    def sql(self, text):
        return subprocess.run(
            ["psql", "--no-psqlrc", "--no-align", "--tuples-only", "--quiet",
             "--set=ON_ERROR_STOP=1", f"--host={self.dir}/postgresql", "--username=postgres",
             "--dbname=flashsale", f"--command={text}"],
            check=True, capture_output=True, text=True).stdout.strip()

    def decided(self):
        """How many checkouts and purchases PostgreSQL has decided since the start of the sale."""
        return int(self.sql(
            "SELECT sum(checkouts_accepted + checkouts_repeated + checkouts_refused + purchases_accepted"
            " + purchases_refused) FROM flashsale.sale_stripe"))

    def numbers(self, count):
        """Items that no request has named yet, for a load by number: first and count."""
        first, self.next_number = self.next_number, self.next_number + count
        return f"{first} {count}"

    def begin_anew(self):
        """Resets the sale to how it was generated: nothing held, sold or logged."""
        self.sql("TRUNCATE flashsale.attempt, flashsale.buyer, flashsale.hold_queue;"
                 "UPDATE flashsale.item SET held_by = NULL, held_until = '-infinity', secret = NULL,"
                 " purchased_at = NULL WHERE held_by IS NOT NULL;"
                 "UPDATE flashsale.sale SET generated_at = clock_timestamp();"
                 "UPDATE flashsale.sale_stripe l SET checkouts_accepted = 0, checkouts_repeated = 0,"
                 " checkouts_refused = 0, purchases_accepted = 0, purchases_refused = 0,"
                 " queue_next = 0, queue_offset = 0, queue_length = 0,"
                 " unoffered_next = (s.items_total::bigint * stripe / flashsale.stripes())::integer + 1"
                 " FROM flashsale.sale s WHERE s.sale_id = l.sale_id")
        self.sql("VACUUM flashsale.item")
        self.sql("VACUUM flashsale.sale_stripe")
        self.next_number = 1


class Empty:
    """Empty workers and an nginx with the stack's configuration."""

    def __init__(self, stack, port):
        self.stack, self.port, self.processes = stack, port, []
        self.name = "empty worker"
        self.dir = OUT / "empty"

    def start(self, *command):
        process = subprocess.Popen(["chrt", "--batch", "0", *map(str, command)],
                                   stdout=subprocess.DEVNULL)
        self.processes.append(process)
        return process.pid

    def __enter__(self):
        if not (BUILD / "empty_worker").exists():
            raise Wrong(f"{BUILD}/empty_worker is not there: 'make bench' builds it")
        try:
            return self.open()
        except BaseException:
            self.__exit__()
            raise

    def open(self):
        shutil.rmtree(self.dir, ignore_errors=True)
        for part in ("nginx", "log"):
            (self.dir / part).mkdir(parents=True)
        workers = [self.start("spawn-fcgi", "-n", "-s", self.dir / f"worker-{number}.sock", "-M",
                              "0666", "--", BUILD / "empty_worker", EMPTY_THREADS)
                   for number in (1, 2)]
        text = (self.stack.dir / "nginx/nginx.conf").read_text()
        for old, new in ((f"{self.stack.dir}/worker-", f"{self.dir}/worker-"),
                         (f"{self.stack.dir}/log/", f"{self.dir}/log/"),
                         ("nginx/nginx.pid", "nginx/empty.pid"),
                         (f"{self.stack.dir}/nginx/", f"{self.dir}/nginx/"),
                         (str(self.stack.port + 1), str(self.port + 1)),
                         (f":{self.stack.port}", f":{self.port}"),
                         ("keepalive 256;", f"keepalive {EMPTY_KEPT};"),
                         # Empty workers gain nothing from full batches: both get requests.
                         (" max_conns=256;", ";"), (" backup;", ";")):
            text = text.replace(old, new)
        for name in ("certificate.pem", "key.pem"):
            shutil.copy(self.stack.dir / "nginx" / name, self.dir / "nginx")
        conf = self.dir / "nginx/nginx.conf"
        conf.write_text(text)
        nginx = self.start("nginx", "-p", f"{self.dir}/", "-c", conf)
        self.pids = {"nginx": [nginx], "workers": workers}
        time.sleep(1)
        self.check()
        return self

    def check(self):
        ended = [process.args[3] for process in self.processes if process.poll() is not None]
        if ended:
            raise Wrong(f"of the empty worker's, {' and '.join(map(str, ended))} ended; see {self.dir}/log")

    def decided(self):
        self.check()
        return None

    def __exit__(self, *_):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait()
