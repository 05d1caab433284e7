"""A whole container, `/bin/true` in busybox: `secure run` against runc, podman, crun and bwrap.

secure judges the launch, compares what the kernel enforces with its plan and writes two audit
records; runc, crun and bwrap are given a finished bundle and do nothing of this kind.
"""

from __future__ import annotations

import os
import pwd

from callers import Caller, as_caller, caller, in_child, ordinary
from images import Busybox, busybox
from installed import Installed, installed
from peer_bundle import bundle
from runner import Command, Figure, Goal, adopt_orphans, arguments, interleave, ratio, table
from tools import crun_run, podman_run, proved, secure_run
from where import tool

_SECURE = "secure run"
_RUNC = "runc run"
_PODMAN = "podman run"
_CRUN = "crun run"
_GOALS = ((_RUNC, 0.7), (_PODMAN, 0.1), (_CRUN, 2.0))


def measure(product: Installed, runs: int, user: pwd.struct_passwd) -> Figure:
    """The figure, as `user`; its goals count for an ordinary user only."""
    with caller(user) as who:
        adopt_orphans()
        image = in_child(lambda: busybox(who.home))
        return as_caller(who, lambda: _measure(product, image, runs, who))


def _measure(product: Installed, image: Busybox, runs: int, who: Caller) -> Figure:
    # The first run verifies, scans and unpacks; what is compared is a launch.
    commands = [proved(secure_run(product.secure, image, who, "/bin/true"))]
    notes = []
    for make in (_runc, _podman, crun_run, _bwrap):
        try:
            commands.append(proved(make(image, who)))
        except (RuntimeError, OSError) as why:
            notes.append(f"{make.__name__.strip('_')} is left out: {why}")
    found = interleave(commands, runs)
    base = _RUNC if _RUNC in found else _SECURE
    goals = []
    if who.uid != 0:
        for peer, most in _GOALS:
            if peer in found:
                what = f"{_SECURE} against {peer}, ordinary user"
                goals.append(Goal(what, most, ratio(found[_SECURE], found[peer])))
    kind = "root" if who.uid == 0 else "an ordinary user, no subordinate ids"
    return Figure(f"run as {kind}", (*table(found, base), *notes), tuple(goals))


def _runc(image: Busybox, who: Caller) -> Command:
    folder = bundle(image, who, "runc", ("/bin/true",))
    argv = (tool("runc"), "--root", f"{folder}/state", "run", "-b", folder, "bench")
    return Command(_RUNC, argv, who.env)


def _podman(image: Busybox, who: Caller) -> Command:
    return podman_run(_PODMAN, tool("runc"), image, who)


def _bwrap(image: Busybox, who: Caller) -> Command:
    argv = (tool("bwrap"), "--unshare-all", "--ro-bind", image.rootfs, "/", "--proc", "/proc",
            "--dev", "/dev", "/bin/true")  # fmt: skip
    return Command("bwrap (no policy, no filter)", argv, who.env)


def figures(product: Installed, runs: int) -> tuple[Figure, ...]:
    """As an ordinary user, and, where we are root, as root for information."""
    # The owner of the installation first: his first launch packs its modules (decision 6).
    owner = (measure(product, runs, pwd.getpwuid(0)),) if os.geteuid() == 0 else ()
    return (measure(product, runs, ordinary()), *owner)


if __name__ == "__main__":
    given = arguments(__doc__ or "")
    with installed() as product_here:
        for figure in figures(product_here, given.runs):
            print(figure.text())
