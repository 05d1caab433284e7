"""On real archives the walk sees what tarfile sees, and real images open and verify."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import tarfile
from pathlib import Path

import pytest
from tars import walk

from secure.images.entry import BLOCK_DEVICE, CHARACTER, FILE, HARDLINK, KIND_NAMES, SYMLINK
from secure.images.source import open_image
from secure.images.write import LayerContent, write_oci_archive
from secure.oci.image_config import Execution

ROOTFS = [
    "alpine-minirootfs-20240923-x86_64.tar.gz",
    "alpine-minirootfs-3.6.5-x86_64.tar.gz",
    "alpine-minirootfs-3.20.3-aarch64.tar.gz",
    "debian-trixie-essential-rootfs.tar.xz",
    "debian-trixie-metadata.tar.xz",
]
KINDS = {b"0": "file", b"\0": "file", b"1": "hard link", b"2": "symbolic link"}
KINDS |= {b"3": "character device", b"4": "block device", b"5": "directory", b"6": "FIFO"}


def plain(path: Path) -> bytes:
    opener = lzma.open if path.suffix == ".xz" else gzip.open
    with opener(path) as file:
        content = file.read()
    assert isinstance(content, bytes)
    return content


@pytest.mark.parametrize("name", ROOTFS)
def test_a_real_root_file_system_is_listed_as_tarfile_lists_it(shared: Path, name: str) -> None:
    path = shared / "images" / name

    ours = []
    for e in walk(plain(path)):
        content = hashlib.sha256()
        for chunk in e.chunks():
            content.update(chunk)
        ours.append(
            (
                e.name, KIND_NAMES[e.kind], e.mode, e.uid, e.gid, e.size, e.mtime,
                e.link if e.kind == SYMLINK else e.link or b"", e.device, content.digest(),
            )
        )  # fmt: skip

    theirs = []
    with tarfile.open(path) as archive:
        for m in archive:
            file = archive.extractfile(m) if m.isreg() else None
            link = m.linkname.encode("utf-8", "surrogateescape")
            if m.islnk():
                link = link.removeprefix(b"./")
            device = (m.devmajor, m.devminor) if m.ischr() or m.isblk() else (0, 0)
            raw = m.name.encode("utf-8", "surrogateescape")
            theirs.append(
                (
                    raw.removeprefix(b"./") if raw != b"." else b"", KINDS[m.type],
                    m.mode & 0o7777, m.uid, m.gid, m.size if m.isreg() else 0, int(m.mtime), link,
                    device, hashlib.sha256(file.read() if file else b"").digest(),
                )
            )  # fmt: skip
    assert len(ours) > 100
    assert ours == theirs


@pytest.mark.parametrize(
    ("name", "architecture", "count"),
    [
        ("busybox-latest-glibc-amd64.oci.tar", "amd64", 448),
        ("busybox-latest-glibc-arm64v8.oci.tar", "arm64", 448),
        ("busybox-latest-musl-amd64.oci.tar", "amd64", 430),
    ],
)
def test_a_real_oci_layout_opens_and_its_layers_verify(
    shared: Path, name: str, architecture: str, count: int
) -> None:
    with open_image(str(shared / "images" / name)) as image:
        entries = [e for layer in image.layers for e in layer.entries()]
        assert image.config_facts.architecture == architecture
        assert image.config_facts.cmd == ("sh",)
        assert image.unverified == ()
        assert image.layers[0].created_by.startswith("BusyBox")

    assert len(entries) == count
    # busybox is one program under four hundred names.
    assert sum(e.kind == HARDLINK for e in entries) > 300


def test_a_real_docker_archive_opens_and_its_layer_verifies(shared: Path) -> None:
    path = shared / "images" / "docker-archive-alpine-310.tar.gz"
    with open_image(str(path)) as image:
        (layer,) = image.layers
        entries = list(layer.entries())
        assert image.repo_tags == ("alpine:3.10",)
        assert image.digest == image.config_digest
        assert image.digest.startswith("sha256:af341ccd2df8")
        assert layer.diff_id.startswith("sha256:531743b7098c")

    assert len(entries) == 482
    assert {e.kind for e in entries}.isdisjoint({CHARACTER, BLOCK_DEVICE})


@pytest.mark.parametrize("compression", ["gzip", "zstd", "plain"])
def test_a_real_root_file_system_survives_being_written_as_an_image(
    shared: Path, tmp_path: Path, compression: str
) -> None:
    tar = plain(shared / "images" / ROOTFS[0])
    target = tmp_path / "alpine.tar"
    layer = LayerContent(tar, "ADD rootfs", compression)  # type: ignore[arg-type]  # a parameter
    write_oci_archive(str(target), [layer], Execution(cmd=("/bin/sh",)), "alpine:edge")

    with open_image(f"{target}:alpine:edge") as image:
        names = {e.name: e.kind for e in image.layers[0].entries()}

    assert names[b"lib/apk/db/installed"] == FILE
    assert len(names) == 520
