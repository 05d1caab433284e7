"""Real archives with bytes changed at random: nothing but our errors, and nothing outside."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tars import contents, listed, unpacked

from secure.errors import SecureError
from secure.images.source import open_image
from secure.images.write import NewFile, layer_tar

RELAXED = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# Where headers say something: name, mode, ids, size, kind, link, magic, prefix.
FIELDS = [0, 1, 100, 107, 108, 116, 124, 125, 134, 136, 156, 157, 257, 345, 386, 482, 483]
change = st.tuples(st.integers(0, 400), st.sampled_from(FIELDS), st.binary(min_size=1, max_size=12))


@pytest.fixture(scope="module")
def real_tar(shared: Path) -> bytes:
    """The first 200 KiB of a real layer: some four hundred headers."""
    with open_image(str(shared / "images" / "busybox-latest-musl-amd64.oci.tar")) as image:
        files = [
            NewFile(e.name, e.read(600), e.kind, e.mode, link=e.link)
            for e in image.layers[0].entries()
        ]
    return layer_tar(files)


def mutated(tar: bytes, changes: list[tuple[int, int, bytes]], *, right_sums: bool) -> bytes:
    raw = bytearray(tar)
    for block, field, content in changes:
        start = block * 512 % len(raw)
        raw[start + field : start + field + len(content)] = content
        if right_sums:
            header = raw[start : start + 512]
            total = sum(header) - sum(header[148:156]) + 256
            raw[start + 148 : start + 156] = b"%06o\0 " % total
    return bytes(raw)


@RELAXED
@given(
    changes=st.lists(change, min_size=1, max_size=5),
    right_sums=st.booleans(),
    cut=st.none() | st.integers(0, 200_000),
)
def test_a_mutated_archive_is_read_or_refused(
    real_tar: bytes, changes: list[tuple[int, int, bytes]], right_sums: bool, cut: int | None
) -> None:
    tar = mutated(real_tar, changes, right_sums=right_sums)[:cut]
    with suppress(SecureError):
        for entry in listed(tar):
            assert not entry.name.startswith(b"/")
            assert b".." not in entry.name.split(b"/")
            assert 0 <= entry.uid < 2**32 - 1
    with suppress(SecureError):
        contents(tar, step=4096)


@settings(RELAXED, max_examples=40)
@given(changes=st.lists(change, min_size=1, max_size=5), keep_owner=st.booleans())
def test_a_mutated_archive_is_never_unpacked_outside(
    tmp_path_factory: pytest.TempPathFactory,
    real_tar: bytes,
    changes: list[tuple[int, int, bytes]],
    keep_owner: bool,
) -> None:
    folder = tmp_path_factory.mktemp("mutated")
    (folder / "canary").write_bytes(b"untouched")
    tar = mutated(real_tar, changes, right_sums=True)
    with suppress(SecureError):
        unpacked(tar, folder / "inside", keep_owner=keep_owner and os.geteuid() == 0)
    assert sorted(os.listdir(folder)) in (["canary"], ["canary", "inside"])
    assert (folder / "canary").read_bytes() == b"untouched"
