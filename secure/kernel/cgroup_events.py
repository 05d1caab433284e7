"""What a cgroup counted: processes killed for want of memory, forks refused.

Source: Linux admin-guide/cgroup-v2, "memory.events", "pids.events"; cgroup-v1/memory.rst,
"memory.oom_control" (`oom_kill` since Linux 4.13).
"""

from __future__ import annotations

from secure.kernel.cgroup_files import read_if_there

_OOM_FILES = ("memory.events", "memory.oom_control")


def oom_kills(directories: tuple[str, ...]) -> int | None:
    """How many processes inside the kernel killed because memory ran out.

    Args:
        directories: of one container: one on v2, one for each controller on v1.

    Returns:
        None where no cgroup counts memory.
    """
    return _count(directories, _OOM_FILES, "oom_kill")


def forks_refused(directories: tuple[str, ...]) -> int | None:
    """How often the limit of processes made a fork fail; None where no cgroup counts them."""
    return _count(directories, ("pids.events",), "max")


def _count(directories: tuple[str, ...], files: tuple[str, ...], key: str) -> int | None:
    for directory in directories:
        for file in files:
            for line in read_if_there(f"{directory}/{file}").splitlines():
                name, _, number = line.partition(" ")
                if name == key and number.isdecimal():
                    return int(number)
    return None
