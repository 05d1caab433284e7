"""Giving an ordinary user cgroups of his own: once, by root, and taken back again.

v1     HIERARCHY/secure/user-UID in each hierarchy with a controller we use. The directory, its
       cgroup.procs and tasks become the user's; the files with its limits stay root's, so that
       nobody lifts what root set for the user as a whole. Lasts until the next boot.
v2     a drop-in for the user's systemd manager; from then on a scope with Delegate=yes has the
       controllers.

Source: cgroups(7), "Cgroups delegation"; systemd.resource-control(5), "Delegate=".
"""

from __future__ import annotations

import os
import subprocess

from secure.errors import MachineError
from secure.kernel.cgroup_files import BASE
from secure.kernel.cgroup_support import CONTROLLERS, RUNS_SYSTEMD
from secure.kernel.cgroups_detect import Hierarchy, hierarchies
from secure.kernel.cgroups_v1 import fill_cpuset

_THEIRS = ("", "/cgroup.procs", "/tasks")
_UNITS = "/etc/systemd/system"
_DROP_IN = "[Service]\nDelegate=cpu cpuset io memory pids\n"


def delegate(uid: int) -> tuple[str, ...]:
    """Let `uid` make cgroups; the places and files that now let him, in words.

    Raises:
        MachineError: not root, or nothing here can be delegated.
    """
    _require_root()
    found = hierarchies()
    done = [_give(place, uid) for place in _places(found, uid)]
    if not done and any(hierarchy.unified for hierarchy in found):
        done.append(_tell_systemd(uid))
    if not done:
        raise MachineError(
            f"no mounted cgroup hierarchy has {', '.join(CONTROLLERS)}",
            do="Mount cgroup v2 at /sys/fs/cgroup and boot with these controllers enabled.",
        )
    return tuple(done)


def withdraw(uid: int) -> tuple[str, ...]:
    """Take back what `delegate` gave; what was removed.

    Raises:
        MachineError: not root, or containers of the user are still running.
    """
    _require_root()
    removed = []
    for place in _places(hierarchies(), uid):
        if os.path.isdir(place):
            try:
                os.rmdir(place)
            except OSError as cause:
                raise MachineError(
                    f'"{place}" is in use: {cause.strerror}', do="End this user's containers first."
                ) from cause
            removed.append(place)
    drop_in = _drop_in(uid)
    if os.path.exists(drop_in):
        os.unlink(drop_in)
        _reload()
        removed.append(drop_in)
    return tuple(removed)


def _places(found: tuple[Hierarchy, ...], uid: int) -> tuple[str, ...]:
    mounts = dict.fromkeys(h.mount for h in found if h.controllers or h.further)
    return tuple(f"{mount}/{BASE}/user-{uid}" for mount in mounts)


def _give(place: str, uid: int) -> str:
    try:
        os.makedirs(place, 0o755, exist_ok=True)
        for name in _THEIRS:
            os.chown(place + name, uid, -1)
        if os.path.exists(f"{place}/cpuset.cpus"):
            fill_cpuset(place)
    except OSError as cause:
        raise MachineError(
            f'cannot delegate "{place}": {cause.strerror}',
            do="Mount the cgroup hierarchies read-write.",
        ) from cause
    return place


def _tell_systemd(uid: int) -> str:
    if not os.path.isdir(RUNS_SYSTEMD):
        raise MachineError(
            "cgroup v2 is delegated by systemd, which does not run here",
            do="As root, start secure itself: it then makes its own cgroup.",
        )
    drop_in = _drop_in(uid)
    os.makedirs(os.path.dirname(drop_in), 0o755, exist_ok=True)
    with open(drop_in, "w", encoding="ascii") as file:
        file.write(_DROP_IN)
    _reload()
    return drop_in


def _drop_in(uid: int) -> str:
    return f"{_UNITS}/user@{uid}.service.d/secure-delegate.conf"


def _reload() -> None:
    done = subprocess.run(
        ["systemctl", "daemon-reload"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise MachineError(
            f"systemd did not read its units again: {done.stderr.strip()[:200]}",
            do="As root: systemctl daemon-reload",
        )


def _require_root() -> None:
    if os.geteuid() != 0:
        raise MachineError("only root can delegate cgroups", do="Run it with sudo.")
