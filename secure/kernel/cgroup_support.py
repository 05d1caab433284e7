"""What can be limited by cgroups here, and what is to be limited: values only.

A launch that cannot use cgroups reads this much and no more.
"""

from __future__ import annotations

from secure.value import value

CONTROLLERS = ("memory", "cpu", "pids")
FURTHER = ("cpuset", "io")  # looked for only where they are asked for; v1 calls io "blkio"
RATES = ("read-bps", "write-bps", "read-iops", "write-iops")
V1, V2, NONE = "v1", "v2", ""
RUNS_SYSTEMD = "/run/systemd/system"  # sd_booted(3)


@value
class CgroupLimits:
    """What a container may use. None is no limit.

    Args:
        memory_bytes: of memory and swap together.
        millicpus: thousandths of a processor, at least 10: the kernel's least quota is 1 ms.
        pids: processes and threads.
        cpu_shares: of processor time where it is scarce; 1024 is everybody's; 0: no change.
        cpuset: numbers of the processors to run on, as "0-2,5"; "": no change.
        io: (one of `RATES`, "MAJOR:MINOR" of a block device, most in a second).
    """

    memory_bytes: int | None = None
    millicpus: int | None = None
    pids: int | None = None
    cpu_shares: int = 0
    cpuset: str = ""
    io: tuple[tuple[str, str, int], ...] = ()

    def asked(self) -> tuple[tuple[str, int], ...]:
        """(controller, limit) for each limit that is set."""
        limits = (self.memory_bytes, self.millicpus, self.pids)
        pairs = zip(CONTROLLERS, limits, strict=True)
        return tuple((controller, limit) for controller, limit in pairs if limit is not None)

    def further(self) -> tuple[str, ...]:
        """Controllers beyond `CONTROLLERS` that these limits need."""
        wanted = (("cpuset", self.cpuset), ("io", self.io))
        return tuple(controller for controller, limit in wanted if limit)

    def controllers(self) -> tuple[str, ...]:
        """Every controller that these limits need."""
        needed = {controller for controller, _ in self.asked()} | set(self.further())
        if self.cpu_shares:
            needed.add("cpu")
        return tuple(name for name in (*CONTROLLERS, *FURTHER) if name in needed)


@value
class CgroupSupport:
    """Where this process can make cgroups.

    Args:
        memory, cpu, pids: which version can limit it: `V1`, `V2` or `NONE`.
        bases: (controller, directory in which children are made), for those that can be limited.
        passes_on: v2 directories, outermost first, that must pass controllers on.
        steps_aside: a v2 cgroup that this process must leave first, "" if none.
        by: words for people, e.g. "cgroup v1 (root)"; "" if nothing can be limited.
        reason: why a controller is missing, "" if none is.
        do: what would enable it.
        further: (controller, version) of those in `FURTHER` that were looked for and found.
    """

    memory: str
    cpu: str
    pids: str
    bases: tuple[tuple[str, str], ...] = ()
    passes_on: tuple[str, ...] = ()
    steps_aside: str = ""
    by: str = ""
    reason: str = ""
    do: str = ""
    further: tuple[tuple[str, str], ...] = ()

    def version(self, controller: str) -> str:
        """`V1`, `V2` or `NONE`."""
        found = dict(zip(CONTROLLERS, (self.memory, self.cpu, self.pids), strict=True))
        return (found | dict(self.further)).get(controller, NONE)

    def usable(self) -> tuple[str, ...]:
        """The controllers that can be limited."""
        return tuple(controller for controller in CONTROLLERS if self.version(controller))
