"""cgroup v2: which files hold a limit, and how a parent hands controllers on.

Source: Linux admin-guide/cgroup-v2: "Top-down Constraint", "No Internal Process Constraint",
"Interface Files".
"""

from __future__ import annotations

import os

from secure.kernel import cgroup_files
from secure.kernel.cgroup_support import RATES
from secure.kernel.cgroups_v1 import PERIOD_US, whole_pages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from secure.kernel.cgroup_support import CgroupLimits


def settings(
    controller: str, limit: int, present: Callable[[str], bool]
) -> tuple[tuple[str, str], ...]:
    """(file, content); arguments as `cgroups_v1.settings`."""
    if controller == "memory":
        size = ("memory.max", str(whole_pages(limit)))
        # memory.swap.max is missing where the kernel accounts no swap.
        return (size, ("memory.swap.max", "0")) if present("memory.swap.max") else (size,)
    if controller == "cpu":
        return (("cpu.max", f"{limit * PERIOD_US // 1000} {PERIOD_US}"),)
    return (("pids.max", str(limit)),)


def further_settings(limits: CgroupLimits) -> Iterator[tuple[str, str, str]]:
    """(controller, file, content) of the limits that only some containers ask for."""
    if limits.cpu_shares:
        # In proportion to what everybody has: 1024 shares on v1, weight 100 here.
        weight = max(1, limits.cpu_shares * 100 // 1024)
        yield "cpu", "cpu.weight", str(weight)
    if limits.cpuset:
        yield "cpuset", "cpuset.cpus", limits.cpuset
    rows = []
    for device in sorted({device for _, device, _ in limits.io}):
        most = {name: str(number) for name, where, number in limits.io if where == device}
        words = [f"{short}={most.get(name, 'max')}" for name, short in _IO_WORDS]
        rows.append(" ".join((device, *words)))
    if rows:
        yield "io", "io.max", "\n".join(rows)


_IO_WORDS = tuple(zip(RATES, ("rbps", "wbps", "riops", "wiops"), strict=True))


def pass_on(directory: str, controllers: tuple[str, ...]) -> None:
    """Make `controllers` usable in the children of `directory`, if they are not yet."""
    file = f"{directory}/cgroup.subtree_control"
    on = cgroup_files.read(file).split()
    lacking = [controller for controller in controllers if controller not in on]
    if lacking:
        request = " ".join(f"+{controller}" for controller in lacking)
        cgroup_files.write(file, request, cgroup_files.JOIN_MEANS)


def step_aside(directory: str) -> None:
    """Move this process out of `directory` into a child: only then can it pass controllers on."""
    aside = f"{directory}/supervisor"
    cgroup_files.make(aside, there_is_fine=True)
    cgroup_files.write(f"{aside}/cgroup.procs", "0", cgroup_files.JOIN_MEANS)


def kill(directory: str) -> bool:
    """Kill all inside at once, forks included; False before Linux 5.14 and on v1."""
    file = f"{directory}/cgroup.kill"
    if not os.path.exists(file):
        return False
    cgroup_files.write(file, "1", cgroup_files.WRITE_MEANS)
    return True
