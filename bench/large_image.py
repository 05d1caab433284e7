"""The 1.6 GB image: Debian | apt | pip | npm, one layer each, as OCI layouts of gzip and of zstd.

    python bench/large_image.py            makes what is missing, as root, in some ten minutes

Everything comes from the package managers' own registries; what they offer changes, so figures are
ratios. The layouts stay in `FOLDER`: they are read by later benchmarks, never written again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

FOLDER = Path("/var/tmp/secure-bench-large")  # noqa: S108 - made by root, only read
COMPRESSED = {"gz": ("gzip", "-6", "-n"), "zst": ("zstd", "-3", "-q")}
_MEDIA = {"gz": "+gzip", "zst": "+zstd", "": ""}
_APT = "python3,nodejs,npm,default-jre-headless,perl,git"
_PIP = (
    "pandas", "scipy", "matplotlib", "django", "sphinx", "scikit-learn", "sympy", "statsmodels",
)  # fmt: skip
_NPM = ("webpack", "webpack-cli", "typescript", "eslint", "jest", "react-scripts", "prettier")
_OCI = "application/vnd.oci.image"


def layer_tars(work: Path) -> tuple[Path, ...]:
    """The four layers, base first, as plain tars; those that are there are taken."""
    tars = tuple(work / f"{name}.tar" for name in ("debian", "apt", "pip", "npm"))
    for tar, make in zip(tars, (_debian, _apt, _pip, _npm), strict=True):
        if not tar.exists():
            part = tar.with_suffix(".part.tar")
            make(part, work)
            part.rename(tar)
    return tars


def _debian(tar: Path, _work: Path) -> None:
    _bootstrap(tar)


def _apt(tar: Path, work: Path) -> None:
    whole = work / "whole.tar"
    if not whole.exists():
        part = whole.with_suffix(".part.tar")
        _bootstrap(part, f"--include={_APT}")
        part.rename(whole)
    with tarfile.open(work / "debian.tar") as below, tarfile.open(whole) as full:
        known = {member.name: _state(below, member) for member in below}
        with tarfile.open(tar, "w", format=tarfile.PAX_FORMAT) as layer:
            for member in full:
                if known.get(member.name) != _state(full, member):
                    layer.addfile(member, full.extractfile(member) if member.isreg() else None)
    whole.unlink()


def _bootstrap(tar: Path, *more: str) -> None:
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    release = next(line for line in lines if line.startswith("VERSION_CODENAME="))
    suite = release.partition("=")[2].strip('"')
    _run("mmdebstrap", "--variant=minbase", *more, suite, str(tar))


def _state(tar: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[object, ...]:
    """What a later layer would have to change to bring the entry again."""
    file = tar.extractfile(member) if member.isreg() else None
    digest = hashlib.sha256(file.read()).digest() if file else b""
    return member.type, member.mode, member.uid, member.gid, member.linkname, digest


def _pip(tar: Path, work: Path) -> None:
    place = work / "pip"
    _run(sys.executable, "-m", "pip", "install", "-q", "--target", str(place), *_PIP)
    _tar(tar, place, "usr/local/lib/python3/dist-packages")
    shutil.rmtree(place)


def _npm(tar: Path, work: Path) -> None:
    place = work / "npm"
    place.mkdir(exist_ok=True)
    (place / "package.json").write_text('{"name": "bench", "version": "1.0.0"}', encoding="utf-8")
    _run("npm", "install", "--silent", "--ignore-scripts", "--prefix", str(place), *_NPM)
    _tar(tar, place, "srv/app")
    shutil.rmtree(place)


def _tar(tar: Path, folder: Path, below: str) -> None:
    def as_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.mtime = int(member.mtime)  # as engines do; a fraction takes a header of its own
        member.uname = member.gname = "root"
        return member

    with tarfile.open(tar, "w", format=tarfile.PAX_FORMAT) as out:
        for name in sorted(os.listdir(folder)):
            out.add(folder / name, f"{below}/{name}", filter=as_root)


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)


def write_layout(
    target: Path, tars: Sequence[Path], compression: str, kept: Path | None = None
) -> None:
    """An OCI layout of these layers; it appears whole or not at all.

    Args:
        compression: a key of `COMPRESSED`, or "" for plain tars.
        kept: a layout with the first of these layers: its blobs are linked, not made again.
    """
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    blobs = part / "blobs/sha256"
    blobs.mkdir(parents=True)
    layers: list[dict[str, object]] = []
    if kept:
        layers += manifest_of(kept)["layers"]
    for layer in layers:
        os.link(f"{kept}/blobs/sha256/{_hex(layer)}", blobs / _hex(layer))
    for tar in tars[len(layers) :]:
        blob = _compressed(tar, blobs, compression)
        media = f"{_OCI}.layer.v1.tar{_MEDIA[compression]}"
        layers = [*layers, _described(blob, media)]
    config = {
        "architecture": "amd64", "os": "linux", "config": {"User": "10001", "Cmd": ["/bin/true"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_sha256(tar)}" for tar in tars]},
        "history": [{"created_by": f"ADD {tar.name}"} for tar in tars],
    }  # fmt: skip
    manifest = {
        "schemaVersion": 2, "mediaType": f"{_OCI}.manifest.v1+json",
        "config": _document(blobs, config, f"{_OCI}.config.v1+json"), "layers": layers,
    }  # fmt: skip
    index = {
        "schemaVersion": 2,
        "manifests": [_document(blobs, manifest, f"{_OCI}.manifest.v1+json")],
    }
    (part / "index.json").write_text(json.dumps(index), encoding="utf-8")
    (part / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}', encoding="utf-8")
    for path in part.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    part.chmod(0o755)
    part.rename(target)


def manifest_of(layout: Path) -> dict[str, list[dict[str, object]]]:
    """The manifest of the one image in a layout written here."""
    index = json.loads((layout / "index.json").read_bytes())
    digest = index["manifests"][0]["digest"].partition(":")[2]
    manifest: dict[str, list[dict[str, object]]] = json.loads(
        (layout / "blobs/sha256" / digest).read_bytes()
    )
    return manifest


def blobs_of(layout: Path) -> tuple[str, ...]:
    """The layer blobs of a layout, the largest first."""
    folder = layout / "blobs/sha256"
    paths = [f"{folder}/{_hex(layer)}" for layer in manifest_of(layout)["layers"]]
    return tuple(sorted(paths, key=os.path.getsize, reverse=True))


def _hex(descriptor: dict[str, object]) -> str:
    return str(descriptor["digest"]).partition(":")[2]


def _compressed(tar: Path, blobs: Path, compression: str) -> Path:
    part = blobs / "part"
    if compression:
        with tar.open("rb") as source, part.open("wb") as out:
            subprocess.run(COMPRESSED[compression], stdin=source, stdout=out, check=True)
    else:
        shutil.copy(tar, part)
    return part.rename(blobs / _sha256(part))


def _document(blobs: Path, content: object, media: str) -> dict[str, object]:
    raw = json.dumps(content).encode()
    blob = blobs / hashlib.sha256(raw).hexdigest()
    blob.write_bytes(raw)
    return _described(blob, media)


def _described(blob: Path, media: str) -> dict[str, object]:
    return {"mediaType": media, "digest": f"sha256:{blob.name}", "size": blob.stat().st_size}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def entries_of(tars: Sequence[Path]) -> Iterator[tuple[str, int, int]]:
    """Of each tar its name, bytes and entries."""
    for path in tars:
        with tarfile.open(path) as tar:
            yield path.stem, path.stat().st_size, sum(1 for _ in tar)


def large_image() -> tuple[Path, ...]:
    """All layouts: `gz`, `zst`, `small` (a quarter), `top` (one layer more); made where missing."""
    FOLDER.mkdir(exist_ok=True)
    tars = layer_tars(FOLDER)
    top = FOLDER / "top.tar"
    if not top.exists():
        _top(top, tars[2])
    wanted = {
        "gz": (tars, "gz", None), "zst": (tars, "zst", None),
        "small": ((tars[0], tars[3]), "gz", None), "top": ((*tars, top), "gz", FOLDER / "gz"),
    }  # fmt: skip
    for name, (layers, compression, kept) in wanted.items():
        if not (FOLDER / name).exists():
            write_layout(FOLDER / name, layers, compression, kept)
    return tuple(FOLDER / name for name in wanted)


def _top(target: Path, source: Path) -> None:
    """A small layer above: 2,000 files of another one, moved."""
    with tarfile.open(source) as tar, tarfile.open(target, "w") as out:
        for number, member in enumerate(member for member in tar if member.isreg()):
            if number >= 2_000:
                break
            file = tar.extractfile(member)
            member.name = f"opt/{member.name}"
            out.addfile(member, file)


if __name__ == "__main__":
    for made in large_image():
        print(made)
    for name, size, count in entries_of(
        [FOLDER / f"{n}.tar" for n in ("debian", "apt", "pip", "npm")]
    ):
        print(f"{name}: {size / 1e6:.0f} MB, {count} entries")
