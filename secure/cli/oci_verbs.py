"""The verbs of `secure oci`: parse, call one flow, print."""

from __future__ import annotations

import os
import sys

from secure.cli.arguments import Arguments, Command, Option, help_text, parse
from secure.errors import UsageError
from secure.oci.json_text import encode, indented
from secure.store.paths import runtime_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from secure.cli.engine_log import Log
    from secure.flows.oci_create import Request

    Run = Callable[[Arguments, str, Log], int]

_CREATE = (
    Option("--bundle", "the bundle's directory; default: here", "DIR", short="-b"),
    Option("--pid-file", "write the process's pid here", "FILE"),
    Option("--console-socket", "send the terminal's master here", "SOCKET"),
    Option("--preserve-fds", "hand N descriptors beyond standard error on", "N"),
    Option("--no-pivot", "refused: the old root would stay reachable"),
    Option("--no-new-keyring", "refused: the caller's keys would be reachable"),
)
_SYSTEMD = Option("--systemd-cgroup", "given before the verb, for whatever makes a container")
_DETACH = Option("--detach", "do not wait for the process", short="-d")
_FORMAT = Option("--format", "json or table", "FORMAT", short="-f")


def _create(given: Arguments, root: str, log: Log) -> int:
    from secure.flows.oci_create import create_container

    create_container(_request(given, root, log))
    return 0


def _run(given: Arguments, root: str, log: Log) -> int:
    from secure.flows.oci_exec import run_container

    request = _request(given, root, log)
    return run_container(request, detach=given.has("--detach"), keep=given.has("--keep"))


def _request(given: Arguments, root: str, log: Log) -> Request:
    from secure.flows.oci_create import Request

    for name, why in (
        ("--no-pivot", "the old root would stay reachable"),
        ("--no-new-keyring", "the caller's keys would be reachable"),
    ):
        if given.has(name):
            raise UsageError(f"{name} is refused: {why}", do="Leave it out.")
    return Request(
        root=root,
        id=given.words[0],
        bundle=given.one("--bundle"),
        pid_file=given.one("--pid-file"),
        console_socket=given.one("--console-socket"),
        preserve=_count(given),
        systemd=given.has(_SYSTEMD.name),
        say=log.say,
    )


def _count(given: Arguments) -> int:
    text = given.one("--preserve-fds", "0")
    if not text.isdecimal() or int(text) > 1000:
        raise UsageError(f'--preserve-fds "{text}": a number up to 1000 expected')
    return int(text)


def _start(given: Arguments, root: str, log: Log) -> int:
    from secure.flows.oci_lifecycle import start_container

    start_container(root, given.words[0], log.say)
    return 0


def _state(given: Arguments, root: str, log: Log) -> int:
    from secure.flows.oci_lifecycle import state_text

    del log
    sys.stdout.write(state_text(root, given.words[0]))
    return 0


def _kill(given: Arguments, root: str, log: Log) -> int:
    from secure.flows.oci_lifecycle import kill_container

    del log
    signal = given.one("--signal") or (given.words[1] if len(given.words) > 1 else "TERM")
    kill_container(root, given.words[0], signal, everything=given.has("--all"))
    return 0


def _delete(given: Arguments, root: str, log: Log) -> int:
    from secure.errors import NotFoundError
    from secure.flows.oci_lifecycle import delete_container

    force = given.has("--force")
    try:
        delete_container(root, given.words[0], log.say, force=force)
    except NotFoundError:
        if not force:
            raise
    return 0


def _exec(given: Arguments, root: str, log: Log) -> int:
    from secure.flows.oci_exec import ExecRequest, exec_in_container

    del log
    request = ExecRequest(
        root=root,
        id=given.words[0],
        process_file=given.one("--process"),
        args=tuple(given.words[1:]),
        cwd=given.one("--cwd"),
        env=given.all("--env"),
        user=given.one("--user"),
        tty=given.has("--tty"),
        pid_file=given.one("--pid-file"),
        console_socket=given.one("--console-socket"),
        detach=given.has("--detach"),
        preserve=_count(given),
    )
    return exec_in_container(request)


def _ps(given: Arguments, root: str, log: Log) -> int:
    from secure.flows.oci_lifecycle import processes

    del log
    pids = processes(root, given.words[0])
    if given.one("--format", "table") == "json":
        sys.stdout.write(encode(list(pids)) + "\n")
        return 0
    lines = ["PID\tCOMMAND"]
    for pid in pids:
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
                lines.append(f"{pid}\t{file.read().strip()}")
        except OSError:
            continue  # ended meanwhile
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _list(given: Arguments, root: str, log: Log) -> int:
    from secure.flows.oci_lifecycle import rows

    del log
    found = list(rows(root))
    if given.has("--quiet"):
        sys.stdout.write("".join(f"{row['id']}\n" for row in found))
    elif given.one("--format", "table") == "json":
        sys.stdout.write(encode(found) + "\n")
    else:
        names = ("id", "pid", "status", "bundle", "created")
        lines = ["\t".join(str(row.get(name, "")) for name in names) for row in found]
        sys.stdout.write("\n".join(["ID\tPID\tSTATUS\tBUNDLE\tCREATED", *lines]) + "\n")
    return 0


def _pause(given: Arguments, root: str, log: Log) -> int:
    from secure.flows.oci_lifecycle import pause_container

    del log
    pause_container(root, given.words[0], stop=True)
    return 0


def _resume(given: Arguments, root: str, log: Log) -> int:
    from secure.flows.oci_lifecycle import pause_container

    del log
    pause_container(root, given.words[0], stop=False)
    return 0


