"""Archives that lie, swell or nest without end: bounded, and named."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from isal import isal_zlib
from jars import archive, coordinates, jar, properties, read

from secure.errors import InputError
from secure.facts.image import Unreadable
from secure.scan.cataloger import FileView
from secure.scan.catalogers.java_archive import parse_archive
from secure.scan.formats.zip import Budget, BudgetSpentError, ZipStream

LANG = properties("org.apache.commons", "commons-lang3", "3.12.0")
CODEC = properties("commons-codec", "commons-codec", "1.15")
GOOD = jar(LANG | {"a.class": b"x" * 1_000})
MIB = 1 << 20


def listed(
    content: bytes, step: int = 1 << 16, budget: Budget | None = None
) -> tuple[dict[bytes, bytes], list[str]]:
    pieces = (content[at : at + step] for at in range(0, len(content), step))
    stream = ZipStream(pieces, budget or Budget("x"))
    return {member.name: member.read(MIB) for member in stream}, stream.faults


def reasons(content: bytes, name: str = "x.jar") -> str:
    return " / ".join(item.why for item in read(content, name)[1])


def local(name: bytes, content: bytes, *, method: int = 0, flags: int = 0, size: int = -1) -> bytes:
    """One entry by hand; `size` is what its header claims."""
    claimed = len(content) if size < 0 else size
    fields = (20, flags, method, 0, 0, zlib.crc32(content), claimed, claimed, len(name), 0)
    return b"PK\3\4" + struct.pack("<HHHHHIIIHH", *fields) + name + content


def central(name: bytes, offset: int, size: int = 0) -> bytes:
    """The directory's line about an entry at `offset`."""
    fields = (20, 20, 0, 0, 0, 0, 0, size, size, len(name), 0, 0, 0, 0, 0, offset)
    return b"PK\1\2" + struct.pack("<HHHHHHIIIHHHHHII", *fields) + name


def end(entries: int = 0) -> bytes:
    return b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, entries, entries, 0, 0, 0)


