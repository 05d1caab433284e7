"""The verbs of `secure oci` against an empty Python, and as an engine's runtime against runc.

The commands of one turn are the life of one container: create, state, start, exec, …
"""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Callable
from pathlib import Path

from callers import Caller, as_caller, caller, in_child, ordinary
from images import Busybox, busybox
from installed import Installed, installed
from peer_bundle import bundle
from runner import Command, Figure, Goal, adopt_orphans, arguments, interleave, ratio, table
from tools import podman_run, proved
from where import tool

_NOTHING = "python3 -I -S -c pass"
_VERB_GOAL = 2.2
_SLEEP = ("/bin/sleep", "1000")
_PATIENCE_S = 5.0


def figures(product: Installed, runs: int) -> tuple[Figure, ...]:
    """The verbs, and podman with us as its runtime, as the ordinary user; what root alone may."""
    with caller(ordinary()) as who:
        adopt_orphans()
        image = in_child(lambda: busybox(who.home))
        found = (
            as_caller(who, lambda: _verbs(product, image, runs, who)),
            as_caller(who, lambda: _engine(product, image, runs, who)),
        )
        if os.geteuid() != 0:  # control groups are root's, where nothing was delegated
            return found
        with caller(pwd.getpwuid(0)) as root:
            return (*found, as_caller(root, lambda: _verbs(product, image, runs, root, _rarer)))


def _verbs(
    product: Installed, image: Busybox, runs: int, who: Caller, life: _Life | None = None
) -> Figure:
    life = life or _life
    commands = (
        Command(_NOTHING, (product.python, "-I", "-S", "-c", "pass"), who.env, leaves=True),
        *life(_Runtime("secure oci", (product.secure, "oci"), image, who)),
        *life(_Runtime("runc", (tool("runc"),), image, who)),
    )
    found = interleave(commands, runs)
    goals = [
        Goal(f"{name} against {_NOTHING}", _VERB_GOAL, ratio(series, found[_NOTHING]))
        for name, series in found.items()
        if name.startswith("secure oci") and not name.endswith(" run")
    ]
    for verb, most in (("exec", 2.0), ("run", 1.0)):
        if f"secure oci {verb}" not in found:
            continue
        values = ratio(found[f"secure oci {verb}"], found[f"runc {verb}"])
        goals.append(Goal(f"secure oci {verb} against runc {verb}", most, values))
    return Figure(f"verbs as {who.name}", table(found, _NOTHING), tuple(goals))


class _Runtime:
    """A runtime's commands for one bundle of a sleeping program and one of /bin/true."""

    def __init__(self, name: str, base: tuple[str, ...], image: Busybox, who: Caller) -> None:
        self.name = name
        self._base, self._env = base, who.env
        self._state = f"{who.home}/{base[-1].rpartition('/')[2]}-state"
        folder = self._state.removesuffix("-state")
        self.sleeping = bundle(image, who, f"{folder.rpartition('/')[2]}-sleep", _SLEEP)
        self.short = bundle(image, who, f"{folder.rpartition('/')[2]}-true", ("/bin/true",))
        self.pid_file = f"{self._state}.pid"

    def command(self, verb: str, *words: str) -> Command:
        """One verb on the container "bench"."""
        argv = (*self._base, "--root", self._state, verb, *words)
        return Command(f"{self.name} {verb}", argv, self._env, leaves=True)

    def ended(self) -> None:
        """Wait until what `kill` hit is gone."""
        stat = Path("/proc", Path(self.pid_file).read_text(encoding="ascii"), "stat")
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until and stat.exists():
            if stat.read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z":
                return
            time.sleep(0.001)


_Life = Callable[[_Runtime], tuple[Command, ...]]


def _life(runtime: _Runtime) -> tuple[Command, ...]:
    make = runtime.command("create", "-b", runtime.sleeping, "--pid-file", runtime.pid_file, "c")
    delete = runtime.command("delete", "c")
    return (
        runtime.command("run", "-b", runtime.short, "short"),
        make,
        runtime.command("state", "c"),
        runtime.command("start", "c"),
        runtime.command("exec", "c", "/bin/true"),
        runtime.command("list"),
        runtime.command("kill", "c", "KILL"),
        Command(delete.name, delete.argv, delete.env, before=runtime.ended, leaves=True),
    )


def _rarer(runtime: _Runtime) -> tuple[Command, ...]:
    """One that is looked at and held: what needs a control group, and what needs no container."""
    config = Path(runtime.sleeping).with_name("spec")
    config.mkdir(exist_ok=True)
    spec = runtime.command("spec", "-b", str(config))
    return (
        runtime.command("features"),
        Command(spec.name, spec.argv, spec.env, before=_absent(config / "config.json")),
        runtime.command("create", "-b", runtime.sleeping, "--pid-file", runtime.pid_file, "c"),
        runtime.command("start", "c"),
        runtime.command("ps", "c"),
        runtime.command("update", "--pids-limit", "64", "c"),
        runtime.command("events", "--stats", "c"),
        runtime.command("pause", "c"),
        runtime.command("resume", "c"),
        runtime.command("delete", "--force", "c"),
    )


def _absent(path: Path) -> Callable[[], None]:
    return lambda: path.unlink(missing_ok=True)


def _engine(product: Installed, image: Busybox, runs: int, who: Caller) -> Figure:
    ours, theirs = "podman, runtime secure", "podman, runtime runc"
    commands = (
        proved(podman_run(ours, f"{product.secure}-oci", image, who)),
        proved(podman_run(theirs, tool("runc"), image, who)),
    )
    found = interleave(commands, runs)
    goal = Goal(f"{ours} against {theirs}", 1.1, ratio(found[ours], found[theirs]))
    return Figure("as an engine's runtime", table(found, theirs), (goal,))


if __name__ == "__main__":
    given = arguments(__doc__ or "")
    with installed() as product_here:
        for figure in figures(product_here, given.runs):
            print(figure.text())
