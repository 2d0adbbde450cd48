#!/usr/bin/env python3
"""Runs the commands of README.md and `make help` on bare machines.

    tests/fresh/fresh.py [LEG...]       all legs, or some: "short", a leg's name, or the beginning of one, also with
                                        wildcards: 12-user-de, 13-root-*-bench, *-readme

A machine is a Debian system by debootstrap (12 or 13) with git, make, sudo and locales, in a network namespace with
access to the internet (slirp4netns). Each leg has its own machine, an overlay, and a user on it: root, or a user with
sudo, who comes by `su -`, with LANG C.UTF-8 or de_DE.UTF-8. It clones the last commit of the project, and runs:

    DEBIAN-USER-LOCALE-readme       README's commands, `make test` included
    DEBIAN-USER-LOCALE-short        the same, with `make unit` and some end-to-end files for `make test`
    DEBIAN-USER-LOCALE-TARGET       `make TARGET`, for each line of `make help`

Without arguments: README's commands on all eight machines, and each target on Debian 12 as a user in German, and on
Debian 13 as root. "short" is two legs, quick enough to run for each change.

Each leg prints a line. Times, downloads and disk space go to build/fresh/report.json, the logs of failed legs to
build/fresh/LEG.log. It exits with 1 if a leg failed.

Environment: JOBS (1), legs at once; KEEP=1 keeps a failed leg's disk.
"""

import concurrent.futures
import contextlib
import datetime
import fnmatch
import hashlib
import inspect
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
OUT = TOP / "build/fresh"
CODENAMES = {"12": "bookworm", "13": "trixie"}
LOCALES = {"c": "C.UTF-8", "de": "de_DE.UTF-8"}
USERS = {"user": "shop", "root": "root"}
PACKAGES = "git,make,ca-certificates,sudo,locales"
FOLDER = "flashsale"
BUNDLE = "srv/flashsale.bundle"
URL = "http://localhost:8080"

# The legs of README run these; README must have them.
README_COMMANDS = ("make run", "make run DETACH=1")
# End-to-end tests for the short legs: programs, requests, both web servers, PostgreSQL, Redis, times, files.
SHORT_FILES = ("01-programs 02-contract 04-crowd 05-sold-out 06-hold 07-redis 08-postgresql 10-generator"
               " 15-contract-nginx 16-contract-lighttpd 20-metrics 27-backup").split()
# For targets that take long by themselves, or need more: the commands, one after the other.
COMMANDS = {
    "run": ("make run DETACH=1", "make stop"),
    "failover": ("make failover ROUNDS=1",),
    "fuzz": ("make fuzz SECONDS_EACH=2",),
    "torture": ("make torture ROUNDS=1",),
    "bench": ("ROUNDS=1 SECONDS_EACH=2 make bench CASES=flow",),
    "fairness": ("make fairness ARGUMENTS='--items 1000 --users 5000 --programs 0.1 --draw-s 20 --come-s 1"
                 " --read-s 1 --points 10'",),
}
ROOT_ONLY = ("test-hosts", "failover", "test-deploy")
SUDO = ("install",)
NOT_HERE = {"test-fresh": "this is it: it would make bare systems within bare systems"}
# A command that takes longer, in seconds, hangs.
PATIENCE_S = 3600
START_PATIENCE_S = 900


class Failed(Exception):
    """A leg failed; the message says why."""


def call(*command, **more):
    return subprocess.run([str(word) for word in command], check=True, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, **more).stdout


# ---- bare systems ---------------------------------------------------------------------------------------


def own_codename():
    return re.search(r"^VERSION_CODENAME=(\w+)$", pathlib.Path("/etc/os-release").read_text(), re.M)[1]


def sources(codename):
    """This machine's Debian archives, for another release: one line each."""
    lines = set()
    for target in call("apt-get", "indextargets", "--format", "$(SITE) $(RELEASE) $(ORIGIN)",
                       "Created-By: Packages", "Component: main").splitlines():
        site, release, origin = target.split(" ", 2)
        if origin == "Debian":
            release = release.replace(own_codename(), codename)
            lines.add(f"deb {site} {release} main")
    return sorted(lines, key=lambda line: (f" {codename} " not in line, line))


