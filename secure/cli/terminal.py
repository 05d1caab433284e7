"""What kind of place standard output is."""

from __future__ import annotations

import os
import stat
import sys

from secure.errors import MachineError

_WIDTH_ON_A_PIPE = 100


def colour() -> bool:
    """Colours: on a terminal that has them, unless NO_COLOR is set (no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def width() -> int:
    """Columns of the terminal; a fixed number on a pipe."""
    try:
        return os.get_terminal_size(1).columns
    except OSError:
        return _WIDTH_ON_A_PIPE


def write(content: str | bytes, path: str = "") -> None:
    """A result: to the file at `path`, whole or not at all, else to standard output.

    Raises:
        MachineError: the file cannot be written.
    """
    raw = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    if path:
        _to_file(path, raw)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(raw)
    sys.stdout.buffer.flush()


def _to_file(path: str, raw: bytes) -> None:
    """What is no plain file is written into: root's `-o /dev/null` must not replace the device."""
    from secure.store.atomic import write_file

    target = os.path.realpath(path)  # of a link what it leads to, never the link
    try:
        # Of /dev/stdout on a pipe the real path is no name; what the link opens is what counts.
        mode = os.stat(path).st_mode
    except OSError:
        mode = stat.S_IFREG  # not there yet, or it is told where it cannot be made
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        write_file(target, raw, 0o644)
        return
    try:
        with open(path, "wb") as device:
            device.write(raw)
    except OSError as cause:
        raise MachineError(f'cannot write "{path}": {cause.strerror}') from cause
