"""Says that a cache cannot be written: that costs time, and stops nothing.

On the launch path.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.errors import MachineError

_told: list[str] = []


def tell(cause: MachineError) -> None:
    """Warn the user, once in a process: every cache lies below one folder."""
    if _told:
        return
    _told.append(str(cause))
    sys.stderr.write(f"secure: warning: going on without a cache: {_shown(str(cause))}\n")


def _shown(text: str) -> str:
    """Without control characters of a name, which a terminal would obey."""
    return "".join(c if c.isprintable() else "?" for c in text)