def downloading():
    """This machine's settings of apt for reaching the archives, such as a proxy."""
    return "".join(line + "\n" for line in call("apt-config", "dump").splitlines()
                   if re.match(r"Acquire::(https?|Check-|Retries|ForceIPv)", line))


def authorities():
    return sorted(pathlib.Path("/usr/local/share/ca-certificates").glob("*.crt"))


def make_base(debian):
    """The system that legs start from, in build/fresh; made anew only if it is out of date."""
    codename = CODENAMES[debian]
    base = OUT / f"debian-{debian}"
    archives = sources(codename)
    made_of = [inspect.getsource(make_base), PACKAGES, *archives, downloading(), *(path.read_text() for path in authorities())]
    key = hashlib.sha256("\n".join(made_of).encode()).hexdigest()
    mark = OUT / f"debian-{debian}.key"
    if mark.exists() and mark.read_text() == key:
        return base
    new = OUT / f"debian-{debian}.new"
    for old in (base, new):
        subprocess.run(["rm", "--recursive", "--force", "--one-file-system", old], check=True)
    with open(OUT / f"debian-{debian}.log", "w", encoding="utf-8") as log:
        def tell(*command):
            # In a mount namespace of its own, since debootstrap leaves /proc mounted when it fails.
            subprocess.run(["unshare", "--mount", *map(str, command)], check=True, stdin=subprocess.DEVNULL,
                           stdout=log, stderr=log)
        tell("debootstrap", "--variant=minbase", f"--include={PACKAGES}", codename, new, archives[0].split()[1])
        for path in authorities():
            shutil.copy(path, new / "usr/local/share/ca-certificates")
        tell("chroot", new, "update-ca-certificates")
        (new / "etc/apt/sources.list").write_text("\n".join(archives) + "\n")
        (new / "etc/apt/apt.conf.d/90downloading").write_text(downloading())
        # Faster: this system need not survive a power failure.
        (new / "etc/dpkg/dpkg.cfg.d/unsafe").write_text("force-unsafe-io\n")
        (new / "etc/locale.gen").write_text("de_DE.UTF-8 UTF-8\n")
        tell("chroot", new, "locale-gen")
        (new / "etc/hosts").write_text("127.0.0.1 localhost fresh\n::1 localhost\n")
        (new / "etc/hostname").write_text("fresh\n")
        tell("chroot", new, "useradd", "--create-home", "--shell", "/bin/bash", USERS["user"])
        (new / "etc/sudoers.d/shop").write_text(f"{USERS['user']} ALL=(ALL) NOPASSWD: ALL\n")
        (new / "etc/sudoers.d/shop").chmod(0o440)
        (new / "etc/resolv.conf").unlink(missing_ok=True)
        # The resolver of slirp4netns.
        (new / "etc/resolv.conf").write_text("nameserver 10.0.2.3\n")
        tell("chroot", new, "apt-get", "clean")
    new.rename(base)
    mark.write_text(key)
    return base


