"""Days between dates, without `datetime`: it is on the launch path and the clock is an argument."""

from __future__ import annotations


def day_number(moment: str) -> int | None:
    """The day of an ISO date or RFC 3339 moment, counted from a fixed day; None if it is neither.

    Source: Howard Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
    """
    year, month, day = moment[0:4], moment[5:7], moment[8:10]
    if moment[4:5] != "-" or moment[7:8] != "-" or moment[10:11] not in ("", "T", "t", " "):
        return None
    if not (len(day) == 2 and _digits(year) and _digits(month) and _digits(day)):
        return None
    y, m, d = int(year), int(month), int(day)
    if not (1 <= m <= 12 and 1 <= d <= _days_in(y, m)):
        return None
    y -= m <= 2
    era, year_of_era = divmod(y, 400)
    day_of_year = (153 * (m - 3 if m > 2 else m + 9) + 2) // 5 + d - 1
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year


def days_between(earlier: str, later: str) -> int | None:
    """Whole days between two dates, negative if `later` comes first; None if one is no date."""
    start, end = day_number(earlier), day_number(later)
    return None if start is None or end is None else end - start


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31
