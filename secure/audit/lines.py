"""A log as a stream of lines, all its segments in order, in bounded memory, for readers."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager

from secure.audit.segments import lock_path, open_file, segment_numbers, segment_path
from secure.errors import MachineError, NotFoundError
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO


@value
class Line:
    """One line.

    Args:
        file: name of the file.
        number: 1-based.
        content: without its newline; cut at the reader's bound if `too_long`.
        ended: it has a newline.
    """

    file: str
    number: int
    content: bytes
    ended: bool
    too_long: bool = False


@value
class LogView:
    """The files of a log at one moment: what is appended later is not part of it.

    Args:
        paths: oldest first.
        last_size: bytes of the last one; the others do not change any more.
    """

    paths: tuple[str, ...]
    last_fd: int
    last_size: int


@contextmanager
def open_log(path: str, patience_s: float = 10.0) -> Iterator[LogView]:
    """A view of the log at `path`; its owner need not be the caller.

    Raises:
        NotFoundError: there is no log.
        MachineError: it cannot be opened, or a writer holds it for longer than `patience_s`.
    """
    with _writers_wait(path, patience_s):
        try:
            segments = [segment_path(path, number) for number in segment_numbers(path)]
            last = path if os.path.lexists(path) or not segments else segments.pop()
            fd = open_file(last, os.O_RDONLY)
        except (FileNotFoundError, NotADirectoryError) as cause:
            raise NotFoundError(f'there is no audit log "{path}"') from cause
        except OSError as cause:
            raise MachineError(f'cannot read audit log "{path}": {cause.strerror}') from cause
        size = os.fstat(fd).st_size
    try:
        yield LogView((*segments, last), fd, size)
    finally:
        os.close(fd)


def lines_of(view: LogView, max_bytes: int) -> Iterator[Line]:
    """Every line of the log, in order.

    Args:
        max_bytes: a longer line is cut.

    Raises:
        MachineError: a file cannot be read.
    """
    for path in view.paths:
        yield from lines_of_file(view, path, max_bytes)


def lines_of_file(view: LogView, path: str, max_bytes: int) -> Iterator[Line]:
    """Every line of one file of the log."""
    is_last = path == view.paths[-1]
    try:
        fd = os.dup(view.last_fd) if is_last else open_file(path, os.O_RDONLY)
        with open(fd, "rb") as file:
            file.seek(0)
            size = view.last_size if is_last else os.fstat(fd).st_size
            yield from _lines(file, os.path.basename(path), size, max_bytes)
    except OSError as cause:
        raise MachineError(f'cannot read audit log "{path}": {cause.strerror}') from cause


def _lines(file: BinaryIO, name: str, size: int, max_bytes: int) -> Iterator[Line]:
    number = 0
    while size > 0 and (content := file.readline(min(size, max_bytes + 1))):
        number += 1
        size -= len(content)
        too_long = len(content) > max_bytes and not content.endswith(b"\n")
        ended = content.endswith(b"\n")
        yield Line(name, number, content.removesuffix(b"\n"), ended or too_long, too_long)
        rest = content if too_long else b""
        while rest and not rest.endswith(b"\n") and size > 0:
            rest = file.readline(min(size, max_bytes))
            size -= len(rest)


@contextmanager
def _writers_wait(path: str, patience_s: float) -> Iterator[None]:
    """Hold the lock shared, so that no half-written line is seen. A copied log has no lock."""
    try:
        fd = open_file(lock_path(path), os.O_RDONLY)
    except FileNotFoundError:
        yield
        return
    try:
        _lock_shared(path, fd, patience_s)
        yield
    finally:
        os.close(fd)


def _lock_shared(path: str, fd: int, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as cause:
            if time.monotonic() > deadline:
                raise MachineError(
                    f'audit log "{path}" is still being written after {patience_s:g} s',
                    do="Wait for the other secure process, or end it.",
                ) from cause
            time.sleep(0.01)
