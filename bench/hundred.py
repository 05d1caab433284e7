"""A hundred containers at once against podman, and what a supervisor holds in memory."""

from __future__ import annotations

import os
import time
from pathlib import Path

from callers import Caller, as_caller, caller, in_child, ordinary
from images import Busybox, busybox
from installed import Installed, installed
from runner import Command, Figure, Goal, Sample, Series, adopt_orphans, arguments, table
from tools import podman_run, proved, secure_run
from where import tool

_AT_ONCE = 100
_ROUNDS = 3  # podman takes 10 s for one
_SUPERVISORS = 5
_PATIENCE_S = 10.0


def measure(product: Installed) -> Figure:
    """The figure, as the ordinary user."""
    with caller(ordinary()) as who:
        adopt_orphans()
        image = in_child(lambda: busybox(who.home))
        return as_caller(who, lambda: _measure(product, image, who))


def _measure(product: Installed, image: Busybox, who: Caller) -> Figure:
    ours = proved(secure_run(product.secure, image, who, "/bin/true"))
    theirs = proved(podman_run("podman run", tool("runc"), image, who))
    samples: dict[str, list[Sample]] = {ours.name: [], theirs.name: []}
    for _ in range(_ROUNDS):
        for command in (ours, theirs):
            samples[command.name].append(Sample(_all_at_once(command), 0, 0))
    found = {name: Series(f"{name} x {_AT_ONCE}", tuple(times)) for name, times in samples.items()}
    ratios = (
        found[theirs.name].least_ms / found[ours.name].least_ms,
        found[theirs.name].median_ms / found[ours.name].median_ms,
    )
    held = _private_mib(secure_run(product.secure, image, who, "/bin/sleep", "60"))
    goals = (
        Goal(f"rate of {_AT_ONCE} at once against podman", 4.0, ratios, least=True),
        Goal("private memory of a supervisor, least and most", 12.0, held, unit=" MiB"),
    )
    return Figure("many at once", table(found, theirs.name), goals)


def _all_at_once(command: Command) -> float:
    """Milliseconds until the last of them has ended."""
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in range(3)]
    started = time.perf_counter()
    running = {
        os.posix_spawn(command.argv[0], command.argv, command.env, file_actions=actions)
        for _ in range(_AT_ONCE)
    }
    while running:
        pid, status = os.wait()
        if pid in running and status != 0:
            raise RuntimeError(f"{command.name} ended with {os.waitstatus_to_exitcode(status)}")
        running.discard(pid)
    os.close(null)
    return (time.perf_counter() - started) * 1e3


def _private_mib(command: Command) -> tuple[float, float]:
    """Private pages of supervisors whose containers run: the least and the most of some."""
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in range(3)]
    pids = [
        os.posix_spawn(command.argv[0], command.argv, command.env, file_actions=actions)
        for _ in range(_SUPERVISORS)
    ]
    os.close(null)
    try:
        held = [_when_running(pid) for pid in pids]
    finally:
        for pid in pids:
            os.kill(pid, 15)
        for pid in pids:
            os.waitpid(pid, 0)
    return min(held), max(held)


def _when_running(supervisor: int) -> float:
    """MiB of private pages, once init has a child that is no copy of it any more."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        inits = _children(supervisor)
        programs = _children(inits[0]) if inits else []
        if programs and Path(f"/proc/{programs[0]}/comm").read_bytes() == b"sleep\n":
            lines = Path(f"/proc/{supervisor}/smaps_rollup").read_text(encoding="ascii")
            fields = [line.split() for line in lines.splitlines()]
            return sum(int(f[1]) for f in fields if f[0].startswith("Private_")) / 1024
        time.sleep(0.01)
    raise RuntimeError("a container did not start")


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


if __name__ == "__main__":
    arguments(__doc__ or "")
    with installed() as product_here:
        print(measure(product_here).text())
