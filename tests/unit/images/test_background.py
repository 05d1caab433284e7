"""Work beside the reading of a stream: in order, bounded, and no failure is lost."""

from __future__ import annotations

import threading

import pytest

from secure.images.background import Background


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
    with pytest.raises(ValueError, match="0"):
        for number in range(1_000):
            work.give(number)
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
    work = Background(print, 1)
    work.stop()
    work.finish()


def test_no_thread_is_left() -> None:
    before = threading.active_count()
    work = Background(lambda _: None, 1)
    work.give(1)
    work.finish()
    assert threading.active_count() == before
