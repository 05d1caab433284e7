"""cgroup v1: which files hold a limit.

Source: Linux admin-guide/cgroup-v1: memory.rst, pids.rst; scheduler/sched-bwc.rst.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PERIOD_US = 100_000


def settings(
    controller: str, limit: int, present: Callable[[str], bool]
) -> tuple[tuple[str, str], ...]:
    """(file, content) in the order they must be written.

    Args:
        controller: "memory", "cpu" or "pids".
        limit: bytes, thousandths of a processor, or processes.
        present: tells whether the new cgroup has a file.
    """
    if controller == "memory":
        size = str(whole_pages(limit))
        # memsw (memory and swap together) must not be below the memory limit, so it comes second.
        # Without swap accounting, swappiness 0 at least keeps the kernel from swapping early.
        swap = (
            ("memory.memsw.limit_in_bytes", size)
            if present("memory.memsw.limit_in_bytes")
            else ("memory.swappiness", "0")
        )
        return ("memory.limit_in_bytes", size), swap
    if controller == "cpu":
        return (
            ("cpu.cfs_period_us", str(PERIOD_US)),
            ("cpu.cfs_quota_us", str(limit * PERIOD_US // 1000)),
        )
    return (("pids.max", str(limit)),)


def whole_pages(size: int) -> int:
    """As the kernel rounds a memory limit: down to whole pages."""
    page = os.sysconf("SC_PAGE_SIZE")
    return size // page * page
