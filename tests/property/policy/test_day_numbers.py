"""Day numbers agree with the standard library's calendar."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from secure.policy.dates import day_number, days_between


@given(st.dates(), st.integers(-4000, 4000))
def test_days_between_is_the_calendars(start: date, days: int) -> None:
    try:
        end = start + timedelta(days=days)
    except OverflowError:
        return
    assert days_between(start.isoformat(), end.isoformat() + "T12:00:00Z") == days


@given(st.text(alphabet="0123456789-T:Z ", max_size=24))
def test_what_the_calendar_refuses_is_refused(text: str) -> None:
    try:
        real = date.fromisoformat(text[:10]) if text[4:5] == text[7:8] == "-" else None
    except ValueError:
        real = None
    if real is None or len(text[:10]) != 10:
        assert day_number(text) is None
