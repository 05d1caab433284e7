"""Layers that try to write outside their directory, each with a canary beside it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from tars import END, entries, header, member, unpacked

from secure.errors import ArchiveError, InputError
from secure.images.entry import (
    BLOCK_DEVICE,
    CHARACTER,
    DIRECTORY,
    FIFO,
    HARDLINK,
    SYMLINK,
    Entry,
)
from secure.images.unpack import unpack_layer
from secure.images.write import NewFile, layer_tar
from secure.oci.limits import DEFAULT_LIMITS

CANARY = b"untouched"


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """The directory to unpack into; what lies around it must stay as it is."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "canary").write_bytes(CANARY)
    inside = tmp_path / "inside"
    inside.mkdir()
    before = _picture(outside)
    yield inside
    assert _picture(outside) == before
    assert sorted(os.listdir(tmp_path)) == ["inside", "outside"]


def _picture(folder: Path) -> list[tuple[str, int, int, bytes]]:
    return [
        (name, status.st_mode, status.st_nlink, (folder / name).read_bytes())
        for name in sorted(os.listdir(folder))
        for status in [os.lstat(folder / name)]
    ]


def link(name: bytes, target: bytes) -> NewFile:
    return NewFile(name, kind=SYMLINK, link=target)


@pytest.mark.parametrize("target", [b"../outside", b"/proc/self/cwd", b"/", b".", b"real"])
def test_a_file_through_a_symbolic_link_is_refused(root: Path, target: bytes) -> None:
    tar = layer_tar([NewFile(b"real", kind=DIRECTORY), link(b"d", target), NewFile(b"d/canary")])
    with pytest.raises(ArchiveError, match=r'"d/canary".*symbolic link'):
        unpacked(tar, root)


@pytest.mark.parametrize(
    "through",
    [
        NewFile(b"d/x", kind=DIRECTORY),
        NewFile(b"d/x/y/z"),
        NewFile(b"d/x", kind=SYMLINK, link=b"y"),
        NewFile(b"d/x", kind=HARDLINK, link=b"f"),
        NewFile(b"d/x", kind=FIFO),
        NewFile(b"d/.wh.canary"),
        NewFile(b"d/.wh..wh..opq"),
        NewFile(b"hard", kind=HARDLINK, link=b"d/canary"),
    ],
)
def test_no_kind_of_entry_goes_through_a_symbolic_link(root: Path, through: NewFile) -> None:
    with pytest.raises(ArchiveError):
        unpacked(layer_tar([NewFile(b"f"), link(b"d", b"../outside"), through]), root)


def test_links_in_a_circle_are_made_and_never_followed(root: Path) -> None:
    unpacked(layer_tar([link(b"a", b"b"), link(b"b", b"a"), link(b"c", b"c")]), root)
    assert os.readlink(root / "a") == "b"
    with pytest.raises(ArchiveError):
        unpacked(layer_tar([NewFile(b"a/x")]), root)


def test_a_link_in_the_place_of_a_file_is_replaced_not_written_through(root: Path) -> None:
    unpacked(layer_tar([link(b"f", b"../outside/canary"), NewFile(b"f", b"evil")]), root)
    assert not (root / "f").is_symlink()
    assert (root / "f").read_bytes() == b"evil"


def test_a_link_in_the_place_of_a_directory_is_replaced(root: Path) -> None:
    tar = layer_tar([
        link(b"d", b"../outside"),
        NewFile(b"d", kind=DIRECTORY, mode=0o755),
        NewFile(b"d/canary", b"mine"),
    ])  # fmt: skip
    unpacked(tar, root)
    assert (root / "d" / "canary").read_bytes() == b"mine"


def test_a_directory_that_becomes_a_link_takes_its_open_descriptor_with_it(root: Path) -> None:
    tar = layer_tar([
        NewFile(b"d", kind=DIRECTORY), NewFile(b"d/one"), link(b"d", b"../outside"),
        NewFile(b"d/two"),
    ])  # fmt: skip
    with pytest.raises(ArchiveError, match="symbolic link"):
        unpacked(tar, root)


@pytest.mark.parametrize("target", [b"missing", b"d", b"f/x", b"h", b"gone"])
def test_a_hard_link_to_nothing_in_this_layer_is_refused(root: Path, target: bytes) -> None:
    files = [
        NewFile(b"f"), NewFile(b"d", kind=DIRECTORY), NewFile(b".wh.gone"),
        NewFile(b"h", kind=HARDLINK, link=target),
    ]  # fmt: skip
    with pytest.raises(ArchiveError):
        unpacked(layer_tar(files), root)


def test_a_hard_link_to_a_symbolic_link_links_the_link_itself(root: Path) -> None:
    files = [link(b"s", b"../outside/canary"), NewFile(b"h", kind=HARDLINK, link=b"s")]
    unpacked(layer_tar(files), root)
    assert os.readlink(root / "h") == "../outside/canary"


@pytest.mark.parametrize("name", [b".wh...", b"a/.wh...", b".wh..", b".wh.", b"a/.wh."])
def test_a_whiteout_of_the_root_or_above_is_refused(root: Path, name: bytes) -> None:
    with pytest.raises(ArchiveError, match="names no file"):
        unpacked(layer_tar([NewFile(b"a", kind=DIRECTORY), NewFile(name)]), root)


