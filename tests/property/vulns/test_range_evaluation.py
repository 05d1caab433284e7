"""A range is the union of its intervals, in whatever order its events stand."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from secure.vulns.osv import Affected, Event, Package, Range
from secure.vulns.ranges import State, judge

_numbers = st.lists(st.integers(1, 40), min_size=2, max_size=8, unique=True).map(sorted)


def _judged(events: list[Event], version: int) -> State:
    affected = Affected(Package("npm", "x"), (Range("SEMVER", tuple(events)),))
    return judge(affected, f"{version}.0.0").state


@given(_numbers, st.integers(0, 41), st.randoms(use_true_random=False))
def test_it_holds_what_one_of_its_intervals_holds(
    bounds: list[int], version: int, order: random.Random
) -> None:
    pairs = list(zip(bounds[::2], bounds[1::2], strict=False))
    events = [Event(introduced=f"{low}.0.0") for low, _ in pairs]
    events += [Event(fixed=f"{high}.0.0") for _, high in pairs]
    order.shuffle(events)
    inside = any(low <= version < high for low, high in pairs)
    assert _judged(events, version) is (State.AFFECTED if inside else State.NOT_AFFECTED)


@given(_numbers, st.integers(0, 41))
def test_intervals_that_touch_are_one(bounds: list[int], version: int) -> None:
    events = [Event(introduced=f"{bounds[0]}.0.0")]
    for bound in bounds[1:-1]:
        events += [Event(fixed=f"{bound}.0.0"), Event(introduced=f"{bound}.0.0")]
    events.append(Event(fixed=f"{bounds[-1]}.0.0"))
    inside = bounds[0] <= version < bounds[-1]
    assert _judged(events, version) is (State.AFFECTED if inside else State.NOT_AFFECTED)
