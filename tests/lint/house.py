#!/usr/bin/env python3
"""Compares the sources with the rules of docs/ARCHITECTURE.md and CONTRIBUTING.md:

    tests/lint/house.py [FOLDER]    the tree to check; by default the one that this file is in

    rooms       each C file outside tests/ is in a room of the table "Rooms", each top-level folder is named there
    walls       a room includes only itself and rooms below it, and none that its row excludes ("not"); a library of
                the table is included only by the rooms whose rows name it
    functions   bodies have at most 70 lines in C, braces included; at most 80 in SQL, between the dollar quotes
    files       at most 30 KB, except documents and data

Prints a line for each violation, then one with counts. Exits with 1 if there is a violation.
"""

import os
import pathlib
import re
import sys

C_LINES_MAX, SQL_LINES_MAX, FILE_BYTES_MAX = 70, 80, 30 * 1024
TABLE_ROW = re.compile(r"^\| `([\w/]+)/` \|.*\|([^|]*)\|$", re.M)
INCLUDE = re.compile(r"\s*#\s*include\b(?:\s*([<\"])([^>\"]+)[>\"])?")
SQL_CREATE = re.compile(r"\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\s+([\w.]+)", re.I)
DOLLAR_QUOTE = re.compile(r"\$\w*\$")
BUILT = {"build", "run"}  # at the top only
FOREIGN = {".git", "node_modules", "__pycache__"}
DATA = re.compile(r"""\.md$ | ^fcgi/api/openapi\.json$ | ^deploy/grafana/[^/]+\.json$ | /package-lock\.json$
    | ^tests/contract/contract\.txt$ | ^tests/fuzz/(corpus|dictionaries)/""", re.X)


def read_names(top):
    names = []
    for folder, folders, files in os.walk(top):
        skipped = FOREIGN | BUILT if folder == str(top) else FOREIGN
        folders[:] = sorted(set(folders) - skipped)
        paths = (pathlib.Path(folder, file) for file in sorted(files))
        names += [str(path.relative_to(top)) for path in paths if path.is_file() and not path.is_symlink()]
    return names


class Room:
    def __init__(self, floor, text):
        guarded, _, excluded = text.partition(" not ")
        self.floor = floor
        self.libraries = set(re.findall(r"`<([^>]+)>`", guarded))
        self.excluded = set(re.findall(r"`([\w/]+)/`", excluded))


def read_rooms(text):
    """The rooms by name; floor 0 is the lowest."""
    rows = TABLE_ROW.findall(text)
    if not rows:
        sys.exit("docs/ARCHITECTURE.md: the table of rooms is missing")
    return {name: Room(floor, cell) for floor, (name, cell) in enumerate(reversed(rows))}


def folder_of(name):
    return str(pathlib.PurePath(name).parent)


def library_of(header):
    """All headers in a library's folder are one library."""
    return header.partition("/")[0] if "/" in header else header


