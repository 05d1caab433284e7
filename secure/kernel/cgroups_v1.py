"""cgroup v1: which files hold a limit.

Source: Linux admin-guide/cgroup-v1: memory.rst, pids.rst; scheduler/sched-bwc.rst.
"""

from __future__ import annotations

import os

from secure.kernel import cgroup_files
from secure.kernel.cgroup_support import RATES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from secure.kernel.cgroup_support import CgroupLimits

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


def further_settings(limits: CgroupLimits) -> Iterator[tuple[str, str, str]]:
    """(controller, file, content) of the limits that only some containers ask for.

    Source: admin-guide/cgroup-v1: cpusets.rst, blkio-controller.rst ("Throttling policy").
    """
    if limits.cpu_shares:
        yield "cpu", "cpu.shares", str(limits.cpu_shares)
    if limits.cpuset:
        yield "cpuset", "cpuset.cpus", limits.cpuset
    for rate in RATES:
        file = f"blkio.throttle.{rate.replace('-', '_')}_device"
        rows = [f"{device} {most}" for name, device, most in limits.io if name == rate]
        if rows:
            yield "io", file, "\n".join(sorted(rows))


def fill_cpuset(directory: str) -> None:
    """A new cpuset is empty, and nobody may join one that is: take what is above it."""
    above = os.path.dirname(directory)
    for name in ("cpuset.cpus", "cpuset.mems"):
        if not cgroup_files.read(f"{above}/{name}"):
            fill_cpuset(above)
        if not cgroup_files.read(f"{directory}/{name}"):
            text = cgroup_files.read(f"{above}/{name}")
            cgroup_files.write(f"{directory}/{name}", text, cgroup_files.WRITE_MEANS)


def whole_pages(size: int) -> int:
    """As the kernel rounds a memory limit: down to whole pages."""
    page = os.sysconf("SC_PAGE_SIZE")
    return size // page * page
