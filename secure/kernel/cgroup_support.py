"""What can be limited by cgroups here, and what is to be limited: values only.

A launch that cannot use cgroups reads this much and no more.
"""

from __future__ import annotations

from secure.value import value

CONTROLLERS = ("memory", "cpu", "pids")
V1, V2, NONE = "v1", "v2", ""


@value
class CgroupLimits:
    """What a container may use. None is no limit.

    Args:
        memory_bytes: of memory and swap together.
        millicpus: thousandths of a processor, at least 10: the kernel's least quota is 1 ms.
        pids: processes and threads.
    """

    memory_bytes: int | None = None
    millicpus: int | None = None
    pids: int | None = None

    def asked(self) -> tuple[tuple[str, int], ...]:
        """(controller, limit) for each limit that is set."""
        limits = (self.memory_bytes, self.millicpus, self.pids)
        pairs = zip(CONTROLLERS, limits, strict=True)
        return tuple((controller, limit) for controller, limit in pairs if limit is not None)


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

    def version(self, controller: str) -> str:
        """`V1`, `V2` or `NONE`."""
        return dict(zip(CONTROLLERS, (self.memory, self.cpu, self.pids), strict=True))[controller]

    def usable(self) -> tuple[str, ...]:
        """The controllers that can be limited."""
        return tuple(controller for controller in CONTROLLERS if self.version(controller))
