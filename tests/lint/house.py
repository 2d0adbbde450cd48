#!/usr/bin/env python3
"""Holds the sources against the house that docs/ARCHITECTURE.md describes:

    tests/lint/house.py [FOLDER]    the tree to look at, this one unless told otherwise

    walls       a room includes rooms below it, as the table "Rooms" has them, and itself; a library that the table
                names is included by the rooms that it is named at
    functions   at most 70 lines in C, 80 in SQL
    files       at most 30 KB, but for the OpenAPI description

A line for each that is not so, and one with the number of arrows between rooms. Exits with 1 where there is any.
"""

import pathlib
import re
import subprocess
import sys

C_LINES_MAX, SQL_LINES_MAX, FILE_BYTES_MAX = 70, 80, 30 * 1024
TABLE_ROW = re.compile(r"^\| `([\w/]+)/` \|.*?\|([^|]*)\|$", re.M)
INCLUDE = re.compile(r'^#include ([<"])([^>"]+)[>"]', re.M)
SQL_FUNCTION = re.compile(r"^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) (\w+).*?^(?:AS )?\$\$$(.*?)^\$\$;", re.M | re.S)
SOURCES = re.compile(r"\.(c|h|sql|py|lua|js|mjs|css|html|bash|bats)$|^Makefile$|^deploy/[\w-]+$")
EXEMPT = {"fcgi/api/openapi.json"}


def tracked(top):
    names = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=top, check=True,
                           text=True, stdout=subprocess.PIPE).stdout.splitlines()
    return [name for name in names if (top / name).is_file() and not (top / name).is_symlink()]


def read_rooms(top):
    """The rooms from the top floor down, each with the libraries that are named at it."""
    text = (top / "docs/ARCHITECTURE.md").read_text()
    rooms = {room: set(re.findall(r"`<([^>]+)>`", libraries)) for room, libraries in TABLE_ROW.findall(text)}
    if not rooms:
        raise SystemExit("docs/ARCHITECTURE.md: there is no table of rooms")
    return rooms


def room_of(name, rooms):
    parents = [str(parent) for parent in pathlib.PurePath(name).parents]
    return next((parent for parent in parents if parent in rooms), None)


def walls(top, names, rooms, faults):
    floor = {room: number for number, room in enumerate(reversed(rooms))}
    guarded = set().union(*rooms.values())
    arrows = set()
    for name in names:
        room = room_of(name, rooms)
        if not room or not name.endswith((".c", ".h")):
            continue
        for number, line in enumerate((top / name).read_text().splitlines(), 1):
            include = INCLUDE.match(line)
            if not include:
                continue
            is_library, what = include[1] == "<", include[2]
            if is_library:
                if what in guarded and what not in rooms[room]:
                    faults.append(f"{name}:{number}: {room}/ includes <{what}>, which is not its to know")
                continue
            beside = str(pathlib.PurePath(name).parent / what)
            other = room_of(beside if (top / beside).is_file() else what, rooms)
            if not other:
                faults.append(f"{name}:{number}: \"{what}\" is in no room")
            elif other != room:
                arrows.add((name, what))
                if floor[other] > floor[room]:
                    faults.append(f"{name}:{number}: {room}/ includes {other}/, which is above it")
    return len(arrows), len({(room_of(a, rooms), room_of(b, rooms)) for a, b in arrows})


def c_functions(text):
    """(line, name, lines) of each function: a brace at the beginning of a line opens and closes its body."""
    lines = text.splitlines()
    opened = None
    for number, line in enumerate(lines):
        if line == "{":
            opened = number
        elif line == "}" and opened is not None:
            above = next((lines[at] for at in range(opened - 1, -1, -1) if re.match(r"\w", lines[at])), "")
            name = re.search(r"(\w+)\(", above)
            yield opened + 1, name[1] if name else "?", number - opened + 1
            opened = None


def lengths(top, names, faults):
    for name in names:
        if name.endswith((".c", ".h")):
            for line, function, count in c_functions((top / name).read_text()):
                if count > C_LINES_MAX:
                    faults.append(f"{name}:{line}: {function}() has {count} lines, {C_LINES_MAX} are the most")
        elif name.startswith("sql/deploy/") and name.endswith(".sql"):
            text = (top / name).read_text()
            for found in SQL_FUNCTION.finditer(text):
                count = found[2].strip("\n").count("\n") + 1
                if count > SQL_LINES_MAX:
                    line = text.count("\n", 0, found.start()) + 1
                    faults.append(f"{name}:{line}: {found[1]}() has {count} lines, {SQL_LINES_MAX} are the most")
        if SOURCES.search(name) and name not in EXEMPT and (top / name).stat().st_size > FILE_BYTES_MAX:
            faults.append(f"{name}: {(top / name).stat().st_size} bytes, {FILE_BYTES_MAX} are the most")


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    rooms, names, faults = read_rooms(top), tracked(top), []
    files, between = walls(top, names, rooms, faults)
    lengths(top, names, faults)
    for fault in faults:
        print(fault)
    print(f"{len(rooms)} rooms, {files} includes between them in {between} directions, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