class System:
    """One leg's machine. Its processes end with it."""

    def __init__(self, leg, base, log):
        self.folder = OUT / "legs" / leg.name
        self.leg, self.base, self.log = leg, base, log
        self.processes = []
        self.init = None

    def start(self, *command, **more):
        # If this program is killed, they are killed, too.
        process = subprocess.Popen(["setpriv", "--pdeathsig=KILL", *map(str, command)], stdin=subprocess.DEVNULL,
                                   stderr=self.log, **more)
        self.processes.append(process)
        return process

    def __enter__(self):
        try:
            self.set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def set_up(self):
        self.remove()
        for part in ("upper", "work", "root"):
            (self.folder / part).mkdir(parents=True)
        upper = self.folder / "upper"
        (upper / "srv").mkdir()
        shutil.copy(OUT / "flashsale.bundle", upper / BUNDLE)
        (upper / "etc/default").mkdir(parents=True)
        (upper / "etc/default/locale").write_text(f"LANG={self.leg.locale}\n")
        unshare = self.start("unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child",
                             HERE / "inside", self.base, self.folder, stdout=subprocess.PIPE)
        if unshare.stdout.readline() != b"ready\n":
            raise Failed("the bare system could not be made")
        self.init = pathlib.Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children").read_text().split()[0]
        ready, written = os.pipe()
        self.start("slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback",
                   f"--ready-fd={written}", self.init, "tap0", stdout=self.log, pass_fds=(written,))
        os.close(written)
        if os.read(ready, 1) != b"1":
            raise Failed("slirp4netns could not give it a network")
        os.close(ready)
        self.disk_before = self.disk()

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()

    def __exit__(self, *_):
        self.end()
        if not (self.leg.failed and os.environ.get("KEEP")):
            # The kernel may still use files for a moment, and they cannot be removed until then.
            for _ in range(50):
                with contextlib.suppress(subprocess.CalledProcessError):
                    self.remove()
                    break
                time.sleep(0.1)

    def remove(self):
        subprocess.run(["rm", "--recursive", "--force", "--one-file-system", self.folder], check=True)

    def enter(self, *command):
        return ["nsenter", f"--target={self.init}", "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd",
                "env", "--ignore-environment", "--default-signal", "TERM=dumb", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *command]

    def as_user(self, command):
        """Wraps a shell command, to be run by the leg's user in the clone."""
        if not command.startswith("git clone"):
            command = f"cd {FOLDER} && {command}"
        # Not --command, which has no terminal.
        return self.enter("su", "-", USERS[self.leg.user], "--session-command", command)

    def downloaded(self):
        return int(call(*self.enter("cat", "/sys/class/net/tap0/statistics/rx_bytes")))

    def disk(self):
        output = subprocess.run(["du", "--summarize", "--block-size=1", self.folder / "upper"], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
        return int(output.split()[0])

    def others(self):
        """The names of the processes there, besides the first one and its sleep."""
        # A process may end while it is read.
        lines = call(*self.enter("sh", "-c", "grep --no-messages . /proc/[0-9]*/comm || true")).splitlines()
        names = (line.split("/comm:")[1] for line in lines if not line.startswith("/proc/1/"))
        return sorted(name for name in names if name not in ("sleep", "sh", "grep"))


# ---- legs -----------------------------------------------------------------------------------------------


class Leg:
    def __init__(self, debian, user, locale, what):
        self.debian, self.user, self.what = debian, user, what
        self.name = f"{debian}-{user}-{locale}-{what}"
        self.locale = LOCALES[locale]
        self.result, self.why, self.counts = "failed", "", (0, 0)
        self.steps = []
        self.seconds = 0.0
        self.system = None

    @property
    def failed(self):
        return self.result == "failed"

    def step(self, command):
        """Measures a part of the leg: call it at the part's start, and the result's end() at its end."""
        step = {"command": command, "ok": False}
        self.steps.append(step)
        before, began = self.system.downloaded(), time.monotonic()

        def end():
            step.update(ok=True, seconds=round(time.monotonic() - began, 1),
                        downloaded_bytes=self.system.downloaded() - before,
                        disk_bytes=self.system.disk() - self.system.disk_before)
        return end

    def failed_tests(self, lines_each=12):
        """Name and first line of output of each failed test, from the end of the output of tests/run."""
        found, left = {}, 0
        for line in (OUT / f"{self.name}.log").read_text(encoding="utf-8", errors="replace").splitlines():
            if re.match(r"\S+\.tap:not ok ", line):
                left = 0 if line in found else lines_each
                found.setdefault(line, [])
            elif left > 0 and re.match(r"\S+\.tap-#", line):
                found[list(found)[-1]].append(line)
                left -= 1
        return [line for name, said in found.items() for line in (name, *said)]

    def tell(self, text):
        self.log.write(text + "\n")
        self.log.flush()

    def run(self, command, patience_s=PATIENCE_S):
        """Runs a command as the user; returns its output."""
        self.tell(f"\n$ {command}")
        end = self.step(command)
        output = []
        with subprocess.Popen(self.system.as_user(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace") as process:
            timer = threading.Timer(patience_s, process.kill)
            timer.start()
            for line in process.stdout:
                self.log.write(line)
                output.append(line)
            status = process.wait()
            alive = timer.is_alive()
            timer.cancel()
        self.log.flush()
        output = "".join(output)
        for passed, failed in re.findall(r"^(\d+) passed, (\d+) failed$", output, re.M)[-1:]:
            self.counts = (self.counts[0] + int(passed), self.counts[1] + int(failed))
        if not alive:
            raise Failed(f"'{command}' did not end within {patience_s} s")
        if status != 0:
            raise Failed(f"'{command}' ended with {status}")
        end()
        return output

    def curl(self, line, expected, members=()):
        """Runs one of README's curl lines; returns the reply, checked for the status and the members."""
        output = self.run(line.replace("curl ", "curl --silent --show-error --write-out '\\n%{http_code}' ", 1))
        body, status = output.rstrip("\n").rsplit("\n", 1)
        if status != str(expected):
            raise Failed(f"{line}: {status} for {expected}")
        reply = json.loads(body) if members else None
        for member in members:
            if member not in reply:
                raise Failed(f"{line}: no {member} in the reply")
        return reply

    def requests(self):
        """Runs README's curl lines, in order, with the code of this checkout; and the other paths that it names."""
        checkout, purchase = (line for line in readme_lines() if line.startswith("curl "))
        reply = self.curl(checkout, 200, ("code", "expires_at", "item"))
        code = re.search(r"code=([\w-]+)", purchase)[1]
        again = self.curl(purchase.replace(code, reply["code"]), 200, ("purchase_id", "purchased_at", "total_price"))
        if again["item_id"] != reply["item_id"] or not reply["item_id"].endswith("-4711"):
            raise Failed(f"{reply['item_id']} was reserved, {again['item_id']} sold")
        for path in ("/status", "/sale/status", "/items", "/sales", "/health", "/", "/openapi.json"):
            self.curl(f"curl {URL}{path}", 200, ())

    def terminal(self, command, until, meanwhile):
        """Types a command; once `until` is printed calls a function, then types Ctrl-C and waits for the end."""
        self.tell(f"\n$ {command}    (on a terminal)")
        end = self.step(command)
        ours, theirs = pty.openpty()
        process = subprocess.Popen(self.system.enter("setsid", "--ctty", "--wait", "su", "-", USERS[self.user]),
                                   stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        try:
            # The shell prints a command's status before its next prompt.
            os.write(ours, f"cd {FOLDER}\nPROMPT_COMMAND='echo status=$?'\n".encode())
            self.read_until(ours, r"status=\d+", 30)
            os.write(ours, f"{command}\n".encode())
            if self.read_until(ours, rf"{until}|make: \*\*\* .*", START_PATIENCE_S)[0].startswith(b"make"):
                raise Failed(f"'{command}' ended at once")
            end()
            meanwhile()
            end = self.step(f"{command}, Ctrl-C")
            os.write(ours, b"\x03")
            status = self.read_until(ours, r"status=(\d+)", 30)[1].decode()
            if status not in ("0", "2", "130"):
                raise Failed(f"'{command}' ended with {status} on Ctrl-C")
            end()
        finally:
            process.kill()
            process.wait()
            os.close(ours)

    def read_until(self, terminal, pattern, patience_s):
        """Waits until the output has a match; returns it."""
        seen, deadline = b"", time.monotonic() + patience_s
        while True:
            found = re.search(pattern.encode(), seen)
            if found:
                return found
            if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Failed(f"waited {patience_s} s for '{pattern}'")
            try:
                data = os.read(terminal, 65536)
            except OSError:
                data = b""
            if not data:
                raise Failed(f"the shell ended before '{pattern}'")
            self.log.write(data.decode(errors="replace").replace("\r", ""))
            seen += data

    def nothing_is_left(self, after):
        deadline = time.monotonic() + 5
        while self.system.others() and time.monotonic() < deadline:
            time.sleep(0.1)
        if self.system.others():
            raise Failed(f"after {after} there still run: {' '.join(self.system.others())}")

    def readme(self):
        for command in README_COMMANDS:
            if command not in " ".join(readme_lines()):
                raise Failed(f"README.md has no '{command}'")
        self.terminal("make run", "flashsale listens on", self.requests)
        self.nothing_is_left("Ctrl-C")
        self.run("make run DETACH=1", START_PATIENCE_S)
        self.curl(f"curl {URL}/health", 200, ("status",))
        self.run("make status")
        self.run("make stop")
        self.nothing_is_left("'make stop'")

    def whole(self):
        self.readme()
        self.run("make test")
        self.nothing_is_left("'make test'")
        self.run("make clean")

    def short(self):
        self.readme()
        self.run("make unit")
        self.run("make deps")
        self.run("tests/run " + " ".join(f"tests/end-to-end/{name}.bats" for name in SHORT_FILES))
        self.nothing_is_left("tests")

    def target(self):
        for command in COMMANDS.get(self.what, (f"make {self.what}",)):
            if self.what in SUDO and self.user != "root":
                command = f"sudo {command}"
            self.run(command)
        self.nothing_is_left(f"'make {self.what}'")

    def play(self, bases):
        began = time.monotonic()
        path = OUT / f"{self.name}.log"
        with open(path, "w", encoding="utf-8", buffering=1) as self.log:
            try:
                if self.what in NOT_HERE:
                    self.result, self.why = "skipped", NOT_HERE[self.what]
                    return self
                if self.what in ROOT_ONLY and self.user != "root":
                    self.result, self.why = "skipped", "it is for root"
                    return self
                with System(self, bases[self.debian], self.log) as self.system:
                    try:
                        self.run(f"git clone --quiet /{BUNDLE} {FOLDER}")
                        {"readme": self.whole, "short": self.short}.get(self.what, self.target)()
                        self.result = "ok"
                    except (Failed, OSError, ValueError, subprocess.SubprocessError) as error:
                        self.result, self.why = "failed", str(error)
                        self.tell(f"\nfailed: {error}")
            except (Failed, OSError, subprocess.SubprocessError) as error:
                self.result, self.why = "failed", str(error)
                self.tell(f"\nfailed: {error}")
            finally:
                self.seconds = round(time.monotonic() - began, 1)
        if not self.failed:
            path.unlink()
        return self

    def give_up(self):
        if self.system:
            self.system.end()

    def entry(self):
        passed, failed = self.counts
        return {"leg": self.name, "result": self.result, "why": self.why, "seconds": self.seconds,
                "tests_passed": passed, "tests_failed": failed,
                "downloaded_bytes": sum(step.get("downloaded_bytes", 0) for step in self.steps),
                "disk_bytes": max((step.get("disk_bytes", 0) for step in self.steps), default=0),
                "steps": self.steps}


def readme_lines():
    """README.md's indented lines of commands, without their comments."""
    lines = re.findall(r"^    (?:\$ )?((?:make|curl) .*)$", (TOP / "README.md").read_text(), re.M)
    text = (TOP / "README.md").read_text()
    inline = re.findall(r"`(make [^`]*)`", text)
    return [re.sub(r"\s+#.*", "", line) for line in lines] + inline


def targets():
    return [line.split()[0] for line in call("make", "--no-print-directory", "help", cwd=TOP).splitlines()]


def default_legs():
    legs = [Leg(debian, user, locale, "readme")
            for debian in CODENAMES for user in USERS for locale in LOCALES]
    for target in targets():
        legs.append(Leg("12", "root" if target in ROOT_ONLY else "user", "de", target))
        legs.append(Leg("13", "root", "c", target))
    return legs


def wanted_legs(words):
    if not words:
        return default_legs()
    short = [Leg("12", "user", "de", "short"), Leg("13", "root", "c", "short")]
    every = {leg.name: leg for leg in
             [*short, *(Leg(debian, user, locale, what) for what in ["readme", *targets()] for debian in CODENAMES
                        for user in USERS for locale in LOCALES)]}
    usual = [leg.name for leg in default_legs()]
    names = []
    for word in words:
        if word == "short":
            found = [leg.name for leg in short]
        elif word in every:
            found = [word]
        else:
            found = [name for name in usual if fnmatch.fnmatch(name, word) or fnmatch.fnmatch(name, f"{word}-*")]
        if not found:
            raise SystemExit(f"tests/fresh: there is no leg '{word}', such are: {' '.join(usual[:9])} ...")
        names += [name for name in found if name not in names]
    return [every[name] for name in names]


# ---- all legs -------------------------------------------------------------------------------------------


def why_not():
    if os.geteuid() != 0:
        return "only root can make bare systems"
    for name in ("debootstrap", "slirp4netns", "unshare", "git"):
        if not shutil.which(name):
            return f"{name} is missing"
    probe = subprocess.run(["unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "true"],
                           stderr=subprocess.DEVNULL, check=False)
    return "namespaces cannot be had here" if probe.returncode else ""


def megabytes(count):
    return f"{count / 1e6:.0f} MB"


def report_of(legs, began):
    return {"commit": call("git", "rev-parse", "HEAD", cwd=TOP).strip(),
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "machine": f"{os.cpu_count()} cores, Linux {os.uname().release}",
            "seconds": round(time.monotonic() - began, 1),
            "legs": [leg.entry() for leg in legs]}


def main():
    legs = wanted_legs(sys.argv[1:])
    why = why_not()
    if why:
        print(f"skipped, all {len(legs)} legs: {why}\n0 passed, 0 failed")
        return 0
    began = time.monotonic()
    OUT.mkdir(parents=True, exist_ok=True)
    if call("git", "status", "--porcelain", cwd=TOP):
        print("tests/fresh: what is not committed is not in the clones")
    call("git", "bundle", "create", "--quiet", OUT / "flashsale.bundle", "HEAD", cwd=TOP)
    # SystemExit, so that machines end in order.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    wanted = sorted({leg.debian for leg in legs})
    with concurrent.futures.ThreadPoolExecutor() as pool:
        bases = dict(zip(wanted, pool.map(make_base, wanted)))
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS") or 1)) as pool:
        running = [pool.submit(leg.play, bases) for leg in legs]
        try:
            for future in concurrent.futures.as_completed(running):
                leg = future.result()
                entry = leg.entry()
                tests = f", {leg.counts[0]} tests passed, {leg.counts[1]} failed" if any(leg.counts) else ""
                why = f": {leg.why}" if leg.why else ""
                print(f"{leg.result:8s} {leg.name:28s} {leg.seconds:6.0f} s, downloaded"
                      f" {megabytes(entry['downloaded_bytes'])}, on disk {megabytes(entry['disk_bytes'])}{tests}{why}"
                      + (f"; see build/fresh/{leg.name}.log" if leg.failed else ""), flush=True)
                for line in leg.failed_tests() if leg.failed else ():
                    print("    " + line, flush=True)
                (OUT / "report.json").write_text(json.dumps(report_of(legs, began), indent=1) + "\n")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for leg in legs:
                leg.give_up()
            raise
    failed = [leg for leg in legs if leg.failed]
    # The count of each leg's tests, and one for the leg itself.
    passed_count = sum(leg.counts[0] for leg in legs) + sum(leg.result == "ok" for leg in legs)
    failed_count = sum(leg.counts[1] for leg in legs) + len(failed)
    print(f"{passed_count} passed, {failed_count} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
