"""Sizes, ids, times and checksums that are negative, huge or no numbers at all."""

from __future__ import annotations

import pytest
from tars import END, header, listed, member, pax

from secure.errors import ArchiveError, LimitExceededError
from secure.oci.limits import GIB, Limits
from secure.value import replace


def base256(number: int, width: int) -> bytes:
    raw = bytearray((number % (1 << 8 * width)).to_bytes(width, "big"))
    raw[0] |= 0x80
    return bytes(raw)


@pytest.mark.parametrize("size", [-1, -512, -(2**62)])
def test_a_negative_size_is_refused(size: int) -> None:
    with pytest.raises(ArchiveError, match="size"):
        listed(header(b"x", size=base256(size, 12)) + END)


@pytest.mark.parametrize("size", [65 * GIB, 2**63, 2**64 + 1, 2**90])
def test_a_huge_size_exceeds_a_limit_by_name(size: int) -> None:
    raw = _with_size(base256(size, 12))
    with pytest.raises(LimitExceededError) as caught:
        listed(raw + END)
    assert caught.value.limit == "file_bytes"


def test_a_huge_size_in_a_pax_record_exceeds_a_limit_by_name() -> None:
    with pytest.raises(LimitExceededError) as caught:
        listed(pax((b"size", b"99999999999999999999")) + member(b"x") + END)
    assert caught.value.limit == "file_bytes"


def test_a_huge_extended_header_exceeds_a_limit_by_name() -> None:
    with pytest.raises(LimitExceededError) as caught:
        listed(header(b"x", b"x", 2 << 20) + END)
    assert caught.value.limit == "extended_header_bytes"


def test_a_negative_size_of_an_extended_header_is_refused() -> None:
    with pytest.raises(ArchiveError):
        listed(_with_size(base256(-512, 12), b"L") + END)


@pytest.mark.parametrize("field", ["uid", "gid"])
@pytest.mark.parametrize("number", [-1, -2, 2**32 - 1, 2**32, 2**40])
def test_ids_that_wrap_around_to_root_are_refused(field: str, number: int) -> None:
    raw = header(b"x", **{field: base256(number, 8)})
    with pytest.raises(ArchiveError, match="belongs to"):
        listed(raw + END)


@pytest.mark.parametrize("number", [2**31, 2**32 - 2])
def test_large_but_possible_ids_are_read_as_they_are(number: int) -> None:
    (entry,) = listed(pax((b"uid", b"%d" % number)) + member(b"x") + END)
    assert entry.uid == number


@pytest.mark.parametrize("field", ["mode", "uid", "size", "mtime"])
@pytest.mark.parametrize(
    "raw", [b"0000+77", b"-000077", b"00_0077", b"0x00077", b"0000089", b"00 0077", b"\0000077"]
)
def test_what_int_would_take_but_tar_does_not_is_refused(field: str, raw: bytes) -> None:
    with pytest.raises(ArchiveError, match="numbers"):
        listed(header(b"x", **{field: raw}) + END)


def test_a_time_beyond_all_clocks_is_refused() -> None:
    with pytest.raises(ArchiveError, match="time"):
        listed(header(b"x", mtime=base256(2**60, 12)) + END)


def test_a_wrong_checksum_is_refused() -> None:
    broken = bytearray(header(b"x"))
    broken[0] ^= 1
    with pytest.raises(ArchiveError, match="checksum"):
        listed(bytes(broken) + END)


def test_the_checksum_of_old_signed_writers_is_taken() -> None:
    raw = bytearray(header(b"\xff\xfe"))
    total = sum(raw) - sum(raw[148:156]) + 256 - 2 * 256
    raw[148:156] = b"%06o\0 " % total
    (entry,) = listed(bytes(raw) + END)
    assert entry.name == b"\xff\xfe"


def test_a_million_tiny_entries_exceed_a_limit_by_name() -> None:
    limits = replace(Limits(), entries=1000)
    with pytest.raises(LimitExceededError) as caught:
        listed(header(b"x") * 1001 + END, limits)
    assert caught.value.limit == "entries"
    assert len(listed(header(b"x") * 1000 + END, limits)) == 1000


def test_content_of_a_kind_that_has_none_cannot_hide_an_entry() -> None:
    # A reader that skips the "content" of the directory would not see the file in it.
    hidden = member(b"hidden")
    tar = header(b"d", b"5", size=len(hidden)) + hidden + END
    assert [entry.name for entry in listed(tar)] == [b"d", b"hidden"]


def _with_size(raw: bytes, flag: bytes = b"0") -> bytes:
    return header(b"x", flag, raw)
