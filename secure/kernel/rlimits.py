"""Resource limits of a process: getrlimit(2), prlimit(2)."""

from __future__ import annotations

import resource

from secure.errors import KernelError
from secure.value import value

# The names of /etc/security/limits.conf and of `docker run --ulimit`.
RESOURCES = {
    name.removeprefix("RLIMIT_").lower(): getattr(resource, name)
    for name in dir(resource)
    if name.startswith("RLIMIT_") and name != "RLIMIT_OFILE"
}
UNLIMITED = resource.RLIM_INFINITY


@value
class Rlimit:
    """A soft and a hard limit; `UNLIMITED` is none. Units as in getrlimit(2)."""

    name: str
    soft: int
    hard: int


@value
class Clamp:
    """A limit asked for that lies above the hard limit, and what is given instead."""

    name: str
    asked: int
    given: int


def rlimits(pid: int = 0) -> tuple[Rlimit, ...]:
    """All limits of a process (0: this one), by name.

    Raises:
        KernelError: the process is gone or another user's.
    """
    return tuple(Rlimit(name, *_prlimit(pid, name, None)) for name in sorted(RESOURCES))


def set_rlimits(limits: tuple[Rlimit, ...], pid: int = 0) -> None:
    """Set limits of a process (0: this one).

    Raises:
        KernelError: a hard limit would rise (only CAP_SYS_RESOURCE may), or soft is above hard.
    """
    for limit in limits:
        _prlimit(pid, limit.name, (limit.soft, limit.hard))


def clamp(
    wanted: tuple[Rlimit, ...], ceilings: tuple[Rlimit, ...]
) -> tuple[tuple[Rlimit, ...], tuple[Clamp, ...]]:
    """`wanted` lowered to the hard limits of `ceilings`, and what had to be lowered."""
    hard_limits = {ceiling.name: ceiling.hard for ceiling in ceilings}
    given: list[Rlimit] = []
    clamps: list[Clamp] = []
    for limit in wanted:
        ceiling = hard_limits.get(limit.name, UNLIMITED)
        soft, hard = _lower(limit.soft, ceiling), _lower(limit.hard, ceiling)
        given.append(Rlimit(limit.name, soft, hard))
        if hard != limit.hard or soft != limit.soft:
            clamps.append(Clamp(limit.name, max(limit.soft, limit.hard, key=_order), ceiling))
    return tuple(given), tuple(clamps)


def _lower(asked: int, ceiling: int) -> int:
    return min(asked, ceiling, key=_order)


def _order(limit: int) -> float:
    # RLIM_INFINITY is -1 in Python.
    return float("inf") if limit == UNLIMITED else limit


def _prlimit(pid: int, name: str, limits: tuple[int, int] | None) -> tuple[int, int]:
    number = RESOURCES[name]
    try:
        if limits is None:
            return resource.prlimit(pid, number)
        return resource.prlimit(pid, number, limits)
    except (OSError, ValueError) as error:
        # Python turns EINVAL into ValueError; the kernel's EINVAL here is "soft above hard".
        code = getattr(error, "errno", None) or 22
        raise KernelError("prlimit", f"RLIMIT_{name.upper()} of {pid or 'self'}", code) from error
