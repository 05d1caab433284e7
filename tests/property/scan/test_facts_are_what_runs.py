"""Law: what a container of an image gets to see, a scan of the image tells.

The layers are unpacked and mounted as for a launch, what the kernel shows is copied out and scanned
as a directory, and each fact of that has to be a fact of the image. A layer at odds with itself may
tell more, never less (see `secure.images.squash`).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st
from scanning import apk_record
from tars import unpacked, walk

from secure.errors import ArchiveError
from secure.facts.files import FileTag
from secure.images.entry import DIRECTORY, FIFO, HARDLINK, SYMLINK, Entry
from secure.images.layer_root import visible_layers
from secure.images.source import open_image
from secure.images.whiteouts import opaque, whiteout
from secure.images.write import NewFile, layer_tar
from secure.oci.limits import DEFAULT_LIMITS
from secure.scan.merge import Merge, Merged
from secure.scan.one_pass import OnePass

_PASSWD, _RELEASE, _APK = b"etc/passwd", b"etc/os-release", b"lib/apk/db/installed"
_NPM = b"app/node_modules/x/package.json"
# Files that are read, programs, and every directory above them: layers really meet.
FILES = [_PASSWD, _RELEASE, b"usr/lib/os-release", _APK, b"bin/su", b"usr/bin/su", _NPM]
NAMES = [*FILES, b"etc", b"usr", b"usr/lib", b"usr/bin", b"lib", b"lib/apk", b"lib/apk/db"]
NAMES += [b"bin", b"app", b"app/node_modules"]

MOUNT_AND_COPY = """
mount -t overlay -o "userxattr,lowerdir=$1" layers "$2" || exit 9
cp -a "$2/." "$3/" 2>/dev/null
exit 0  # a directory that one layer alone has lists its whiteouts, and none can be copied
"""


def content(name: bytes, number: int) -> bytes:
    return {
        _PASSWD: b"u%d:x:%d:%d::/:/bin/sh\n" % (number, number, number),
        _RELEASE: b"ID=alpine\nVERSION_ID=3.%d\n" % number,
        b"usr/lib/os-release": b"ID=debian\nVERSION_ID=%d\n" % number,
        _APK: apk_record("musl", f"1.{number}-r0").encode(),
        _NPM: b'{"name":"x","version":"1.0.%d"}' % number,
    }.get(name, b"#!/bin/sh\n# %d" % number)


modes = st.sampled_from([0o644, 0o755, 0o777])
names = st.sampled_from(NAMES)
entries = st.one_of(
    st.builds(
        lambda name, number, mode: NewFile(name, content(name, number), mode=mode),
        st.sampled_from(FILES), st.integers(0, 3), modes,
    ),
    st.builds(lambda name, mode: NewFile(name, kind=DIRECTORY, mode=mode), names, modes),
    st.builds(lambda name, to: NewFile(name, kind=SYMLINK, link=b"/" + to), names, names),
    st.builds(
        lambda name, to, mode: NewFile(name, kind=HARDLINK, link=to, mode=mode),
        st.sampled_from(FILES), st.sampled_from(FILES), modes,
    ),
    st.builds(lambda name: NewFile(whiteout(name)), names),
    st.builds(lambda name: NewFile(opaque(name)), names | st.just(b"")),
    st.builds(lambda name: NewFile(name, kind=FIFO), names),
    st.builds(lambda name: NewFile(b".wh..wh.plnk/" + name, content(name, 9)), names),
)  # fmt: skip
layers = st.lists(st.lists(entries, max_size=6), min_size=1, max_size=4)


def facts(layers: Iterable[Iterable[Entry]]) -> Merged:
    merge = Merge()
    for index, layer in enumerate(layers):
        merge.add(index, OnePass(None, DEFAULT_LIMITS).run(layer))
    return merge.result()


def told(merged: Merged) -> set[tuple[str, ...]]:
    """Every fact that does not depend on the order of names or the number of layers."""
    packages = {("package", p.location.path, p.name, p.version) for p in merged.packages}
    # FIFOs and devices are not unpacked.
    tags = {
        ("file", fact.location.path, str(tag))
        for fact in merged.files
        for tag in fact.tags
        if tag not in (FileTag.SPECIAL, FileTag.DEVICE)
    }
    accounts = {("account", one.name, str(one.uid), one.shell) for one in merged.accounts}
    release = merged.os_release
    distribution = {("distribution", release.id, release.version_id)} if release else set()
    return packages | tags | accounts | distribution


def what_runs(folder: Path, tars: Sequence[bytes]) -> Merged:
    for index, tar in enumerate(tars):
        unpacked(tar, folder / f"l{index}")
    for extra in ("base", "m", "out"):  # overlayfs wants two layers at least
        (folder / extra).mkdir()
    lower = visible_layers([str(folder / f"l{index}") for index in range(len(tars))])
    stack = ":".join([*reversed(lower), str(folder / "base")])
    command = ["unshare", "-Urm", "sh", "-c", MOUNT_AND_COPY, "sh", stack]
    subprocess.run([*command, str(folder / "m"), str(folder / "out")], check=True)
    with open_image(str(folder / "out")) as image:
        return facts(layer.entries() for layer in image.layers)


@pytest.fixture(scope="module")
def overlay_works(tmp_path_factory: pytest.TempPathFactory) -> None:
    try:
        what_runs(tmp_path_factory.mktemp("probe"), [layer_tar([])])
    except subprocess.CalledProcessError as cause:
        pytest.skip(f"no overlayfs in a user namespace here: {cause}")


@pytest.mark.usefixtures("overlay_works")
@settings(max_examples=40, deadline=None)
@given(drawn=layers)
# The mode of a hard link's header is the file's in the end.
@example(
    [
        [
            NewFile(b"bin/su", b"#!", mode=0o755),
            NewFile(b"usr/bin/su", kind=HARDLINK, link=b"bin/su", mode=0o777),
        ]
    ]
)
@example(
    [
        [
            NewFile(b"bin/su", b"#!", mode=0o777),
            NewFile(b"usr/bin/su", kind=HARDLINK, link=b"bin/su", mode=0o755),
        ]
    ]
)
@example([[NewFile(_APK, content(_APK, 1))], [NewFile(opaque(b""))]])
@example(
    [[NewFile(b"bin", kind=SYMLINK, link=b"usr/bin")], [NewFile(b"bin/su", b"#!", mode=0o755)]]
)
@example([[NewFile(_PASSWD, content(_PASSWD, 1))], [NewFile(_PASSWD, kind=FIFO)]])
def test_a_scan_tells_what_a_container_sees(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[list[NewFile]]
) -> None:
    tars = [layer_tar(layer) for layer in drawn]
    scanned = facts(walk(tar) for tar in tars)
    try:
        shown = what_runs(tmp_path_factory.mktemp("image"), tars)
    except ArchiveError:
        event("refused: nothing runs")
        return
    event("compared")
    said = told(scanned)
    missing = {fact for fact in told(shown) if fact not in said}
    assert not missing, f"{missing} run, {scanned.unreadable}"


@settings(max_examples=60, deadline=None)
@given(mode=st.sampled_from([0o4755, 0o2755, 0o777]), links=st.integers(1, 6), at=st.integers(0, 6))
def test_every_name_of_a_file_tells_what_any_header_of_it_says(
    mode: int, links: int, at: int
) -> None:
    told_at = at % (links + 1)
    files = [NewFile(b"n0", b"#!", mode=mode if told_at == 0 else 0o755)]
    files += [
        NewFile(
            b"n%d" % n, kind=HARDLINK, link=b"n%d" % (n // 2), mode=mode if n == told_at else 0o755
        )
        for n in range(1, links + 1)
    ]
    found = facts([walk(layer_tar(files))])
    assert [fact.location.path for fact in found.files] == sorted(f"n{n}" for n in range(links + 1))
    assert len({fact.tags for fact in found.files}) == 1
