"""Layers made by real upgrades, against the package managers' own lists."""

from __future__ import annotations

import gzip
import lzma
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from scanning import NOW, cache_folder

from secure.facts.image import ImageFacts
from secure.images.entry import DIRECTORY, SYMLINK
from secure.images.source import open_image
from secure.images.write import LayerContent, NewFile, layer_tar, write_docker_archive
from secure.oci.image_config import Execution
from secure.scan.image import scan_image

Snapshot = dict[str, NewFile]


def facts_of(folder: Path, *tars: bytes, verify: bool = False) -> ImageFacts:
    path = str(folder / "image.tar")
    layers = [LayerContent(tar, f"step {n}", "plain") for n, tar in enumerate(tars)]
    write_docker_archive(path, layers, Execution())
    with open_image(path) as image:
        return scan_image(image, cache_dir=cache_folder().name, now=NOW, verify_files=verify)


def expected(shared: Path, version: str) -> dict[str, str]:
    path = shared / "images" / f"alpine-minirootfs-{version}-x86_64.expected.tsv"
    rows = (line.split("\t") for line in path.read_text().splitlines()[1:])
    return {row[0]: row[1] for row in rows}


def alpine(shared: Path, version: str) -> bytes:
    path = shared / "images" / f"alpine-minirootfs-{version}-x86_64.tar.gz"
    return gzip.decompress(path.read_bytes())


def test_an_alpine_release_over_another_is_told_as_the_databases_differ(
    shared: Path, tmp_path: Path
) -> None:
    before, after = expected(shared, "3.18.9"), expected(shared, "3.20.3")
    facts = facts_of(tmp_path, alpine(shared, "3.18.9"), alpine(shared, "3.20.3"))
    found = {
        p.name: (p.version, p.location.layer) for p in facts.packages if p.found_by == "apk-db"
    }
    assert found == {
        name: (version, 0 if before.get(name) == version else 1) for name, version in after.items()
    }
    assert {layer for _, layer in found.values()} == {0, 1}
    changes = [c for c in facts.changes if c.type == "apk" and c.layer == 1]
    assert {c.name: (c.kind.value, c.before) for c in changes} == {
        name: ("upgraded", before[name]) if name in before else ("added", "")
        for name in after
        if before.get(name) != after[name]
    } | {name: ("removed", "") for name in before if name not in after}
    gone = {
        g.package.name: g.package.version for g in facts.gone_packages if g.package.type == "apk"
    }
    assert gone == {name: v for name, v in before.items() if after.get(name) != v}
    assert facts.layers[0].wasted_bytes > 5_000_000
    assert facts.layers[1].wasted_bytes == 0


@pytest.mark.parametrize("version", ["3.11.13", "3.18.9", "3.20.3", "3.6.5"])
def test_every_file_of_a_real_alpine_is_what_its_package_brought(
    shared: Path, tmp_path: Path, version: str
) -> None:
    claims = facts_of(tmp_path, alpine(shared, version), verify=True).claims
    assert claims is not None
    assert claims.verified > 40
    assert (claims.missing, claims.changed) == ((), ())


def test_every_file_of_a_real_debian_is_what_its_package_brought(
    shared: Path, tmp_path: Path
) -> None:
    path = shared / "images" / "debian-trixie-essential-rootfs.tar.xz"
    facts = facts_of(tmp_path, lzma.decompress(path.read_bytes()), verify=True)
    claims = facts.claims
    assert claims is not None
    assert claims.verified > 2_500
    assert (claims.missing, claims.changed, claims.missing_documentation) == ((), (), 0)
    # What made the image gave these a mode of its own.
    assert claims.unowned_executables == ("etc/hostname", "etc/resolv.conf")
    # What programs say of themselves lies in packages, and is not counted beside them.
    assert all(p.owner for p in facts.packages if p.type == "generic")


# dpkg itself upgrades and removes; each command is a layer.


