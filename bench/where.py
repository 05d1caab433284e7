"""Where the peers are on this machine."""

from __future__ import annotations

import shutil


def tool(name: str) -> str:
    """Its path.

    Raises:
        RuntimeError: it is not installed.
    """
    found = shutil.which(name, path="/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin")
    if found is None:
        raise RuntimeError(f"{name} is not installed")
    return found
