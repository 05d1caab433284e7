"""Law: squashing names gives what the kernel's overlayfs shows of the unpacked layers.

Every file's content is the number of its layer, so the mount itself tells which layer provides it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tars import unpacked

from secure.images.entry import DIRECTORY, FILE
from secure.images.layer_root import visible_layers
from secure.images.squash import Squash
from secure.images.whiteouts import OPAQUE, WHITEOUT, classify, opaque, whiteout
from secure.images.write import NewFile, layer_tar

LISTING = Path(__file__).resolve().parents[2] / "support" / "overlay_listing.py"

# Few names and little depth, so that layers really meet.
names = st.lists(st.sampled_from([b"a", b"b", b"c"]), min_size=1, max_size=3).map(b"/".join)
kinds = st.sampled_from(["file", "file", "directory", "whiteout", "opaque"])


def without_contradictions(layer: list[tuple[bytes, str]]) -> list[tuple[bytes, str]]:
    """One kind a name, and nothing below a file: a layer at odds with itself is another test."""
    kept = {name: kind for name, kind in layer if kind in ("file", "directory")}
    files = {name for name, kind in kept.items() if kind == "file"}
    marks = [(name, kind) for name, kind in layer if kind not in ("file", "directory")]
    return [
        (name, kind)
        for name, kind in [*kept.items(), *marks]
        if not any(name.startswith(file + b"/") for file in files)
        and not (kind == "opaque" and name in files)
    ]


marked = st.tuples(names, kinds) | st.just((b"", "opaque"))  # b"" is the root directory
layer = st.lists(marked, max_size=6).map(without_contradictions)
layers = st.lists(layer, min_size=1, max_size=4)


def files_of(layer: list[tuple[bytes, str]], index: int) -> list[NewFile]:
    make = {
        "file": lambda name: NewFile(name, b"%d" % index),
        "directory": lambda name: NewFile(name, kind=DIRECTORY, mode=0o755),
        "whiteout": lambda name: NewFile(whiteout(name)),
        "opaque": lambda name: NewFile(opaque(name)),
    }
    return [make[kind](name) for name, kind in layer]


def squashed(layers: list[list[NewFile]]) -> Squash:
    squash = Squash()
    for files in layers:
        seen: dict[bytes, int] = {}
        whiteouts, opaques = [], []
        for file in files:
            meaning, target = classify(file.name)
            if meaning == WHITEOUT:
                whiteouts.append(target)
            elif meaning == OPAQUE:
                opaques.append(target)
            else:
                seen[file.name] = file.kind
        taken = [name for name, kind in seen.items() if kind != DIRECTORY]
        directories = [name for name, kind in seen.items() if kind == DIRECTORY]
        squash.add_layer(taken, directories, whiteouts, opaques)
    return squash


@pytest.fixture(scope="module")
def overlay_works(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("probe")
    for name in ("l0", "l1", "m"):
        (folder / name).mkdir()
    try:
        seen_by_the_kernel(folder / "m", [folder / "l0", folder / "l1"])
    except (OSError, subprocess.CalledProcessError) as cause:
        pytest.skip(f"no overlayfs in a user namespace here: {cause}")


def seen_by_the_kernel(mountpoint: Path, layers: list[Path]) -> dict[bytes, str | None]:
    command = ["unshare", "-Urm", sys.executable, "-I", "-S", str(LISTING), str(mountpoint)]
    done = subprocess.run([*command, *map(str, layers)], capture_output=True, check=True)
    lines = (line.split("\t") for line in done.stdout.decode().splitlines())
    return {os.fsencode(path): None if kind == "d" else text for path, kind, text in lines}


@pytest.mark.usefixtures("overlay_works")
@settings(max_examples=60, deadline=None)
@given(drawn=layers)
# One for each law, so that each is asked every time.
@example(drawn=[[(b"a/b", "file")], [(b"a", "opaque")]])
@example(drawn=[[(b"a", "file")], [(b"", "opaque")], [(b"b", "file")]])
@example(drawn=[[(b"a/b", "file")], [(b"a", "file")]])
@example(drawn=[[(b"a", "file")], [(b"a/b", "file")]])
@example(drawn=[[(b"a/b", "file")], [(b"a", "whiteout")]])
@example(drawn=[[(b"a", "file")], [(b"a", "whiteout")], [(b"a", "file")]])
@example(drawn=[[(b"a", "file")], [(b"a", "whiteout")]])
@example(drawn=[[(b"a/b", "file")], [(b"a", "whiteout"), (b"a", "directory"), (b"a/c", "file")]])
@example(drawn=[[(b"a", "directory"), (b"a/b", "file")], [(b"a", "directory")]])
def test_squash_names_the_layer_that_the_kernel_shows(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[list[tuple[bytes, str]]]
) -> None:
    folder = tmp_path_factory.mktemp("overlay")
    written: list[list[NewFile]] = []
    for index, layer in enumerate(drawn):
        written.append(files_of(layer, index))
        unpacked(layer_tar(written[-1]), folder / f"l{index}")
    for extra in ("base", "m"):  # overlayfs wants two layers at least
        (folder / extra).mkdir()

    paths = visible_layers([str(folder / f"l{index}") for index in range(len(drawn))])
    shown = seen_by_the_kernel(folder / "m", [folder / "base", *map(Path, paths)])

    squash = squashed(written)
    mentioned = {file.name for files in written for file in files if b".wh." not in file.name}
    provided = {name: top for name in mentioned if (top := squash.provider(name)) is not None}
    files_shown = {name: text for name, text in shown.items() if text is not None}
    # Every name that squash keeps is there, and every file comes from the layer it says.
    assert set(provided) <= set(shown)
    is_file = {(f.name, n) for n, files in enumerate(written) for f in files if f.kind == FILE}
    assert files_shown == {name: str(n) for name, n in provided.items() if (name, n) in is_file}


@settings(max_examples=200, deadline=None)
@given(drawn=layers)
def test_what_one_layer_removes_no_layer_provides(drawn: list[list[tuple[bytes, str]]]) -> None:
    written = [files_of(layer, index) for index, layer in enumerate(drawn)]
    squash = squashed(written)
    for index, files in enumerate(written):
        for file in files:
            if b".wh." in file.name:
                continue
            gone = squash.removed_by(file.name, index)
            assert gone is None or index < gone < squash.layers
            assert (squash.provider(file.name) == index) == (gone is None)
