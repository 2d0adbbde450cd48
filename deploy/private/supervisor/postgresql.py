"""PostgreSQL: its cluster's folder, how the cluster is made, and the schema in it."""

import hashlib
import os
import pwd
import signal
import subprocess
import tempfile
from pathlib import Path

from .part import Part, end, leave_if_asked, processes_in, run, wait_until
from .place import TOP, StackError, lock, read, remove, tell

PROGRAMS = Path("/usr/lib/postgresql")
TEMPLATES = TOP / "build/cluster"
# No fsync while a cluster is made: after a crash it is made again.
INITDB = ("--no-sync", "--username=postgres", "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8",
          "--locale=C")
# PostgreSQL refuses to run as root, so for root the package's user runs it.
AS_POSTGRES = ("--reuid=postgres", "--regid=postgres", "--init-groups") if os.geteuid() == 0 else ()


def owner():
    try:
        return pwd.getpwnam("postgres").pw_uid if AS_POSTGRES else os.geteuid()
    except KeyError:
        raise StackError("PostgreSQL is missing: 'make deps' installs Debian's") from None


def schema_key():
    """A hash of the files in sql/."""
    files = sorted(str(path.relative_to(TOP)) for path in (TOP / "sql").rglob("*") if path.is_file())
    sums = (f"{hashlib.sha256((TOP / name).read_bytes()).hexdigest()}  {name}\n" for name in files)
    return hashlib.sha256("".join(sums).encode()).hexdigest()[:16]


def copy(old, new):
    subprocess.run(["cp", "--archive", "--reflink=auto", old, new], check=True)


def remove_folders(*folders):
    subprocess.run(["rm", "--recursive", "--force", *folders], check=True)


