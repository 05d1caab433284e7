"""What unpacking makes of a well-meant layer."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from tars import END, header, member, padded, pax, unpacked

from secure.errors import LimitExceededError
from secure.images.entry import CHARACTER, DIRECTORY, HARDLINK, SYMLINK
from secure.images.write import NewFile, layer_tar
from secure.oci.limits import DEFAULT_LIMITS
from secure.value import replace


def is_whiteout(path: Path) -> bool:
    status = os.lstat(path)
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def is_opaque(path: Path) -> bool:
    return "user.overlay.opaque" in os.listxattr(path)


def test_files_get_content_mode_and_time(tmp_path: Path) -> None:
    files = [
        NewFile(b"d", kind=DIRECTORY, mode=0o1777, mtime=1000),
        NewFile(b"d/f", b"text", mode=0o640, mtime=2000),
        NewFile(b"d/s", kind=SYMLINK, link=b"/anywhere", mtime=3000),
        NewFile(b"d/h", kind=HARDLINK, link=b"d/f", mode=0o640, mtime=2000),
    ]
    report = unpacked(layer_tar(files), tmp_path / "l")
    d = tmp_path / "l" / "d"
    assert (d / "f").read_bytes() == b"text"
    assert [stat.S_IMODE(os.lstat(p).st_mode) for p in (d, d / "f")] == [0o1777, 0o640]
    assert [int(os.lstat(p).st_mtime) for p in (d, d / "f", d / "s")] == [1000, 2000, 3000]
    assert os.lstat(d / "h").st_ino == os.lstat(d / "f").st_ino
    assert (report.entries, report.bytes) == (4, 4)


def test_the_umask_does_not_matter(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        unpacked(layer_tar([NewFile(b"a/b", mode=0o666)]), tmp_path / "l")
    finally:
        os.umask(old)
    modes = [stat.S_IMODE(os.lstat(tmp_path / "l" / p).st_mode) for p in ("a", "a/b")]
    assert modes == [0o755, 0o666]


def test_whiteouts_become_overlay_whiteouts_and_opaque_directories(tmp_path: Path) -> None:
    files = [NewFile(b"d/.wh.gone"), NewFile(b"e/.wh..wh..opq"), NewFile(b".wh..wh.aufs")]
    report = unpacked(layer_tar(files), tmp_path / "l")
    assert is_whiteout(tmp_path / "l" / "d" / "gone")
    assert is_opaque(tmp_path / "l" / "e")
    assert (report.whiteouts, report.opaques, report.bookkeeping) == (1, 1, 1)
    assert sorted(os.listdir(tmp_path / "l")) == ["d", "e"]


@pytest.mark.parametrize("first", ["whiteout", "file"])
def test_a_whiteout_never_takes_a_file_of_its_own_layer(tmp_path: Path, first: str) -> None:
    files = [NewFile(b".wh.x"), NewFile(b"x", b"mine")]
    unpacked(layer_tar(files if first == "whiteout" else files[::-1]), tmp_path / "l")
    assert (tmp_path / "l" / "x").read_bytes() == b"mine"


@pytest.mark.parametrize("first", ["whiteout", "directory"])
def test_a_whiteout_beside_a_directory_of_its_own_layer_empties_it(
    tmp_path: Path, first: str
) -> None:
    files = [NewFile(b".wh.d"), NewFile(b"d", kind=DIRECTORY, mode=0o750), NewFile(b"d/f")]
    ordered = files if first == "whiteout" else [*files[1:], files[0]]
    unpacked(layer_tar(ordered), tmp_path / "l")
    assert is_opaque(tmp_path / "l" / "d")
    assert os.listdir(tmp_path / "l" / "d") == ["f"]


def test_a_whiteout_beside_an_implied_directory_empties_it(tmp_path: Path) -> None:
    unpacked(layer_tar([NewFile(b".wh.d"), NewFile(b"d/e/f")]), tmp_path / "l")
    assert is_opaque(tmp_path / "l" / "d")


def test_an_overlay_whiteout_in_a_layer_is_a_whiteout(tmp_path: Path) -> None:
    report = unpacked(layer_tar([NewFile(b"x", kind=CHARACTER)]), tmp_path / "l")
    assert is_whiteout(tmp_path / "l" / "x")
    assert (report.whiteouts, report.devices) == (1, [])


def test_a_later_entry_replaces_an_earlier_one_of_another_kind(tmp_path: Path) -> None:
    files = [
        NewFile(b"a/b/c"), NewFile(b"a", b"file"),
        NewFile(b"d", b"file"), NewFile(b"d", kind=DIRECTORY),
        NewFile(b"f", b"one"), NewFile(b"f", b"two"),
    ]  # fmt: skip
    unpacked(layer_tar(files), tmp_path / "l")
    root = tmp_path / "l"
    assert (root / "a").read_bytes() == b"file"
    assert (root / "d").is_dir()
    assert is_opaque(root / "d")  # the file that stood there had hidden the lower directory
    assert (root / "f").read_bytes() == b"two"


def test_a_directory_that_comes_again_keeps_its_content(tmp_path: Path) -> None:
    files = [
        NewFile(b"d", kind=DIRECTORY, mode=0o700), NewFile(b"d/f"),
        NewFile(b"d", kind=DIRECTORY, mode=0o755, mtime=77),
    ]  # fmt: skip
    unpacked(layer_tar(files), tmp_path / "l")
    assert os.listdir(tmp_path / "l" / "d") == ["f"]
    assert int(os.lstat(tmp_path / "l" / "d").st_mtime) == 77
    assert not is_opaque(tmp_path / "l" / "d")


def test_holes_stay_holes(tmp_path: Path) -> None:
    keys = pax((b"GNU.sparse.size", b"8000000"), (b"GNU.sparse.map", b"4000000,10000"))
    tar = keys + member(b"sparse", b"x" * 10_000) + END
    unpacked(tar, tmp_path / "l")
    status = os.lstat(tmp_path / "l" / "sparse")
    assert status.st_size == 8_000_000
    assert status.st_blocks * 512 < 1_000_000
    content = (tmp_path / "l" / "sparse").read_bytes()
    assert content == (bytes(4_000_000) + b"x" * 10_000).ljust(8_000_000, b"\0")


def test_the_root_entry_sets_the_mode_of_the_layer_itself(tmp_path: Path) -> None:
    unpacked(header(b"./", b"5", mode=b"0000711\0") + padded(b"") + END, tmp_path / "l")
    assert stat.S_IMODE(os.lstat(tmp_path / "l").st_mode) == 0o711


def test_user_attributes_are_kept(tmp_path: Path) -> None:
    unpacked(layer_tar([NewFile(b"f", xattrs={b"user.note": b"\0\1"})]), tmp_path / "l")
    assert os.getxattr(tmp_path / "l" / "f", "user.note") == b"\0\1"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_owners_and_set_id_bits_are_kept_on_request(tmp_path: Path) -> None:
    files = [
        NewFile(b"f", mode=0o4711, uid=12, gid=34, mtime=5),
        NewFile(b"s", kind=SYMLINK, link=b"f", uid=7, gid=8),
        NewFile(b"d", kind=DIRECTORY, mode=0o2755, uid=9, gid=10),
    ]
    report = unpacked(layer_tar(files), tmp_path / "l", keep_owner=True)
    found = [os.lstat(tmp_path / "l" / name) for name in ("f", "s", "d")]
    assert [(s.st_uid, s.st_gid) for s in found] == [(12, 34), (7, 8), (9, 10)]
    assert [stat.S_IMODE(found[n].st_mode) for n in (0, 2)] == [0o4711, 0o2755]
    assert report.identity_bits == 0


def test_the_limit_of_entries_holds_for_any_source(tmp_path: Path) -> None:
    tar = layer_tar(NewFile(b"%d" % n) for n in range(11))
    with pytest.raises(LimitExceededError):
        unpacked(tar, tmp_path / "l", limits=replace(DEFAULT_LIMITS, entries=10))
