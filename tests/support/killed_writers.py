"""A writer that the kernel kills in the middle of its file."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable


def is_killed_while_writing(write: Callable[[], object], most_bytes: int) -> bool:
    """Run `write` in a process whose files may be so long, and that dies of a longer one."""
    pid = os.fork()
    if pid == 0:
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            write()
        finally:
            os._exit(1)
    return os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGXFSZ
