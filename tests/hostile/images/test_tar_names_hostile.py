"""Names and link targets that try to leave the root, or that readers would read differently."""

from __future__ import annotations

import pytest
from tars import END, header, listed, member, pax, pax_record

from secure.errors import ArchiveError, LimitExceededError
from secure.images.entry import DIRECTORY, FILE
from secure.oci.limits import Limits
from secure.value import replace

SMALL = replace(Limits(), path_depth=4, name_bytes=20, path_bytes=64)


@pytest.mark.parametrize(
    "name", [b"../x", b"a/../x", b"a/..", b"..", b"./../x", b"a//../x", b"a/./../../x", b".././x"]
)
def test_a_name_with_dot_dot_is_refused(name: bytes) -> None:
    with pytest.raises(ArchiveError, match=r'has "\.\." in its name'):
        listed(member(name) + END)


@pytest.mark.parametrize("name", [b"/etc/passwd", b"//etc/passwd", b"/./x"])
def test_an_absolute_name_is_refused(name: bytes) -> None:
    with pytest.raises(ArchiveError, match="absolute"):
        listed(member(name) + END)


def test_names_that_only_look_like_dot_dot_are_fine() -> None:
    names = [b"...", b"..a", b"a..", b"a/..b/.c", b".hidden"]
    found = listed(b"".join(map(member, names)) + END)
    assert [entry.name for entry in found] == names


@pytest.mark.parametrize(
    ("raw", "name"),
    [(b"./a/b", b"a/b"), (b"a//b", b"a/b"), (b"a/./b/", b"a/b"), (b"././a", b"a"), (b"./", b"")],
)
def test_harmless_detours_are_taken_out_of_names(raw: bytes, name: bytes) -> None:
    (entry,) = listed(header(raw, b"5") + END)
    assert entry.name == name


@pytest.mark.parametrize("raw", [b"/", b"./", b".", b"//"])
def test_the_root_may_only_be_a_directory(raw: bytes) -> None:
    (entry,) = listed(header(raw, b"5") + END)
    assert (entry.name, entry.kind) == (b"", DIRECTORY)
    with pytest.raises(ArchiveError, match="in place of the root"):
        listed(header(raw, b"2", link=b"/tmp") + END)


@pytest.mark.parametrize(
    "ahead",
    [
        pax((b"path", b"../../etc/passwd")),
        pax((b"path", b"/etc/passwd")),
        member(b"././@LongLink", b"../../etc/passwd\0", b"L"),
        pax((b"GNU.sparse.name", b"../x"), (b"GNU.sparse.size", b"0")),
    ],
)
def test_traversal_in_an_extended_name_is_refused(ahead: bytes) -> None:
    with pytest.raises(ArchiveError):
        listed(ahead + member(b"harmless") + END)


def test_traversal_in_the_prefix_field_is_refused() -> None:
    with pytest.raises(ArchiveError):
        listed(header(b"passwd", prefix=b"../etc") + END)


@pytest.mark.parametrize("target", [b"/etc/passwd", b"../x", b"a/../../x", b"", b"./"])
def test_a_hard_link_out_of_the_root_or_to_nothing_is_refused(target: bytes) -> None:
    with pytest.raises(ArchiveError, match="hard link"):
        listed(header(b"a", b"1", link=target) + END)


@pytest.mark.parametrize("target", [b"/etc/passwd", b"../../x", b"/", b"a\nb"])
def test_a_symbolic_link_may_name_anything(target: bytes) -> None:
    (entry,) = listed(header(b"a", b"2", link=target) + END)
    assert entry.link == target


def test_a_symbolic_link_to_nothing_is_refused() -> None:
    with pytest.raises(ArchiveError, match="symbolic link to nothing"):
        listed(header(b"a", b"2") + END)


@pytest.mark.parametrize(
    "ahead",
    [
        pax((b"path", b"a\0b")),
        pax((b"linkpath", b"a\0b")),
        member(b"././@LongLink", b"a\0b\0", b"L"),
        member(b"././@LongLink", b"a\0b\0", b"K"),
    ],
)
def test_nul_in_an_extended_name_is_refused(ahead: bytes) -> None:
    with pytest.raises(ArchiveError, match="NUL"):
        listed(ahead + header(b"x", b"2", link=b"y") + END)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        (b"/".join([b"d"] * 5), "path_depth"),
        (b"n" * 21 + b"/" + b"n" * 4, "name_bytes"),
        (b"a/" + b"n" * 21, "name_bytes"),
        (b"/".join([b"n" * 20] * 4), "path_bytes"),
    ],
)
def test_deep_and_long_names_exceed_a_limit_by_name(name: bytes, limit: str) -> None:
    with pytest.raises(LimitExceededError) as caught:
        listed(pax((b"path", name)) + member(b"x") + END, SMALL)
    assert caught.value.limit == limit


def test_names_at_the_limit_are_read() -> None:
    name = b"/".join([b"n" * 20] * 2)
    (entry,) = listed(pax((b"path", name)) + member(b"x") + END, SMALL)
    assert (entry.name, entry.kind) == (name, FILE)


@pytest.mark.parametrize(
    "records",
    [
        b"5 path=evil\n",
        b"99 path=x\n",
        b"99999999999999999999999 path=x\n",
        b"-9 path=x\n",
        b"0 path=x\n",
        b"2 path=x\n",
        b" path=x\n",
        b"path=x\n",
        b"6 path\n",
        b"5 =x\n",
        b"10 path=xyz",
        b"1_0 path=x\n",
        b"+9 path=x\n",
        pax_record(b"path", b"x") + b"junk",
        pax_record(b"size", b"-1"),
        pax_record(b"size", b"0x10"),
        pax_record(b"size", b"1" * 30),
        pax_record(b"uid", b"-1"),
        pax_record(b"mtime", b"never"),
        pax_record(b"mtime", b"1e9"),
        pax_record(b"mtime", b"9" * 70),
    ],
)
def test_pax_records_with_wrong_lengths_or_numbers_are_refused(records: bytes) -> None:
    with pytest.raises(ArchiveError):
        listed(member(b"pax", records, b"x") + member(b"x") + END)


@pytest.mark.parametrize(
    "key",
    [b"path", b"linkpath", b"size", b"uid", b"gid", b"SCHILY.xattr.user.x", b"GNU.sparse.map"],
)
def test_a_global_header_that_engines_would_ignore_is_refused(key: bytes) -> None:
    with pytest.raises(ArchiveError, match="global"):
        listed(pax((key, b"1"), flag=b"g") + member(b"x") + END)


@pytest.mark.parametrize("flag", [b"x", b"L", b"K"])
def test_two_extended_headers_of_a_kind_are_refused(flag: bytes) -> None:
    one = member(b"h", pax_record(b"path", b"a") if flag == b"x" else b"a\0", flag)
    with pytest.raises(ArchiveError, match="two extended headers"):
        listed(one + one + header(b"x", b"2", link=b"y") + END)


def test_an_extended_header_without_an_entry_is_refused() -> None:
    with pytest.raises(ArchiveError, match="without its entry"):
        listed(pax((b"path", b"a")) + END)


@pytest.mark.parametrize("flag", [b"V", b"M", b"D", b"N", b"A", b"\xff"])
def test_an_unknown_kind_is_refused(flag: bytes) -> None:
    with pytest.raises(ArchiveError, match="unknown kind"):
        listed(header(b"x", flag) + END)


def test_terminal_control_characters_never_reach_a_message() -> None:
    with pytest.raises(ArchiveError) as caught:
        listed(member(b"../\x1b[2J\x07\xff\xe2\x80\xae") + END)
    assert caught.value.what.isprintable()
