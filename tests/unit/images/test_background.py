"""Work beside the reading of a stream: in order, bounded, and no failure is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import count

import pytest

from secure.images.background import Background, ahead


def test_everything_is_done_in_order() -> None:
    done: list[int] = []
    work = Background(done.append, 2)
    for number in range(100):
        work.give(number)
    work.finish()
    assert done == list(range(100))


def test_a_failure_is_raised_at_the_latest_at_the_end() -> None:
    def fail(number: int) -> None:
        raise ValueError(number)

    work = Background(fail, 4)
    work.give(1)
    with pytest.raises(ValueError, match="1"):
        work.finish()


def test_after_a_failure_the_giver_does_not_wait_for_ever() -> None:
    def fail(number: int) -> None:
        raise ValueError(number)

    work = Background(fail, 1)

    def give_many() -> None:
        for number in range(1_000):
            work.give(number)

    with pytest.raises(ValueError, match="0"):
        give_many()
    work.stop()


def test_the_giver_waits_when_too_much_does() -> None:
    go_on = threading.Event()
    given: list[int] = []
    work: Background[int] = Background(lambda _: go_on.wait(), 2)

    def feed() -> None:
        for number in range(5):
            work.give(number)
            given.append(number)

    feeder = threading.Thread(target=feed)
    feeder.start()
    feeder.join(timeout=0.2)
    waited = len(given)
    go_on.set()
    feeder.join()
    work.finish()
    assert (waited, len(given)) == (2, 5)


def test_stopping_without_work_or_twice_is_fine() -> None:
    work: Background[object] = Background(print, 1)
    work.stop()
    work.finish()


def test_no_thread_is_left() -> None:
    before = threading.active_count()
    work: Background[int] = Background(lambda _: None, 1)
    work.give(1)
    work.finish()
    assert threading.active_count() == before


def test_items_made_ahead_come_in_order() -> None:
    assert list(ahead(iter(range(100)), 3)) == list(range(100))


def test_a_failing_source_fails_after_its_items() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise ValueError("end")

    taken = ahead(source(), 3)
    assert next(taken) == 1
    with pytest.raises(ValueError, match="end"):
        next(taken)


def test_a_taker_that_stops_leaves_no_thread() -> None:
    before = threading.active_count()
    taken = ahead(count(), 2)
    assert next(taken) == 0
    del taken
    assert threading.active_count() == before


def test_a_source_runs_no_further_ahead_than_allowed() -> None:
    made: list[int] = []

    def source() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    taken = ahead(source(), 2)
    next(taken)
    time.sleep(0.05)
    # One taken, two waiting, one made that waits for room.
    assert len(made) <= 4
    assert list(taken) == list(range(1, 100))
