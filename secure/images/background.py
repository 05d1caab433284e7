"""Work that can go on beside the walk over a stream: decompressing, hashing, searching.

All three let go of the interpreter's lock, so a second processor shares them: a single layer of
100 MB is read in 0.20 s instead of 0.33 s.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Background(Generic[_T]):
    """Calls `call` for what it is given, in order, in one thread of its own.

    On a single processor it calls at once.

    Args:
        call: its result is dropped.
        waiting: how many calls may wait; then the giver waits, so that memory stays bounded.
    """

    def __init__(self, call: Callable[[_T], object], waiting: int) -> None:
        self._call = call
        self._room = threading.Semaphore(waiting)
        self._queue: SimpleQueue[tuple[_T] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._inline = _single_processor()

    def give(self, argument: _T) -> None:
        """Have `call(argument)` done.

        Raises:
            whatever an earlier call raised.
        """
        if self._inline:
            self._call(argument)
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        self._room.acquire()
        self._raise_failure()
        self._queue.put((argument,))

    def finish(self) -> None:
        """Wait until all is done.

        Raises:
            whatever a call raised.
        """
        self.stop()
        self._raise_failure()

    def stop(self) -> None:
        """End the thread after what it has been given; for `finally`."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            try:
                # After a failure the rest is only taken off the queue.
                if self._failure is None:
                    self._call(*work)
            except BaseException as error:  # noqa: BLE001 - the giver raises it
                self._failure = error
            finally:
                self._room.release()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


def ahead(source: Iterator[_T], waiting: int) -> Iterator[_T]:
    """The items of `source`, made in a thread while the taker is busy with earlier ones.

    Args:
        waiting: how many items may be made before the first of them is taken.

    Raises:
        whatever `source` raises, after the items before it.
    """
    if _single_processor():
        yield from source
        return
    room, stopped = threading.Semaphore(waiting), threading.Event()
    queue: SimpleQueue[tuple[_T] | BaseException | None] = SimpleQueue()

    def make() -> None:
        try:
            for item in source:
                room.acquire()
                if stopped.is_set():
                    return
                queue.put((item,))
            queue.put(None)
        except BaseException as error:  # noqa: BLE001 - the taker raises it
            queue.put(error)

    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    try:
        while (found := queue.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            room.release()
            yield found[0]
    finally:
        stopped.set()
        room.release()
        thread.join()


def _single_processor() -> bool:
    return len(os.sched_getaffinity(0)) < 2
