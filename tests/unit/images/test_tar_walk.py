"""Forms of tar that real writers use."""

from __future__ import annotations

import pytest
from tars import END, contents, header, listed, member, padded, pax, walk

from secure.errors import ArchiveError, LimitExceededError, SecureError
from secure.images.byte_queue import ByteQueue
from secure.images.entry import DIRECTORY, FILE, HARDLINK
from secure.images.tar_walk import TarWalk
from secure.oci.limits import DEFAULT_LIMITS


def test_a_long_name_of_gnu_tar_counts_for_the_next_entry_only() -> None:
    long = b"d/" * 60 + b"f"
    found = listed(member(b"././@LongLink", long + b"\0", b"L") + member(b"x") + member(b"y") + END)
    assert [entry.name for entry in found] == [long, b"y"]


def test_a_long_link_of_gnu_tar_is_the_target() -> None:
    tar = member(b"././@LongLink", b"t" * 150 + b"\0", b"K") + header(b"x", b"2", link=b"t") + END
    assert listed(tar)[0].link == b"t" * 150


def test_the_prefix_of_ustar_is_put_in_front() -> None:
    assert listed(header(b"file", prefix=b"some/where") + END)[0].name == b"some/where/file"


def test_gnu_times_in_the_place_of_the_prefix_are_no_prefix() -> None:
    raw = header(b"file", magic=b"ustar  \0", prefix=b"14000000000\x0014000000000\0")
    assert listed(raw + END)[0].name == b"file"


def test_the_prefix_that_old_go_wrote_into_gnu_headers_is_read() -> None:
    raw = header(b"file", magic=b"ustar  \0", prefix=b"some/where")
    assert listed(raw + END)[0].name == b"some/where/file"


def test_a_v7_directory_is_told_by_its_slash() -> None:
    raw = header(b"d/", b"\0", magic=b"")
    assert [(e.name, e.kind) for e in listed(raw + END)] == [(b"d", DIRECTORY)]


def test_extended_attributes_come_as_bytes() -> None:
    value = b"\1\0\0\2" + bytes(16)
    found = listed(pax((b"SCHILY.xattr.security.capability", value)) + member(b"x") + END)
    assert found[0].xattrs == {b"security.capability": value}


def test_an_empty_pax_value_leaves_the_header_in_force() -> None:
    assert listed(pax((b"path", b"")) + member(b"x") + END)[0].name == b"x"


def test_a_global_time_counts_until_the_next() -> None:
    tar = pax((b"mtime", b"7"), (b"comment", b"c"), flag=b"g") + member(b"a") + member(b"b") + END
    assert [entry.mtime for entry in listed(tar)] == [7, 7]


@pytest.mark.parametrize(
    ("text", "seconds"), [(b"1.9", 1), (b"-1.5", -2), (b"-1.0", -1), (b"0", 0), (b"-0.5", -1)]
)
def test_fractions_of_seconds_are_rounded_down(text: bytes, seconds: int) -> None:
    assert listed(pax((b"mtime", text)) + member(b"x") + END)[0].mtime == seconds


def test_a_hard_link_is_counted_from_the_root_and_has_no_content() -> None:
    found = listed(header(b"d/x", b"1", size=99, link=b"./d/./y") + END)
    assert [(e.kind, e.link, e.size) for e in found] == [(HARDLINK, b"d/y", 0)]


def test_unread_content_is_skipped() -> None:
    tar = member(b"a", b"A" * 5000) + member(b"b", b"B") + END
    walked = walk(tar, step=600)
    assert [entry.read(1) for entry in walked] == [b"A", b"B"]


def test_content_cannot_be_read_after_the_walk_has_moved_on() -> None:
    first, _ = listed(member(b"a", b"A") + member(b"b", b"B") + END)
    with pytest.raises(SecureError, match="moved on"):
        first.read(1)