@pytest.mark.parametrize("kind", [CHARACTER, BLOCK_DEVICE, FIFO])
def test_devices_and_fifos_are_reported_and_not_made(root: Path, kind: int) -> None:
    report = unpacked(layer_tar([NewFile(b"dev/sda", kind=kind, device=(8, 0))]), root)
    status = os.lstat(root / "dev" / "sda")
    assert [*report.devices, *report.specials] == ["dev/sda"]
    # overlayfs shows nothing at a whiteout, so the name of a lower layer stays hidden, too.
    assert stat.S_ISCHR(status.st_mode)
    assert status.st_rdev == 0


def test_set_id_bits_and_capabilities_are_dropped_and_counted(root: Path) -> None:
    xattrs = {b"security.capability": b"\1\0\0\2" + bytes(16)}
    files = [
        NewFile(b"su", mode=0o4755), NewFile(b"wall", mode=0o2755),
        NewFile(b"ping", xattrs=xattrs, mode=0o755),
        NewFile(b"also-su", kind=HARDLINK, link=b"su", mode=0o4755),
    ]  # fmt: skip
    report = unpacked(layer_tar(files), root)
    assert (report.identity_bits, report.capabilities) == (3, 1)
    for name in ("su", "wall", "ping", "also-su"):
        assert stat.S_IMODE(os.lstat(root / name).st_mode) == 0o755
        assert os.listxattr(root / name) == []


@pytest.mark.parametrize(
    "name", [b"user.overlay.opaque", b"user.overlay.redirect", b"user.overlay.metacopy",
             b"trusted.overlay.opaque", b"security.selinux", b"system.posix_acl_access"],
)  # fmt: skip
def test_attributes_that_overlayfs_or_the_kernel_obeys_are_not_set(root: Path, name: bytes) -> None:
    for kind in ({"kind": DIRECTORY, "name": b"d"}, {"name": b"f"}):
        report = unpacked(layer_tar([NewFile(**kind, xattrs={name: b"y"})]), root)
        assert report.attributes == 1
    assert os.listxattr(root / "d") == os.listxattr(root / "f") == []


@pytest.mark.parametrize("field", ["uid", "gid"])
@pytest.mark.parametrize("number", [65_536, 2**31, 2**32 - 2])
def test_ids_that_no_range_maps_are_refused_by_name(root: Path, field: str, number: int) -> None:
    owned = NewFile(b"f", **{field: number})  # type: ignore[arg-type]  # a parameter
    with pytest.raises(ArchiveError, match=f'"f" belongs to .*{number}'):
        unpacked(layer_tar([owned]), root, keep_owner=True)
    assert os.listdir(root) == []
    unpacked(layer_tar([owned]), root)  # nobody's ids are set, so they do not matter


def test_deep_directories_are_unpacked_without_recursion_trouble(root: Path) -> None:
    deep = b"/".join([b"d"] * 250)
    unpacked(layer_tar([NewFile(deep + b"/f", b"x")]), root)
    assert (root / os.fsdecode(deep) / "f").read_bytes() == b"x"
    # and can be replaced as a whole
    unpacked(layer_tar([NewFile(b"d", b"flat")]), root)
    assert (root / "d").read_bytes() == b"flat"


def test_a_path_through_a_file_is_refused(root: Path) -> None:
    with pytest.raises(ArchiveError, match="no directory"):
        unpacked(layer_tar([NewFile(b"f"), NewFile(b"f/x")]), root)


def test_directories_that_lock_their_owner_out_can_still_be_filled(root: Path) -> None:
    files = [NewFile(b"d", kind=DIRECTORY, mode=0), NewFile(b"d/e/f", b"x", mode=0)]
    unpacked(layer_tar(files), root)
    assert stat.S_IMODE(os.lstat(root / "d").st_mode) == 0o700
    assert stat.S_IMODE(os.lstat(root / "d" / "e" / "f").st_mode) == 0


@pytest.mark.parametrize(
    "tar",
    [
        member(b"../outside/canary", b"evil") + END,
        member(b"/tmp/evil", b"evil") + END,
        header(b"h", b"1", link=b"../outside/canary") + END,
        header(b"h", b"1", link=b"/etc/passwd") + END,
        member(b"x", b"x" * 600)[:700],
    ],
)
def test_what_the_walk_refuses_is_refused_while_unpacking(root: Path, tar: bytes) -> None:
    with pytest.raises(InputError):
        unpacked(tar, root)


def test_names_that_the_walk_never_yields_cannot_leave_either(root: Path) -> None:
    # The second wall: even if a name with ".." came through, the kernel would not resolve it.
    fd = os.open(root, os.O_RDONLY)
    try:
        with pytest.raises(ArchiveError):
            unpack_layer(
                [Entry(b"../outside/x", 0, 0o644, 0, 0, 0, 0)],
                fd,
                keep_owner=False,
                limits=DEFAULT_LIMITS,
            )
    finally:
        os.close(fd)


def test_another_process_exchanging_directories_for_links_gains_nothing(root: Path) -> None:
    # While the layer is read, its directory becomes a link: the next look-up must not follow.
    files = [NewFile(b"d", kind=DIRECTORY), NewFile(b"e", kind=DIRECTORY)]
    files += [NewFile(b"e/%d/x" % n) for n in range(70)] + [NewFile(b"d/canary", b"evil")]

    def meddled() -> Iterator[Entry]:
        for entry in entries(*files):
            if entry.name == b"d/canary":
                os.rename(root / "d", root / "moved")
                os.symlink("../outside", root / "d")
            yield entry

    fd = os.open(root, os.O_RDONLY)
    try:
        with pytest.raises(ArchiveError):
            unpack_layer(meddled(), fd, keep_owner=False, limits=DEFAULT_LIMITS)
    finally:
        os.close(fd)
