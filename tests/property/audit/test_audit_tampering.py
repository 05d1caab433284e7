"""Law: whatever is changed in a log, verification names the first line that is not as written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure.audit import chain
from secure.audit.faults import (
    ALTERED,
    FOREIGN,
    INSERTED,
    REMOVED,
    REORDERED,
    TORN,
    TRUNCATED,
    Fault,
)
from secure.audit.record import GENESIS, Head, parse, seal
from secure.audit.verify import VerifyResult, verify
from secure.oci.limits import Limits

COUNT = 12
NOW = "2026-11-24T07:30:00.123Z"


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The lines of a log of one file, with newlines."""
    log = chain.log_path(str(tmp_path_factory.mktemp("whole")))
    for number in range(COUNT):
        chain.append(log, "launch", {"n": number, "who": "x" * number}, NOW, sync=False)
    return Path(log).read_bytes().splitlines(keepends=True)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where to put a changed log."""
    return str(tmp_path_factory.mktemp("copy") / "log.jsonl")


def check(copy: str, lines: list[bytes], expected_head: Head | None = None) -> VerifyResult:
    Path(copy).write_bytes(b"".join(lines))
    return verify(copy, expected_head=expected_head)


def blame(result: VerifyResult) -> tuple[str, int, int]:
    fault = result.broken
    assert isinstance(fault, Fault)
    return fault.what, fault.line, fault.seq


@given(place=st.integers(0, COUNT - 1), offset=st.integers(0, 10_000), change=st.integers(1, 255))
def test_any_changed_byte_names_its_line(
    lines: list[bytes], copy: str, place: int, offset: int, change: int
) -> None:
    line = bytearray(lines[place])
    line[offset % len(line)] ^= change
    result = check(copy, [*lines[:place], bytes(line), *lines[place + 1 :]])
    fault = result.broken or result.torn[0]
    assert fault.line == place + 1
    # Only the very end of a log may look like a crash.
    assert fault.what == ALTERED or (fault.what == TORN and place == COUNT - 1)


@given(place=st.integers(0, COUNT - 1), offset=st.integers(0, 10_000))
def test_any_removed_byte_names_its_line(
    lines: list[bytes], copy: str, place: int, offset: int
) -> None:
    line = bytearray(lines[place])
    del line[offset % len(line)]
    result = check(copy, [*lines[:place], bytes(line), *lines[place + 1 :]])
    fault = result.broken or result.torn[0]
    assert fault.line == place + 1


@given(place=st.integers(0, COUNT - 2), count=st.integers(1, COUNT))
def test_removed_records_are_named(lines: list[bytes], copy: str, place: int, count: int) -> None:
    end = min(place + count, COUNT - 1)
    result = check(copy, lines[:place] + lines[end:])
    assert blame(result) == (REMOVED, place + 1, place + 1)


@given(place=st.integers(0, COUNT - 1), to=st.integers(0, COUNT - 1))
def test_a_repeated_record_is_named(lines: list[bytes], copy: str, place: int, to: int) -> None:
    result = check(copy, [*lines[: to + 1], lines[place], *lines[to + 1 :]])
    what, line, seq = blame(result)
    # A copy of the very next record, put before it, cannot be told from one put behind it.
    first = to + 2 if place != to + 1 else to + 3
    assert (what, line, seq) == (INSERTED, first, first)


@given(pair=st.sets(st.integers(0, COUNT - 1), min_size=2, max_size=2))
def test_swapped_records_are_named(lines: list[bytes], copy: str, pair: set[int]) -> None:
    first, second = sorted(pair)
    changed = list(lines)
    changed[first], changed[second] = changed[second], changed[first]
    assert blame(check(copy, changed)) == (REORDERED, first + 1, first + 1)


@given(place=st.integers(0, COUNT - 1), text=st.binary(max_size=200))
def test_an_inserted_line_is_named(lines: list[bytes], copy: str, place: int, text: bytes) -> None:
    text = text.replace(b"\n", b"")
    result = check(copy, [*lines[:place], text + b"\n", *lines[place:]])
    assert blame(result) == (INSERTED, place + 1, place + 1)


@given(place=st.integers(0, COUNT - 2))
def test_a_forged_record_is_named_where_the_chain_breaks(
    lines: list[bytes], copy: str, place: int
) -> None:
    old = parse(lines[place].rstrip(b"\n"))
    assert old
    _, forged = seal(old.seq, old.time, "launch", old.prev, {"n": "forged"})
    result = check(copy, [*lines[:place], forged + b"\n", *lines[place + 1 :]])
    assert blame(result) == (FOREIGN, place + 2, place + 2)


@given(place=st.integers(0, COUNT - 1), shift=st.integers(1, 100))
def test_a_record_that_follows_but_has_another_number_is_named(
    lines: list[bytes], copy: str, place: int, shift: int
) -> None:
    old = parse(lines[place].rstrip(b"\n"))
    assert old
    _, forged = seal(old.seq + shift, old.time, "launch", old.prev, {})
    result = check(copy, [*lines[:place], forged + b"\n", *lines[place + 1 :]])
    assert blame(result) == (ALTERED, place + 1, place + 1)


@given(place=st.integers(0, COUNT - 1))
def test_a_log_rewritten_with_new_hashes_is_found_by_a_noted_head(
    lines: list[bytes], copy: str, place: int
) -> None:
    noted = parse(lines[-1].rstrip(b"\n"))
    assert noted
    changed = lines[:place]
    before = parse(changed[-1].rstrip(b"\n")) if changed else None
    prev = before.hash if before else GENESIS
    for seq in range(place + 1, COUNT + 1):
        record, line = seal(seq, NOW, "launch", prev, {"n": "rewritten"})
        prev = record.hash
        changed.append(line + b"\n")
    assert check(copy, changed).broken is None
    result = check(copy, changed, Head(noted.seq, noted.hash))
    assert blame(result) == (FOREIGN, COUNT, COUNT)


@given(kept=st.integers(0, COUNT - 1))
def test_a_log_cut_at_its_end_is_found_by_a_noted_head(
    lines: list[bytes], copy: str, kept: int
) -> None:
    noted = parse(lines[-1].rstrip(b"\n"))
    assert noted
    assert check(copy, lines[:kept]).broken is None
    result = check(copy, lines[:kept], Head(noted.seq, noted.hash))
    assert blame(result) == (TRUNCATED, kept, kept + 1)


@given(size=st.integers(0, 10_000), more=st.integers(1, 3))
def test_a_log_cut_anywhere_can_be_continued_and_names_the_unfinished_line(
    lines: list[bytes], tmp_path_factory: pytest.TempPathFactory, size: int, more: int
) -> None:
    whole = b"".join(lines)
    cut = whole[: size % len(whole)]
    log = chain.log_path(str(tmp_path_factory.mktemp("cut")))
    os.mkdir(os.path.dirname(log), 0o700)
    Path(log).write_bytes(cut)
    for _ in range(more):
        chain.append(log, "exit", {}, NOW, sync=False)
    result = verify(log)
    rest = cut.rpartition(b"\n")[2]
    unfinished = bool(rest) and parse(rest) is None
    assert result.broken is None
    assert [fault.line for fault in result.torn] == [cut.count(b"\n") + 1] * unfinished


@given(removed=st.integers(1, 5))
def test_a_missing_segment_is_named(tmp_path_factory: pytest.TempPathFactory, removed: int) -> None:
    log = chain.log_path(str(tmp_path_factory.mktemp("segments")))
    limits = Limits(audit_segment_bytes=700)
    for number in range(20):
        chain.append(log, "launch", {"n": number}, NOW, sync=False, limits=limits)
    os.unlink(Path(log).with_name(f"log.{removed:06}.jsonl"))
    fault = verify(log).broken
    assert fault
    assert (fault.what, fault.file, fault.line) == (REMOVED, f"log.{removed + 1:06}.jsonl", 1)
