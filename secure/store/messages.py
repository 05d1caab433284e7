"""Messages to the user, on standard error. On the launch path."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.errors import MachineError

_unkept: list[str] = []


def tell(text: str) -> None:
    """Write whole lines; where they cannot be written, nothing stops and no exit code changes."""
    try:
        sys.stderr.write(text)
    except OSError:
        return  # a full disk, a terminal that went away


def tell_unkept(cause: MachineError) -> None:
    """Warn that a cache cannot be written: once in a process, as all lie below one folder."""
    if _unkept:
        return
    _unkept.append(str(cause))
    from secure.facts.plain import plain

    tell(f"secure: warning: going on without a cache: {plain(str(cause))}\n")