def deb(folder: Path, name: str, version: str) -> str:
    """A package of two files, one of which every version has."""
    root = folder / f"{name}-{version}"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin" / name).write_text(f"{name} {version}\n" * 10)
    (root / "usr/bin" / f"{name}-{version}").write_text(version)
    control = (
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: x <x@example.org>\n"
    )
    (root / "DEBIAN/control").write_text(control + "Description: test\n")
    target = f"{folder}/{name}_{version}.deb"
    command = ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(root), target]
    subprocess.run(command, check=True, capture_output=True)
    return target


def dpkg(root: Path, *arguments: str) -> None:
    as_root = [] if os.geteuid() == 0 else ["unshare", "-r"]
    command = [*as_root, "dpkg", f"--root={root}", "--log=/dev/null", "--force-all", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"dpkg cannot work in a directory here: {done.stderr[-300:]}")


def listed(root: Path) -> dict[str, str]:
    form = "-f=${db:Status-Status} ${Package} ${Version}\\n"
    command = ["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", form]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    rows = (row.split() for row in done.stdout.splitlines())
    return {name: version for state, name, version in rows if state == "installed"}


def snapshot(root: Path) -> Snapshot:
    found: Snapshot = {}
    for where, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = Path(where, name)
            inside = str(path.relative_to(root))
            raw = inside.encode()
            if path.is_symlink():
                found[inside] = NewFile(raw, kind=SYMLINK, link=os.readlink(path).encode())
            elif path.is_dir():
                found[inside] = NewFile(raw, kind=DIRECTORY, mode=0o755)
            else:
                found[inside] = NewFile(raw, path.read_bytes())
    return found


def difference(before: Snapshot, after: Snapshot) -> Iterator[NewFile]:
    """A layer, as engines write it: what is new or changed, and whiteouts."""
    for name in sorted(after):
        if before.get(name) != after[name]:
            yield after[name]
    for name in sorted(before.keys() - after.keys()):
        folder, _, last = name.rpartition("/")
        if folder in after:
            yield NewFile(f"{folder}/.wh.{last}".encode())


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg is not installed")
def test_layers_of_dpkg_commands_are_told_as_dpkg_query_lists_them(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "var/lib/dpkg/updates").mkdir(parents=True)
    (root / "var/lib/dpkg/info").mkdir()
    (root / "var/lib/dpkg/status").touch()
    versions = [("a", "1"), ("b", "1"), ("b", "2"), ("c", "1"), ("d", "1")]
    debs = {(name, version): deb(tmp_path, name, version) for name, version in versions}
    commands = [
        ("-i", debs["a", "1"], debs["b", "1"], debs["d", "1"]),
        ("-i", debs["b", "2"]),
        ("-P", "a"),
        ("-i", debs["c", "1"]),
        ("-i", debs["a", "1"]),
    ]
    before: Snapshot = {}
    tars = []
    lists = []
    for command in commands:
        dpkg(root, *command)
        after = snapshot(root)
        tars.append(layer_tar(difference(before, after)))
        lists.append(listed(root))
        before = after

    facts = facts_of(tmp_path, *tars, verify=True)
    assert {p.name: p.version for p in facts.packages} == lists[-1]
    assert {p.name: p.location.layer for p in facts.packages} == {"a": 4, "b": 1, "c": 3, "d": 0}
    told = [(c.layer, c.kind.value, c.name) for c in facts.changes if c.layer]
    assert told == [
        (1, "upgraded", "b"),
        (2, "removed", "a"),
        (3, "added", "c"),
        (4, "re-added", "a"),
    ]
    # Of b 1 both files are hidden: ten lines "b 1", and "1".
    assert [(g.package.name, g.package.version, g.wasted_bytes) for g in facts.gone_packages] == [
        ("b", "1", 41)
    ]
    assert facts.claims is not None
    assert (facts.claims.verified, facts.claims.changed, facts.claims.missing) == (8, (), ())
