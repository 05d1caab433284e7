"""What kind of place standard output is."""

from __future__ import annotations

import os
import sys

_WIDTH_ON_A_PIPE = 100


def colour() -> bool:
    """Colours: on a terminal, unless NO_COLOR is set (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def width() -> int:
    """Columns of the terminal; a fixed number on a pipe."""
    try:
        return os.get_terminal_size(1).columns
    except OSError:
        return _WIDTH_ON_A_PIPE


def write(content: str | bytes, path: str = "") -> None:
    """A result: to the file at `path`, whole or not at all, else to standard output."""
    raw = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    if path:
        from secure.store.atomic import write_file

        write_file(path, raw, 0o644)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(raw)
    sys.stdout.buffer.flush()
