"""The commands of the command line."""

import os
import signal
import subprocess
import sys
import time

from .part import asked_to_leave
from .parts import parts_of
from .place import TOP, Place, StackError, process_lives, tell
from .postgresql import PostgreSQL, remove_folders
from .supervise import on_signals, supervise, tell_where

STOP_S_MAX = 20
KILL_S = 18


def start(place):
    """Starts a supervisor in the background. Returns 0 once it serves, otherwise its exit status."""
    ready, told = os.pipe()
    supervisor = os.fork()
    if supervisor == 0:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        supervise(place, told)
    os.close(told)

    def leave(number, _):
        asked_to_leave.append(number)
        os.kill(supervisor, signal.SIGTERM)

    on_signals((signal.SIGINT, signal.SIGTERM), leave)
    if os.read(ready, 1):
        tell_where(place)
        return 0
    _, status = os.waitpid(supervisor, 0)
    status = os.waitstatus_to_exitcode(status)
    return 130 if asked_to_leave else 128 - status if status < 0 else status or 1


def stop(place):
    if not place.is_running():
        return tell(f"not running in {place.run_dir}")
    supervisor, began, sent = None, time.monotonic(), []
    while place.is_running():
        # It has no pid yet if it has only just begun.
        supervisor = supervisor or place.pid("stack")
        took_s = time.monotonic() - began
        number = signal.SIGKILL if took_s > KILL_S else signal.SIGTERM
        if supervisor and number not in sent:
            sent.append(number)
            os.kill(supervisor, number)
        if supervisor and not process_lives(supervisor):
            break
        if took_s > STOP_S_MAX:
            raise StackError(f"pid {supervisor} does not end")
        time.sleep(0.02)
    return None


def status(place):
    """Prints which parts are up. 0: all, 1: some, 3: the stack is not running."""
    place.read_settings()
    is_running, result = place.is_running(), 0
    tell(f"in {place.run_dir}, at http://localhost:{place['HTTP_PORT']} and https://localhost:{place['HTTPS_PORT']}"
         if is_running else f"not running in {place.run_dir}")
    for name in ("stack", *parts_of(place)):
        is_up = is_running and place.is_up(name)
        tell(f"{name:12} up    {place.pid(name)}" if is_up else f"{name:12} down")
        result = result if is_up else 1
    return result if is_running else 3


def change(place, verb, name):
    """Starts or stops one part."""
    place.read_settings()
    parts = parts_of(place)
    if name not in parts:
        raise StackError(f"there is no part '{name}': {' '.join(parts)}")
    if not place.is_running():
        raise StackError(f"not running in {place.run_dir}")
    place.ask(verb, parts[name])


def clean(place):
    if place.is_running():
        stop(place)
    home = PostgreSQL(place).home
    remove_folders(place.run_dir, *[home] if str(home).startswith("/var/tmp/flashsale-") else [])


COMMANDS = {
    "run": supervise, "start": start, "stop": stop, "status": status, "clean": clean,
    "start-part": lambda place, name="": change(place, "start", name),
    "stop-part": lambda place, name="": change(place, "stop", name),
}


def main(verb="", *arguments):
    os.chdir(TOP)
    try:
        if verb not in COMMANDS:
            raise StackError("usage: deploy/private/stack run|start|stop|status|start-part NAME|stop-part NAME|clean")
        sys.exit(COMMANDS[verb](Place(os.environ), *arguments[:1 if verb.endswith("-part") else 0]))
    except subprocess.CalledProcessError as error:
        tell(f"deploy/private/stack: {error.cmd[0]} failed", fd=2)
    except (StackError, OSError) as error:
        tell(f"deploy/private/stack: {error}", fd=2)
    sys.exit(1)