class House:
    def __init__(self, top):
        self.top, self.names, self.violations = top, read_names(top), []
        self.document = (top / "docs/ARCHITECTURE.md").read_text(encoding="utf-8")
        self.rooms = read_rooms(self.document)
        self.guarded = {library_of(header) for room in self.rooms.values() for header in room.libraries}
        self.includes = []  # (room, other room), one for each #include between two rooms

    def read(self, name):
        return (self.top / name).read_text(encoding="utf-8")

    def report(self, position, text):
        self.violations.append(f"{position}: {text}")

    def check_rooms(self):
        folders = {name.partition("/")[0] for name in self.names if "/" in name and not name.startswith(".")}
        section = self.document.partition("## Rooms")[2].partition("\n## ")[0]
        for folder in sorted(folders):
            if not re.search(rf"`{re.escape(folder)}/", section):
                self.report(f"{folder}/", "is not in \"Rooms\" of docs/ARCHITECTURE.md")
        inhabited = {folder_of(name) for name in self.names if name.endswith(".c")}
        for room in self.rooms:
            if room not in inhabited:
                self.report("docs/ARCHITECTURE.md", f"{room}/ has no C file")

    def check_walls(self, name):
        room = folder_of(name)
        if room not in self.rooms:
            self.report(name, f"{room}/ is not in the table of rooms (docs/ARCHITECTURE.md)")
            return
        for number, line in enumerate(self.read(name).splitlines(), 1):
            include = INCLUDE.match(line)
            if not include:
                continue
            bracket, header = include.groups()
            position = f"{name}:{number}"
            if bracket == "<":
                self.check_library(position, room, header)
            elif bracket:
                self.check_include(position, room, header)
            else:
                self.report(position, "the included file is not a constant")

    def check_library(self, position, room, header):
        library = library_of(header)
        if library in self.guarded and library not in map(library_of, self.rooms[room].libraries):
            self.report(position, f"{room}/ includes <{header}>, which only other rooms may include")

    def check_include(self, position, room, header):
        beside = os.path.normpath(f"{room}/{header}")
        path = beside if (self.top / beside).is_file() else os.path.normpath(header)
        other = folder_of(path)
        if not (self.top / path).is_file() or other not in self.rooms:
            self.report(position, f"\"{header}\" is in no room")
        elif other != room:
            self.includes.append((room, other))
            if self.rooms[other].floor > self.rooms[room].floor:
                self.report(position, f"{room}/ includes {other}/, which is above it")
            elif other in self.rooms[room].excluded:
                self.report(position, f"{room}/ includes {other}/, which its row excludes")

    def check_lengths(self, name):
        is_c, is_sql = name.endswith((".c", ".h")), name.endswith((".sql", ".psql"))
        for functions, limit in ((c_functions, C_LINES_MAX * is_c), (sql_functions, SQL_LINES_MAX * is_sql)):
            for line, function, count in functions(self.read(name).splitlines()) if limit else ():
                if count > limit:
                    self.report(f"{name}:{line}", f"{function}() has {count} lines, {limit} are the most")
        size = (self.top / name).stat().st_size
        if size > FILE_BYTES_MAX and not DATA.search(name):
            self.report(name, f"{size} bytes, {FILE_BYTES_MAX} are the most")


def c_functions(lines):
    """(line, name, length) of each function: its body begins and ends with a brace at the beginning of a line."""
    opened = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            opened = number
        elif line == "}" and opened:
            signature = next((text for text in reversed(lines[:opened - 1]) if re.match(r"\w", text)), "")
            name = re.search(r"(\w+)\(", signature)
            yield opened, name[1] if name else "?", number - opened + 1
            opened = None


def sql_functions(lines):
    """(line, name, length of the body) of each function; without a quoted body the whole function counts.

    A semicolon outside the body ends a function, or the end of the file."""
    name = quote = None
    for number, line in enumerate(lines, 1):
        if name is None:
            create = SQL_CREATE.match(line)
            if not create:
                continue
            name, begin, is_atomic = create[1], number, False
            first, last = number, None
        for mark in DOLLAR_QUOTE.findall(line):
            if quote is None:
                quote, first = mark, number + 1
            elif mark == quote:
                quote, last = None, number - 1
        code = line.partition("--")[0].rstrip().upper()
        is_atomic |= "BEGIN ATOMIC" in code
        if quote is None and (code == "END;" if is_atomic else code.endswith(";")) or number == len(lines):
            yield begin, name, (last or number) - first + 1
            name = quote = None


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    house = House(top)
    house.check_rooms()
    for name in house.names:
        if name.endswith((".c", ".h")) and not name.startswith("tests/"):
            house.check_walls(name)
        house.check_lengths(name)
    for violation in house.violations:
        print(violation)
    print(f"{len(house.rooms)} rooms, {len(house.includes)} includes between them in "
          f"{len(set(house.includes))} directions, {len(house.violations)} violations")
    return 1 if house.violations else 0


if __name__ == "__main__":
    sys.exit(main())