class PostgreSQL(Part):
    """`folder`: that of its data; another one while a cluster is made."""

    programs = ("postgres",)
    end_signal = signal.SIGINT
    end_s_max = 5
    as_user = AS_POSTGRES

    def __init__(self, place, folder="data"):
        super().__init__(place, "postgresql")
        self.folder = folder

    @property
    def home(self):
        """In RUN_DIR; if PostgreSQL's user can't reach that, a folder below /var/tmp with a link in RUN_DIR."""
        link = self.place.run_dir / "postgresql"
        return Path(os.readlink(link)) if AS_POSTGRES and link.is_symlink() else self.place.run / "postgresql"

    @property
    def data(self):
        return self.home / self.folder

    def folders(self):
        """The working folders of its processes and of all others of the stack."""
        return {str(self.place.run_dir), os.path.realpath(self.data)}

    def pid_file(self):
        return read(self.data / "postmaster.pid").splitlines()

    # ---- the part ----

    def command(self):
        return [self.program("postgres"), "-D", self.data, "-c", "listen_addresses=",
                "-c", f"unix_socket_directories={self.home}"]

    def prepare(self):
        self.publish("flashsale.conf", read(TOP / "conf/postgresql.conf"))
        # After a kill -9 its children end a moment later; until then they keep the shared memory.
        wait_until(lambda: not any(processes_in(self.folders(), self.programs)))
        # PostgreSQL mistakes a zombie for a running process.
        if (lines := self.pid_file()) and "\nState:\tZ" in read(Path("/proc", lines[0], "status")):
            remove(self.data / "postmaster.pid", *self.home.glob(".s.PGSQL.*.lock"))

    def is_ready(self):
        lines = self.pid_file()
        return len(lines) > 7 and lines[0] == str(self.place.pid(self.name)) and lines[7].startswith("ready")

    def publish(self, name, text):
        """Writes a file that PostgreSQL's user can read, too."""
        (self.data / name).write_text(f"{text}\n")
        (self.data / name).chmod(0o644)

    def version(self):
        """The data's version, otherwise the newest one installed; "" if there is none."""
        there = filter(str.isdecimal, (path.name for path in PROGRAMS.glob("*")))
        return read(self.data / "PG_VERSION") or max(there, key=int, default="")

    def program(self, name):
        path = PROGRAMS / self.version() / "bin" / name
        if not os.access(path, os.X_OK):
            raise StackError(f"PostgreSQL {self.version() or '15 or later'} is missing (the data in {self.data} need"
                             " that version); 'make deps' installs Debian's, 'make clean' removes the data")
        return path

    # ---- the cluster ----

    def open(self):
        """Starts PostgreSQL; makes the cluster and the schema if they do not exist."""
        if not self.home.is_dir():
            self.home.mkdir(mode=0o700)
            os.chown(self.home, owner(), -1)
        status = self.home.stat()
        if (status.st_uid, status.st_mode & 0o7777) != (owner(), 0o700):
            raise StackError(f"{self.home} is there already and is not PostgreSQL's alone")
        key = schema_key()
        if not self.data.is_dir():
            self.make_cluster(key)
        self.start()
        self.await_ready()
        self.await_recovery()
        if read(self.data / "flashsale.schema") != key:
            self.deploy_schema(key)

    def choose_home(self):
        """Each RUN_DIR that PostgreSQL's user can't reach gets a folder of its own below /var/tmp, which only its link
        names. The folder of an earlier RUN_DIR with the same path is neither used nor removed: that RUN_DIR may have
        been moved."""
        link, prefix = self.place.run_dir / "postgresql", f"flashsale-{self.place.digest}"
        user = owner()
        if not AS_POSTGRES or link.exists() or \
                run(["setpriv", *AS_POSTGRES, "test", "-x", self.place.run_dir / "."], os.devnull):
            return
        for left in filter(Path.is_dir, Path("/var/tmp").glob(f"{prefix}*")):
            tell(f"{left} belongs to an earlier {self.place.run_dir} and is not used: remove it if that one is gone",
                 fd=2)
        remove(link)
        home = tempfile.mkdtemp(prefix=f"{prefix}.", dir="/var/tmp")
        os.chown(home, user, -1)
        link.symlink_to(home)

    def make_cluster(self, key):
        """Makes or copies a cluster. Making one with the schema takes seconds, copying a moment, so the first one is
        kept as a template for later stacks (tests start many)."""
        new, user = PostgreSQL(self.place, "data.new"), os.geteuid()
        template = TEMPLATES / f"{self.version()}-{user}-{key}"
        TEMPLATES.mkdir(parents=True, exist_ok=True)
        with open(TEMPLATES / "lock", "wb") as file:
            wait_until(lambda: lock(file))
            remove_folders(new.data)
            if template.is_dir():
                copy(template, new.data)
            else:
                new.initialize(key)
                remove_folders(TEMPLATES / "new", *TEMPLATES.glob(f"*-{user}-*"))
                copy(new.data, TEMPLATES / "new")
                (TEMPLATES / "new").rename(template)
        new.data.rename(self.data)

    def initialize(self, key):
        log = self.place.log(self.name)
        if not run(["setpriv", *AS_POSTGRES, "--", self.program("initdb"), *INITDB, "--pgdata", self.data], log):
            raise StackError(f"initdb failed; see {log}")
        with open(self.data / "postgresql.conf", "a", encoding="ascii") as file:
            file.write("include 'flashsale.conf'\n")
        try:
            self.start()
            self.await_ready()
            self.deploy_schema(key)
        finally:
            end(self)

    def query(self, text):
        return subprocess.run(
            ["psql", "--no-psqlrc", "--no-align", "--tuples-only", f"--host={self.home}", "--username=postgres",
             "--dbname=postgres", f"--command={text}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, start_new_session=True, text=True, check=False).stdout.strip()

    def await_recovery(self):
        """Waits until it takes writes. A cluster from a backup can be read long before that (hot standby)."""
        def is_over():
            return self.query("SELECT pg_is_in_recovery()") != "t"
        if not is_over():
            tell("PostgreSQL recovers from its WAL; this may take a while", fd=2)
            wait_until(is_over)

    def deploy_schema(self, key):
        environment = {**os.environ, "PGHOST": str(self.home), "PGUSER": "postgres", "SQITCH_EMAIL": "stack@localhost",
                       "PGOPTIONS": "--client-min-messages=warning", "SQITCH_FULLNAME": "flashsale stack"}
        is_there = self.query("SELECT 1 FROM pg_database WHERE datname = 'flashsale'")
        # Only the check notices a change that was edited after it was deployed.
        for command in (["true"] if is_there else ["createdb", "flashsale"],
                        ["sqitch", "deploy", "--target", "db:pg:flashsale"],
                        ["sqitch", "check", "--target", "db:pg:flashsale"]):
            leave_if_asked()
            if not run(command, self.place.log("sqitch"), cwd=TOP / "sql", env=environment):
                raise self.place.failed(
                    f"sql/ could not be deployed; the lines above are from {self.place.log('sqitch')}"
                    " ('make clean' removes this stack's data)", "sqitch")
        self.publish("flashsale.schema", key)  # a backup has it, too