@pytest.mark.parametrize(
    "ahead",
    [
        pax(
            (b"GNU.sparse.size", b"3000"),
            (b"GNU.sparse.numblocks", b"2"),
            (b"GNU.sparse.offset", b"1000"),
            (b"GNU.sparse.numbytes", b"3"),
            (b"GNU.sparse.offset", b"2000"),
            (b"GNU.sparse.numbytes", b"2"),
        ),
        pax(
            (b"GNU.sparse.name", b"real"),
            (b"GNU.sparse.size", b"3000"),
            (b"GNU.sparse.map", b"1000,3,2000,2"),
        ),
    ],
)
def test_sparse_files_of_pax_0_are_read_whole(ahead: bytes) -> None:
    tar = ahead + member(b"real", b"abcde") + member(b"next", b"N") + END
    found = contents(tar)
    assert found == {
        b"real": b"abc".rjust(1003, b"\0") + b"de".rjust(999, b"\0") + bytes(998),
        b"next": b"N",
    }


def test_sparse_files_of_pax_1_keep_their_map_in_front() -> None:
    keys = pax(
        (b"GNU.sparse.major", b"1"),
        (b"GNU.sparse.minor", b"0"),
        (b"GNU.sparse.name", b"real"),
        (b"GNU.sparse.realsize", b"1002"),
    )
    stored = padded(b"1\n1000\n2\n") + b"ab"
    tar = keys + member(b"GNUSparseFile.1/real", stored) + member(b"next", b"N") + END
    found = walk(tar)
    first = next(iter(found))
    assert (first.name, first.size, first.sparse) == (b"real", 1002, True)
    assert contents(tar) == {b"real": bytes(1000) + b"ab", b"next": b"N"}


def test_old_gnu_sparse_files_with_an_extension_block_are_read_whole() -> None:
    def pair(offset: int, length: int) -> bytes:
        return b"%011o\0%011o\0" % (offset, length)

    table = b"".join(pair(n * 1000, 1) for n in range(4)) + b"\1" + b"%011o\0" % 5000
    extension = (pair(4000, 1) + pair(5000, 0)).ljust(512, b"\0")
    tar = header(b"s", b"S", 5, magic=b"ustar  \0", gnu=table) + extension + padded(b"abcde")
    tar += member(b"next", b"N") + END
    expected = b"".join(letter + bytes(999) for letter in (b"a", b"b", b"c", b"d", b"e"))
    assert contents(tar, step=300) == {b"s": expected, b"next": b"N"}


def test_an_archive_without_its_end_marker_is_refused_where_no_digest_proves_it_whole() -> None:
    tar = member(b"x", b"X")
    assert [entry.kind for entry in listed(tar)] == [FILE]
    pieces = iter([tar])
    strict = TarWalk(
        ByteQueue(lambda: next(pieces, b"")), DEFAULT_LIMITS, "outer", end_required=True
    )
    with pytest.raises(ArchiveError, match="end marker"):
        list(strict)


def test_an_entry_after_one_block_of_zeros_is_refused() -> None:
    with pytest.raises(ArchiveError, match="readers disagree"):
        listed(member(b"a") + bytes(512) + member(b"b") + END)


def test_what_follows_the_end_marker_is_no_entry() -> None:
    assert len(listed(member(b"a") + END + member(b"b") + END)) == 1


@pytest.mark.parametrize("garbage", [b"", b"x", b"not a tar archive" * 100])
def test_nothing_and_garbage_are_no_archives(garbage: bytes) -> None:
    with pytest.raises(ArchiveError):
        listed(garbage)


def test_a_sparse_map_with_too_many_segments_exceeds_a_limit_by_name() -> None:
    many = b",".join(b"%d,0" % n for n in range(70_000))
    keys = pax((b"GNU.sparse.size", b"80000"), (b"GNU.sparse.map", many))
    with pytest.raises(LimitExceededError) as caught:
        listed(keys + member(b"x") + END)
    assert caught.value.limit == "sparse_segments"
