"""`os`, as far as a launch needs it: the calls of `posix`, and a few words about paths.

`import os` costs 0.9 ms, a seventh of a whole Python start: it makes the abstract base classes of
`collections.abc` for one mapping. Modules that every launch loads therefore say
`from secure import system as os`, all others `import os`. A name means what it means there; type
checkers read system.pyi, which says just that, and tests/unit/test_system.py compares the two.
"""

from __future__ import annotations

import posix
import sys
from posix import *  # noqa: F403 - this is the part of `os` that is `posix`
from posix import _exit  # noqa: F401

devnull = "/dev/null"
_FORMAT, _DIRECTORY, _REGULAR = 0o170000, 0o040000, 0o100000


class environ:  # noqa: N801 - the name it stands in for
    """The caller's environment; what a program that uses us changed in `os.environ` counts."""

    @staticmethod
    def get(name: str, default: str = "") -> str:
        """One variable."""
        if loaded := sys.modules.get("os"):
            found: str = loaded.environ.get(name, default)
            return found
        raw = posix.environ.get(fsencode(name))
        return default if raw is None else raw.decode(_ENCODING, "surrogateescape")


class path:  # noqa: N801 - the name it stands in for
    """`os.path`: questions to the kernel, and the taking apart of names."""

    @staticmethod
    def exists(name: str | bytes) -> bool:
        return _mode(name) >= 0

    @staticmethod
    def isdir(name: str | bytes) -> bool:
        return _mode(name) & _FORMAT == _DIRECTORY

    @staticmethod
    def isfile(name: str | bytes) -> bool:
        return _mode(name) & _FORMAT == _REGULAR

    @staticmethod
    def lexists(name: str | bytes) -> bool:
        try:
            posix.lstat(name)
        except (OSError, ValueError):
            return False
        return True

    @staticmethod
    def dirname(name: str) -> str:
        head = name[: name.rfind("/") + 1]
        return head.rstrip("/") or head

    @staticmethod
    def basename(name: str) -> str:
        return name.rpartition("/")[2]

    @staticmethod
    def join(first: str, *others: str) -> str:
        for other in others:
            if other.startswith("/"):
                first = other
            else:
                first += other if not first or first.endswith("/") else "/" + other
        return first


def fsencode(name: str) -> bytes:
    """The bytes of a name that the kernel gave or takes."""
    return name.encode(_ENCODING, "surrogateescape")


def makedirs(name: str, mode: int = 0o777, exist_ok: bool = False) -> None:
    """Make a directory and what is missing above it."""
    above = path.dirname(posix.fspath(name))
    if above and not path.exists(above):
        makedirs(above, exist_ok=True)
    try:
        posix.mkdir(name, mode)
    except FileExistsError:
        if not exist_ok or not path.isdir(name):
            raise


def _mode(name: str | bytes) -> int:
    """st_mode behind links; -1 where nothing is."""
    try:
        return posix.stat(name).st_mode
    except (OSError, ValueError):
        return -1


_ENCODING = sys.getfilesystemencoding()
