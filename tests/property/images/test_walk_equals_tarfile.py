"""Law: on every archive that tarfile writes, the walk and tarfile see the same entries."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tars import walk

from secure.images.tar_walk import (
    BLOCK_DEVICE,
    CHARACTER,
    DIRECTORY,
    FIFO,
    FILE,
    HARDLINK,
    SYMLINK,
)

KINDS = {
    tarfile.REGTYPE: FILE,
    tarfile.AREGTYPE: FILE,
    tarfile.DIRTYPE: DIRECTORY,
    tarfile.SYMTYPE: SYMLINK,
    tarfile.LNKTYPE: HARDLINK,
    tarfile.CHRTYPE: CHARACTER,
    tarfile.BLKTYPE: BLOCK_DEVICE,
    tarfile.FIFOTYPE: FIFO,
}
FORMATS = [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]

part = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]),
    min_size=1,
    max_size=60,
).filter(lambda text: text not in (".", ".."))
path = st.lists(part, min_size=1, max_size=6).map("/".join)


@st.composite
def members(draw: st.DrawFn) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(draw(path))
    info.type = draw(st.sampled_from(sorted(KINDS)))
    info.mode = draw(st.integers(0, 0o7777))
    info.uid, info.gid = draw(st.tuples(*[st.integers(0, 2**32 - 2)] * 2))
    info.mtime = draw(st.integers(-(2**33), 2**35))
    content = b""
    if KINDS[info.type] == FILE:
        content = draw(st.binary(max_size=3000))
        info.size = len(content)
    elif info.islnk() or info.issym():
        info.linkname = draw(path)
    elif info.isdev() and not info.isfifo():
        info.devmajor, info.devminor = draw(st.tuples(*[st.integers(0, 0o777777)] * 2))
    return info, content


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=120, deadline=None)
@given(made=st.lists(members(), max_size=8), step=st.sampled_from([1, 511, 512, 700, 65536]))
def test_the_walk_sees_what_tarfile_wrote(
    form: int, made: list[tuple[tarfile.TarInfo, bytes]], step: int
) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for info, content in made:
            archive.addfile(info, io.BytesIO(content))

    seen = []
    for entry in walk(out.getvalue(), step=step if len(made) < 3 else max(step, 511)):
        content = entry.read(1 << 20)
        seen.append(
            (entry.name, entry.kind, entry.mode, entry.uid, entry.gid, entry.mtime, content)
        )

    assert seen == [
        (
            info.name.encode(),
            KINDS[info.type],
            info.mode,
            info.uid,
            info.gid,
            info.mtime,
            content,
        )
        for info, content in made
    ]


@settings(max_examples=60, deadline=None)
@given(made=st.lists(members(), max_size=4), reads=st.lists(st.integers(1, 4000), max_size=6))
def test_reading_in_pieces_gives_the_same_content(
    made: list[tuple[tarfile.TarInfo, bytes]], reads: list[int]
) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for info, content in made:
            archive.addfile(info, io.BytesIO(content))

    walked = walk(out.getvalue(), step=1000)
    for entry, (_, content) in zip(walked, made, strict=True):
        pieces = [entry.read(count) for count in reads]
        assert content.startswith(b"".join(pieces))
        assert b"".join([*pieces, *entry.chunks()]) == content
