"""Files appear whole or not at all."""

from __future__ import annotations

from secure import system as os
from secure.errors import MachineError
from secure.kernel.whole_files import remove_quietly, sync_dir, write_all, write_whole

__all__ = ("make_private_dir", "remove_quietly", "sync_dir", "write_file")


def make_private_dir(path: str) -> None:
    """Make `path` and its missing parents, mode 0700 (CVE-2021-41091: others must not enter)."""
    missing = []
    while path and not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    try:
        for folder in reversed(missing):
            try:
                os.mkdir(folder, 0o700)
            except FileExistsError:
                continue  # another process was faster, or a file is there: the caller will see
    except OSError as cause:
        raise MachineError(
            f'cannot make directory "{missing[0]}": {cause.strerror}',
            do="Let it be made, or set XDG_DATA_HOME and XDG_CACHE_HOME to directories of yours.",
        ) from cause


def write_file(path: str, content: bytes, mode: int = 0o600, *, durable: bool = True) -> None:
    """Replace `path` by `content`, by `write_whole`.

    Args:
        durable: False leaves out both fsync, for what means nothing after a power loss.

    Raises:
        MachineError: the disk is full, read-only, or not ours. `path` is then as it was.
    """
    try:
        write_whole(path, lambda fd: write_all(fd, content), mode, durable=durable)
    except OSError as cause:
        raise MachineError(f'cannot write "{path}": {cause.strerror}') from cause
