#!/usr/bin/env python3
"""Tries each line of the tables of docs/MIGRATING.md.

    tests/migration/lines.py SERVICE settings    the service's settings, NAME=VALUE a line
    tests/migration/lines.py SERVICE try         tries each line of its table; prints their number

Environment, for "try": URL, of a service with these settings; RUN_DIR, its private stack's folder; BUILD_DIR, the
programs' folder.
"""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
DOCUMENT = TOP / "docs" / "MIGRATING.md"
PROGRAMS = ("flashsale-fcgi", "flashsale-generator")


def section(service):
    """The lines of one service's section."""
    text = DOCUMENT.read_text(encoding="utf-8")
    found = re.search(rf"^## {service.upper()}: .*?(?=^## )", text, re.M | re.S)
    if not found:
        sys.exit(f"{DOCUMENT} has no section of {service}")
    return found[0].splitlines()


def settings(service):
    found = [line.strip() for line in section(service) if line.startswith("    FLASHSALE_")]
    if not found:
        sys.exit(f"{DOCUMENT} has no settings of {service}")
    return found


def rows(service):
    """[before, here] of each line of the table."""
    lines = [line for line in section(service) if line.startswith("|")]
    if lines[:2] != ["| before | here | |", "|---|---|---|"]:
        sys.exit(f"{DOCUMENT}: the table of {service} begins with {lines[:2]}")
    return [[cell.strip() for cell in line.strip("|").split(" |")[:2]] for line in lines[2:]]


class Client:
    """Sends requests, and remembers the last code."""

    def __init__(self, url):
        self.url = url
        self.code = "none-yet"

    def send(self, method, target, body=None):
        headers = {"Content-Type": "application/json"} if body else {}
        request = urllib.request.Request(self.url + target, method=method, headers=headers,
                                         data=body.encode() if body else None)
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                status, text = reply.status, reply.read()
        except urllib.error.HTTPError as refusal:
            status, text = refusal.code, refusal.read()
        try:
            members = json.loads(text)
        except ValueError:
            members = {}
        if status == 200 and "code" in members:
            self.code = members["code"]
        return status, members


def prepare(client):
    """Makes the state that the document has for users 1001 and 1002."""
    for number in range(101, 111):
        client.send("POST", f"/checkout?user_id=1001&id={number}")
        status, _ = client.send("POST", f"/purchase?code={client.code}")
        if status != 200:
            sys.exit(f"item {number} could not be bought: {status}")
    if client.send("POST", "/checkout?user_id=1002&id=111")[0] != 200:
        sys.exit("item 111 could not be reserved")


def member(members, name):
    for part in name.split("."):
        members = members.get(part) if isinstance(members, dict) else None
    return members


def try_request(client, before, here):
    method, target, body = re.fullmatch(r"`(GET|POST) (\S+)(?: (\{.*\}))?`", before).groups()
    status, members = client.send(method, target.replace("CODE", client.code),
                                  body and body.replace("CODE", client.code))
    expected, promised = re.fullmatch(r"([1-5]\d\d)(?:: (.*))?", here).groups()
    if status != int(expected):
        return f"{status} {members}"
    for name, value in re.findall(r"`([\w.]+)`(?: = `([^`]*)`)?", promised or ""):
        found = member(members, name)
        said = found if isinstance(found, str) else json.dumps(found)
        if found is None or (value and said != value):
            return f"{name} is {said}"
    return None


def try_setting(setting):
    """Tries a setting as an option and as a variable, with both programs."""
    name, value = setting.split("=", 1)
    variable = "FLASHSALE_" + name.upper().replace(".", "_")
    plain = {key: of for key, of in os.environ.items() if not key.startswith("FLASHSALE_")}
    for program in PROGRAMS:
        command = [f"{os.environ['BUILD_DIR']}/{program}", "-t", "-c", str(TOP / "conf/flashsale.conf")]
        for more, environment in (["-o", setting], plain), ([], {**plain, variable: value}):
            done = subprocess.run(command + more, env=environment, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                return done.stderr
    return None


def ask(query):
    done = subprocess.run(["psql", "--no-psqlrc", f"--host={os.environ['RUN_DIR']}/postgresql",
                           "--username=flashsale_report", "--dbname=flashsale", "--set=ON_ERROR_STOP=1",
                           f"--command={query}"], capture_output=True, text=True, check=False)
    return done.stderr if done.returncode != 0 else None


def try_row(client, before, here):
    """Tries a line; returns what is wrong, or None."""
    if re.match(r"`(GET|POST) ", before):
        return try_request(client, before, here)
    if re.fullmatch(r"`[a-z]+\.[a-z_]+=[^`]*`", here):
        return try_setting(here.strip("`"))
    if re.fullmatch(r"`SELECT [^`]*`", here):
        return ask(here.strip("`"))
    return "this is nothing that can be tried"


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in ("settings", "try"):
        sys.exit(__doc__)
    service = sys.argv[1]
    if sys.argv[2] == "settings":
        print("\n".join(settings(service)))
        return
    client = Client(os.environ["URL"])
    prepare(client)
    wrong = 0
    table = rows(service)
    for before, here in table:
        fault = try_row(client, before, here)
        print("not ok" if fault else "ok", before, here, fault or "")
        wrong += fault is not None
    print(f"{service}: {len(table) - wrong} of {len(table)} lines hold")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