# flag -> where its number belongs
_LIMITS = {
    "--memory": ("memory", "limit"),
    "--memory-reservation": ("memory", "reservation"),
    "--memory-swap": ("memory", "swap"),
    "--cpu-period": ("cpu", "period"),
    "--cpu-quota": ("cpu", "quota"),
    "--cpu-share": ("cpu", "shares"),
    "--pids-limit": ("pids", "limit"),
    "--blkio-weight": ("blockIO", "weight"),
}
_SETS = {"--cpuset-cpus": ("cpu", "cpus"), "--cpuset-mems": ("cpu", "mems")}


def _update(given: Arguments, root: str, log: Log) -> int:
    from secure.flows.oci_lifecycle import resources_from, update_container

    del log
    found: dict[str, Any] = {}
    source = given.one("--resources")
    if source:
        with open(0 if source == "-" else source, "rb") as file:
            found = resources_from(file.read(1 << 20))
    for flag, (part, field) in _LIMITS.items():
        text = given.one(flag)
        if text and not text.removeprefix("-").isdecimal():
            raise UsageError(f'{flag} "{text}": a whole number expected')
        if text:
            found.setdefault(part, {})[field] = int(text)
    for flag, (part, field) in _SETS.items():
        if given.one(flag):
            found.setdefault(part, {})[field] = given.one(flag)
    update_container(root, given.words[0], found)
    return 0


def _events(given: Arguments, root: str, log: Log) -> int:
    import time

    from secure.flows.oci_lifecycle import events_text

    del log
    before = 0
    while True:
        text, kills = events_text(root, given.words[0])
        if given.has("--stats"):
            sys.stdout.write(text)
            return 0
        if kills > before:
            text = encode({"type": "oom", "id": given.words[0]}) + "\n" + text
        sys.stdout.write(text)
        sys.stdout.flush()
        before = kills
        time.sleep(float(given.one("--interval", "5s").removesuffix("s")))


def _features(given: Arguments, root: str, log: Log) -> int:
    from secure.runtime.oci.features import document

    del given, root, log
    sys.stdout.write(encode(document()) + "\n")
    return 0


def _spec(given: Arguments, root: str, log: Log) -> int:
    from secure.oci.runtime_example import example
    from secure.store.atomic import write_file

    del root, log
    path = os.path.join(given.one("--bundle", "."), "config.json")
    if os.path.lexists(path):
        raise UsageError(f'"{path}" exists already', do="Remove it first.")
    made = example(os.geteuid(), os.getegid(), rootless=given.has("--rootless"))
    write_file(path, indented(made).encode() + b"\n", 0o644)
    return 0


_EXEC = (
    Option("--process", "the process as JSON", "FILE", short="-p"),
    Option("--cwd", "its working directory", "DIR"),
    Option("--env", "NAME=VALUE for it", "NAME=VALUE", short="-e", many=True, raw=True),
    Option("--user", "UID[:GID] of it", "USER", short="-u"),
    Option("--tty", "give it a terminal", short="-t"),
    Option("--no-subreaper", "the default here"),
    *_CREATE[1:4],
    _DETACH,
)
_UPDATE = (
    Option("--resources", "linux.resources as JSON; - is standard input", "FILE", short="-r"),
    *(Option(flag, "see linux.resources", "N") for flag in (*_LIMITS, *_SETS)),
)


def _root(given: Arguments) -> str:
    """--root, or where this user's containers are."""
    return os.path.abspath(given.one("--root")) if given.one("--root") else f"{runtime_dir()}/oci"


def _verb(
    name: str, run: Run, options: tuple[Option, ...] = (), most: int = 1, *, least: int = 1
) -> tuple[str, Callable[[list[str], Arguments, Log], int]]:
    words = "ID [ARG...]" if most != 1 else "ID"
    command = Command(
        f"oci {name}", f"See runtime-spec: {name}", options, words if least else "", least, most,
        stops=name == "exec",
    )  # fmt: skip

    def call(argv: list[str], outer: Arguments, log: Log) -> int:
        given = parse(command, argv)
        if given.has("--help"):
            sys.stdout.write(help_text(command))
            return 0
        if outer.has(_SYSTEMD.name):
            given.add(_SYSTEMD, "true")
        return run(given, _root(outer), log)

    return name, call


VERBS = dict((
    _verb("create", _create, _CREATE),
    _verb("run", _run, (*_CREATE, _DETACH, Option("--keep", "do not delete it afterwards"))),
    _verb("start", _start),
    _verb("state", _state),
    _verb("kill", _kill, (
        Option("--all", "every process", short="-a"),
        Option("--signal", "which", "SIGNAL", short="-s"),
    ), 2),
    _verb("delete", _delete, (Option("--force", "kill it first", short="-f"),)),
    _verb("exec", _exec, _EXEC, -1),
    _verb("ps", _ps, (_FORMAT,), -1),
    _verb("list", _list, (_FORMAT, Option("--quiet", "names only", short="-q")), 0, least=0),
    _verb("pause", _pause),
    _verb("resume", _resume),
    _verb("update", _update, _UPDATE),
    _verb("events", _events, (
        Option("--stats", "once"), Option("--interval", "how often", "SECONDS"),
    )),
    _verb("features", _features, (), 0, least=0),
    _verb("spec", _spec, (
        Option("--rootless", "for an ordinary user"),
        Option("--bundle", "where", "DIR", short="-b"),
    ), 0, least=0),
))  # fmt: skip
