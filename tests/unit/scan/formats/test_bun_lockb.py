"""The binary lock file of bun: what it asks for, and what a damaged one leads to.

`bun bun.lockb` prints a lock file of Yarn; for the projects it was tried on, what is read from that
and what is read here is the same.
"""

from __future__ import annotations

import struct

import pytest
from bun_lock_files import FORMAT_2, FORMAT_3, NAMED
from catalogued import catalogued, told, wanting
from hypothesis import given, settings
from hypothesis import strategies as st

from secure.facts.image import Unreadable
from secure.facts.package import Package
from secure.scan.cataloger import FileView
from secure.scan.layer_facts import Record

FILES = {"2": FORMAT_2, "3": FORMAT_3}


def named(name: str) -> Package:
    return next(one for one in catalogued("a/bun.lockb", FORMAT_3)[0] if one.full_name == name)


@pytest.mark.parametrize("version", FILES)
def test_both_formats_ask_for_the_same(version: str) -> None:
    packages, _ = catalogued("a/bun.lockb", FILES[version])
    assert told(packages) == NAMED
    assert {one.found_by for one in packages} == {"bun-binary-lock"}


def test_a_package_has_digest_dependencies_and_repository() -> None:
    assert [name for name, _ in named("@types/ms").hashes] == ["sha512"]
    assert named("forked").qualifiers == (
        ("vcs_url", "git+https://github.com/acme/forked.git@0123456"),
    )
    found = wanting("bun.lockb").parse(FileView(b"bun.lockb", FORMAT_2))
    needs = {one.package.name: one.needs for one in found if isinstance(one, Record)}
    assert needs["debug"] == (("ms",),)


def test_what_was_fetched_from_an_address_has_no_version_and_says_so() -> None:
    _, unreadable = catalogued("a/bun.lockb", FORMAT_3)
    assert unreadable == ['"forked" has no version that can be known from this file']


def with_number(content: bytes, at: int, layout: str, number: int) -> bytes:
    size = struct.calcsize(layout)
    return content[:at] + struct.pack(layout, number) + content[at + size :]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is no binary lock file of bun"),
        (FORMAT_2[:60], "ends too early"),
        (FORMAT_2[:-1000], "ends too early"),
        (with_number(FORMAT_2, 42, "<I", 1), "in format 1"),
        (with_number(FORMAT_2, 86, "<Q", 1 << 60), f"no room for {1 << 60} packages"),
        (with_number(FORMAT_3, 118, "<Q", 1 << 62), "ends too early"),
    ],
)
def test_a_damaged_file_is_named(content: bytes, why: str) -> None:
    packages, unreadable = catalogued("a/bun.lockb", content)
    assert packages == []
    assert why in unreadable[0]


def test_names_cannot_all_be_one_long_text() -> None:
    """Of a whole file that would be gigabytes: 26 bytes for each dependency, 4,096 for its name."""
    number = 1_000
    reference = struct.pack("<2I", 0, 0x8000_0000 | 4_096)
    resolution = b"\2".ljust(16, b"\0") + struct.pack("<3I", 1, 2, 3).ljust(48, b"\0")
    columns = b"ab".ljust(16, b"\0") + resolution + struct.pack("<4I", 0, number, 0, 0) + bytes(88)
    begin = 126
    end = at = begin + len(columns)
    buffers = b""
    dependencies = (reference.ljust(16, b"\0") + b"\2".ljust(10, b"\0")) * number
    for buffer in (b"", b"", b"", dependencies, b"", b"a" * 4_096):
        buffers += struct.pack("<2Q", at + 16, at + 16 + len(buffer)) + buffer
        at += 16 + len(buffer)
    head = FORMAT_2[:42] + struct.pack("<I32x6Q", 2, at, 1, 0, 0, begin, end)
    packages, (why,) = catalogued("a/bun.lockb", head + columns + buffers)
    assert (packages, "more text than" in why) == ([], True), why


def test_packages_cannot_claim_more_dependencies_than_there_are() -> None:
    count, begin = struct.unpack_from("<Q16xQ", FORMAT_2, 86)
    slices = begin + (8 + 8 + 64) * count
    swollen = FORMAT_2
    for number in range(count):
        swollen = with_number(swollen, slices + 8 * number + 4, "<I", 4)
    assert "too many dependencies" in catalogued("a/bun.lockb", swollen)[1][0]


@settings(max_examples=300)
@given(st.sampled_from([FORMAT_2, FORMAT_3]), st.data())
def test_a_changed_file_is_read_or_reported(content: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(42, len(content) - 1))
        piece = data.draw(st.binary(min_size=1, max_size=8))
        content = content[:at] + piece + content[at + len(piece) :]
    for item in wanting("bun.lockb").parse(FileView(b"bun.lockb", content)):
        if isinstance(item, Unreadable):
            assert item.why.isprintable()
        if isinstance(item, Record):
            assert item.package.name
            assert item.package.version
