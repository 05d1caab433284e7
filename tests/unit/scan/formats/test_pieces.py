"""Ranges of a file of which only parts were kept."""

from __future__ import annotations

import pytest

from secure.scan.formats.pieces import FormatError, NotKeptError, Pieces

_KEPT = Pieces(b"begin", 30, ((10, b"in the middle"),))


@pytest.mark.parametrize(
    ("text", "offset", "size", "there"),
    [
        (b"egi", 1, 3, True),
        (b"egi", 1, 2, False),  # goes on beyond the range
        (b"egi", 2, 3, False),  # begins before it
        (b"the", 10, 13, True),
        (b"the", 13, 3, True),
        (b"the", 14, 5, False),
    ],
)
def test_a_text_is_found_only_within_the_range(
    text: bytes, offset: int, size: int, *, there: bool
) -> None:
    assert _KEPT.holds((b"absent", text), offset, size) is there
    assert (text in _KEPT.read(offset, size)) is there


def test_what_was_not_kept_and_what_is_not_there_are_told_apart() -> None:
    with pytest.raises(NotKeptError):
        _KEPT.holds((b"x",), 4, 7)
    with pytest.raises(FormatError, match="outside the file of 30 bytes"):
        _KEPT.holds((b"x",), 20, 11)