def bomb(size_mib: int) -> bytes:
    """An archive whose one entry inflates to so many MiB of zeros, made without deflating them."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = block * size_mib + zlib.compressobj(9, wbits=-15).flush()
    name = b"META-INF/x"
    head = local(name, packed, method=8, flags=8, size=0)
    crc = 0
    for _ in range(size_mib):
        crc = isal_zlib.crc32(bytes(MIB), crc)
    after = struct.pack("<IIII", 0x08074B50, crc, len(packed), size_mib << 20 & 0xFFFFFFFF)
    return head + after + central(name, 0) + end(1)


@pytest.mark.parametrize("step", [1, 3, 64, 1 << 20])
def test_pieces_of_any_size_give_the_same_entries(step: int) -> None:
    entries: dict[str, bytes | str] = {"a": b"x" * 10_000, "b/": b"", "c": bytes(range(256)) * 50}
    for sizes_after in (False, True):
        content = archive(entries, sizes_after=sizes_after)
        found, faults = listed(content, step)
        assert found == {b"a": b"x" * 10_000, b"b/": b"", b"c": bytes(range(256)) * 50}
        assert faults == []


def test_zip64_sizes_in_header_and_after_the_entry() -> None:
    seekable, pipe = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(seekable, "w") as made, made.open("a", "w", force_zip64=True) as entry:
        entry.write(b"hello")
    assert listed(seekable.getvalue()) == ({b"a": b"hello"}, [])
    packed = zlib.compress(b"hello", wbits=-15)
    pipe.write(local(b"a", packed, method=8, flags=8, size=0)[: 30 + 1 + len(packed)])
    pipe.write(b"PK\7\x08" + struct.pack("<IQQ", zlib.crc32(b"hello"), len(packed), 5))
    pipe.write(central(b"a", 0) + end(1))
    assert listed(pipe.getvalue()) == ({b"a": b"hello"}, [])


@pytest.mark.parametrize("cut", range(1, len(GOOD), 7))
def test_a_truncated_archive_is_named(cut: int) -> None:
    assert reasons(GOOD[:cut]) != ""


def test_what_came_before_the_damage_is_kept() -> None:
    packages, unreadable = read(GOOD[:-30])
    assert coordinates(packages) == {"org.apache.commons:commons-lang3:3.12.0"}
    assert len(unreadable) == 1


def test_a_damaged_nested_archive_does_not_hide_the_next() -> None:
    packages, (unreadable,) = read(jar({"a.jar": GOOD[:-40], "b.jar": jar(CODEC)}))
    assert "commons-codec:commons-codec:1.15" in coordinates(packages)
    assert unreadable.path == "app/x.jar"
    assert unreadable.why.startswith("!/a.jar: a damaged zip archive")


@pytest.mark.parametrize("content", [b"", b"\0" * 5_000, b"PK", b"not a zip", b"\x1f\x8b" * 99])
def test_what_is_no_archive_is_named(content: bytes) -> None:
    assert reasons(content) != ""


def test_an_empty_archive_is_an_archive() -> None:
    assert read(end()) == ([], [])


def test_overlapping_entries_are_named_and_read_once() -> None:
    """One kernel of data, a thousand directory entries that point at it (Fifield 2019)."""
    body = local(b"k", b"x" * 1_000)
    content = body + b"".join(central(b"k", 0, 1_000) for _ in range(1_000)) + end(1_000)
    assert "lists 1000 entries, 1 were read" in reasons(content)


def test_entries_that_only_the_directory_knows_are_named() -> None:
    content = local(b"a", b"1") + central(b"b", 7) + end(1)
    assert "1 entries that are not where it says" in reasons(content)


def test_entries_that_the_directory_hides_are_named() -> None:
    content = local(b"a", b"1") + local(b"b", b"2") + central(b"a", 0, 1) + end(1)
    assert "lists 1 entries, 2 were read" in reasons(content)


def test_a_second_archive_behind_the_first_is_named() -> None:
    assert "something follows its end" in reasons(jar(CODEC) + GOOD)


def test_an_encrypted_entry_is_named_and_the_rest_read() -> None:
    body = local(b"a", b"secret", flags=1)
    offset = len(body)
    name = b"META-INF/maven/g/commons-lang3/pom.properties"
    body += local(name, b"groupId=g\nartifactId=commons-lang3\nversion=1\n")
    content = body + central(b"a", 0) + central(name, offset) + end(2)
    packages, (unreadable,) = read(content)
    assert [p.name for p in packages] == ["commons-lang3"]
    assert "encrypted" in unreadable.why


def test_an_unknown_compression_is_named() -> None:
    content = local(b"a", b"zzz", method=93) + central(b"a", 0) + end(1)
    assert "compression method 93" in reasons(content)


def test_a_stored_entry_whose_length_follows_is_named() -> None:
    assert reasons(archive({"a": b"1"}, zipfile.ZIP_STORED, sizes_after=True)) != ""


def test_a_wrong_checksum_is_named() -> None:
    content = bytearray(archive(LANG, zipfile.ZIP_STORED, sizes_after=False))
    content[14] ^= 1
    assert "checksum" in reasons(bytes(content))


def test_a_size_that_is_not_there_is_named() -> None:
    content = local(b"a", b"1", size=0x7FFFFFFF) + central(b"a", 0) + end(1)
    assert "ends inside an entry" in reasons(content)


def test_a_bomb_stops_at_its_limit_in_bounded_time_and_memory() -> None:
    content = bomb(5_000)
    assert len(content) < 6 * MIB
    start = time.monotonic()
    assert "zip bytes" in reasons(content)
    assert time.monotonic() - start < 30


def test_reading_holds_a_piece_and_not_the_whole() -> None:
    content = bomb(100)
    tracemalloc.start()
    assert reasons(content) == ""
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * MIB


def test_a_bomb_inside_archives_counts_for_the_outermost() -> None:
    inner = bomb(1_500)
    packages, (unreadable,) = read(jar({"a.jar": inner, "b.jar": inner, "c.jar": inner}))
    assert packages == []
    assert unreadable.path == "app/x.jar"
    assert "zip bytes" in unreadable.why


def test_archives_nested_without_end_stop_at_a_depth() -> None:
    content = jar(LANG)
    for _ in range(40):
        content = jar({"r.jar": content})
    packages, (unreadable,) = read(content)
    assert packages == []
    assert "zip depth" in unreadable.why


def test_a_quine_ends() -> None:
    """An archive that holds itself (Cox 2010), as far as a reader sees: a level in every level."""
    content = jar({"r.zip": b""})
    for _ in range(12):
        content = jar({"r.jar": content, "s.jar": content})
    start = time.monotonic()
    _, (unreadable,) = read(content)
    assert "zip depth" in unreadable.why
    assert time.monotonic() - start < 5


def test_thousands_of_nested_archives_stop_at_a_count() -> None:
    inner = jar({})
    content = jar({f"{n}.jar": inner for n in range(5_100)})
    start = time.monotonic()
    _, (unreadable,) = read(content)
    assert "zip archives" in unreadable.why
    assert time.monotonic() - start < 5


def test_a_flood_of_entries_stops_at_a_count() -> None:
    content = jar({str(n): b"" for n in range(1_100)})
    with pytest.raises(BudgetSpentError, match="zip entries"):
        listed(content, budget=Budget("x", entries=1_000))


@pytest.mark.parametrize(
    ("name", "size"),
    [("META-INF/MANIFEST.MF", 5 * MIB), ("META-INF/maven/g/a/pom.properties", MIB),
     ("META-INF/maven/g/a/pom.xml", 2 * MIB)],
)  # fmt: skip
def test_an_absurdly_large_entry_is_named_and_the_rest_read(name: str, size: int) -> None:
    packages, (unreadable,) = read(jar(LANG | {name: b" " * size}))
    assert [p.name for p in packages] == ["commons-lang3"]
    assert unreadable.path == "app/x.jar"
    assert f'"{name}" has more than' in unreadable.why


def test_entities_in_a_project_file_are_refused_and_the_rest_read() -> None:
    pom = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><project><url>&a;</url></project>'
    packages, (unreadable,) = read(jar(LANG | {"META-INF/maven/g/a/pom.xml": pom}))
    assert [p.name for p in packages] == ["commons-lang3"]
    assert "document type" in unreadable.why


def _changed(make: Callable[[], bytes]) -> st.SearchStrategy[bytes]:
    content = make()
    places = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255))

    def applied(changes: list[tuple[int, int]]) -> bytes:
        raw = bytearray(content)
        for at, value in changes:
            raw[at] = value
        return bytes(raw)

    return st.lists(places, max_size=6).map(applied)


NESTED = jar({"a.jar": GOOD, "b.jar": archive(CODEC, sizes_after=False)})


@settings(max_examples=300)
@given(st.one_of(_changed(lambda: NESTED), _changed(lambda: GOOD), st.binary(max_size=300)))
def test_no_bytes_make_the_reader_of_archives_raise(content: bytes) -> None:
    for item in parse_archive(FileView(b"x.jar", content)):
        assert isinstance(item, Unreadable) or item.package.version


@settings(max_examples=300)
@given(_changed(lambda: NESTED))
def test_a_changed_archive_is_read_as_python_reads_it_or_something_is_said(content: bytes) -> None:
    """Where nothing is said, the entries are those that zipfile finds by the directory."""

    def by_directory() -> Iterator[tuple[bytes, bytes]]:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            for entry in opened.infolist():
                yield entry.orig_filename.encode("cp437", "replace"), opened.read(entry)

    try:
        found, faults = listed(content)
    except InputError:
        return
    if faults:
        return
    try:
        expected = dict(by_directory())
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, zlib.error):
        return  # stricter than we are
    assert sorted(found.values()) == sorted(expected.values())
