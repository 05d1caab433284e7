"""What the flags of rarer limits mean on this machine: block devices by number, processors."""

from __future__ import annotations

import os

from secure.errors import UsageError

_FORMAT, _BLOCK = 0o170000, 0o060000


def block_device(path: str) -> str:
    """MAJOR:MINOR of the block device at `path`.

    Raises:
        UsageError: there is none.
    """
    try:
        status = os.stat(path)
    except OSError as cause:
        raise UsageError(f'device "{path}": {cause.strerror}') from cause
    if status.st_mode & _FORMAT != _BLOCK:
        raise UsageError(f'device "{path}" is no block device', do="Name a disk, as lsblk does.")
    return f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"


def processors(text: str) -> str:
    """The processors of "0-2,5", written as the kernel writes them.

    Raises:
        UsageError: not such a list, or not all of them are ours: the kernel would then take others.
    """
    wanted: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        words = (first, last) if dash else (first, first)
        if not all(word.isascii() and word.isdecimal() and len(word) < 6 for word in words):
            raise UsageError(f'--cpuset-cpus "{text}" is no list of processors', do="Write 0-2,5.")
        wanted.update(range(int(words[0]), int(words[1]) + 1))
    ours = os.sched_getaffinity(0)
    if not wanted or not wanted <= ours:
        raise UsageError(
            f'--cpuset-cpus "{text}": not all of these are processors that this process may use',
            do=f"Choose among {ranges(ours)}.",
        )
    return ranges(wanted)


def ranges(numbers: set[int]) -> str:
    """{0, 1, 2, 5} as "0-2,5"."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in found)
