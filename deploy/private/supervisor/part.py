"""The base class of parts: start, readiness, end, and processes that an earlier supervisor left."""

import os
import signal
import subprocess
import time

from .place import remove, replace

START_S_MAX = 20
# The signal handler appends to it; functions that wait then leave.
asked_to_leave = []


def leave_if_asked():
    if asked_to_leave:
        raise SystemExit(0)


def wait_until(is_so, seconds=float("inf")):
    """Waits until is_so(). False: not in time."""
    ends = time.monotonic() + seconds
    while not is_so():
        leave_if_asked()
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True


def spawn(command, log, **options):
    """Starts a process in a session of its own, so that Ctrl-C reaches only the supervisor."""
    with open(log, "ab") as output:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                start_new_session=True, **options)


def run(command, log, **options):
    """Runs a command. True: it succeeded."""
    return spawn(command, log, **options).wait() == 0


class Part:
    """A program that the supervisor runs. In other commands a part has no process."""

    programs = ()  # prefixes of its programs' names
    end_signal = signal.SIGTERM
    end_s_max = 2.2  # then by force
    is_restarted = False
    as_user = ()  # options of setpriv(1)
    options = ()  # of the program, from the supervisor

    def __init__(self, place, name):
        self.place, self.name = place, name
        self.process = None
        self.is_wanted = False
        self.started_at = self.again_at = self.delay_s = 0

    def command(self):
        raise NotImplementedError

    def prepare(self):
        """Prepares the start."""

    def is_ready(self):
        """Whether a running part serves."""
        return True

    def start(self):
        self.prepare()
        # If the supervisor dies, the kernel sends the part a signal (PR_SET_PDEATHSIG). With SCHED_BATCH a process that
        # wakes up does not interrupt another: all share a few cores (sched(7)).
        self.process = spawn(
            ["chrt", "--batch", "0", "setpriv", *self.as_user, "--pdeathsig", self.end_signal.name[3:], "--",
             *self.command()], self.place.log(self.name), cwd=self.place.run)
        self.started_at = time.monotonic()
        replace(self.place.run_dir / "pid" / self.name, self.process.pid)

    def lives(self):
        return self.process is not None and self.process.poll() is None

    def forget(self):
        self.process = None
        remove(self.place.run_dir / "pid" / self.name)

    def await_ready(self):
        wait_until(lambda: self.is_ready() or not self.lives(), START_S_MAX)
        if not (self.lives() and self.is_ready()):
            raise self.place.failed(
                f"{self.name} did not start; the lines above are from {self.place.log(self.name)}", self.name)


def end(*parts):
    """Ends parts: sends their signals, waits, and kills those that are still there after end_s_max."""
    ends = time.monotonic() + max(part.end_s_max for part in parts)
    for part in parts:
        part.is_wanted = False
        if part.lives():
            # A stopped process (SIGSTOP) receives nothing until it is continued.
            part.process.send_signal(part.end_signal)
            part.process.send_signal(signal.SIGCONT)
    while living := [part for part in parts if part.lives()]:
        if time.monotonic() > ends:
            for part in living:
                part.process.kill()
        time.sleep(0.02)
    for part in parts:
        part.forget()


def processes_in(folders, programs):
    """The pids of these programs with one of these working folders. After a reboot a pid from a file may be that of any
    process."""
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            program = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
            if os.readlink(f"/proc/{pid}/cwd") in folders and program.startswith(programs):
                yield int(pid)
        except OSError:
            pass  # it has ended, or is another user's


def end_leftovers(folders, programs, number):
    """Ends processes that an earlier supervisor left; after two seconds by SIGKILL."""
    began = time.monotonic()
    while (found := list(processes_in(folders, programs))) and time.monotonic() < began + 3:
        for pid in found:
            try:
                os.kill(pid, number if time.monotonic() < began + 2 else signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
