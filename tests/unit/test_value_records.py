"""`@value`: frozen records without dataclasses."""

from __future__ import annotations

import pytest

from secure.value import replace, value


@value
class Point:
    x: int
    y: int = 0
    label: str = ""

    def moved(self, by: int) -> Point:
        return replace(self, x=self.x + by)


@value
class Other:
    x: int
    y: int = 0
    label: str = ""


@value
class Empty:
    pass


def test_fields_are_given_by_position_by_name_or_by_default() -> None:
    assert (Point(1).x, Point(1).y, Point(1, label="a").label) == (1, 0, "a")
    assert Point(1, 2, "a") == Point(x=1, y=2, label="a")


@pytest.mark.parametrize(
    ("given", "named"), [((), {}), ((1, 2, "a", 4), {}), ((1,), {"x": 2}), ((1,), {"z": 2})]
)
def test_a_missing_second_or_unknown_field_is_refused(
    given: tuple[object, ...], named: dict[str, object]
) -> None:
    with pytest.raises(TypeError, match="Point"):
        Point(*given, **named)  # type: ignore[arg-type]  # what is tested


def test_a_record_cannot_be_changed() -> None:
    point = Point(1)
    for call, arguments in ((setattr, (point, "x", 2)), (delattr, (point, "x"))):
        with pytest.raises(AttributeError, match="frozen"):
            call(*arguments)
    with pytest.raises(AttributeError, match="frozen"):
        point.z = 1  # type: ignore[attr-defined]  # what is tested
    assert point == Point(1)


def test_equal_means_same_class_and_same_fields() -> None:
    assert Point(1) == Point(1)
    assert Point(1) != Point(2)
    other: object = Other(1)
    assert Point(1) != other
    assert len({Point(1), Point(1), Point(2)}) == 2
    assert Empty() == Empty()


def test_a_record_can_be_replaced_in_part() -> None:
    assert replace(Point(1, 2, "a"), y=3) == Point(1, 3, "a")
    assert Point(1).moved(4) == Point(5)


def test_a_record_shows_its_fields_and_matches_by_position() -> None:
    assert repr(Point(1, 2, "a")) == "Point(x=1, y=2, label='a')"
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)
