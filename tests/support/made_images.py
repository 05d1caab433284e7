"""Small real images for tests of the command: a good one, and one for each thing that is wrong."""

from __future__ import annotations

import io
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from containers import APPLETS

from secure.images.entry import DIRECTORY, SYMLINK
from secure.images.write import (
    LayerContent,
    NewFile,
    image_config,
    layer_tar,
    oci_members,
    write_oci_archive,
)
from secure.oci.image_config import Execution

NAME = "tests/app:1.0"
USER = "10001:10001"
_RECORD = b"""Package: busybox-static
Status: install ok installed
Architecture: amd64
Version: 1:1.35.0-4+b3
Maintainer: Debian <debian@example.org>
Description: Standalone rescue shell
"""
_MORE_APPLETS = ("nc", "dd", "ulimit", "trap", "df", "pwd", "printenv", "setsid")


def execution(**changes: object) -> Execution:
    """What the good image runs."""
    good = Execution(
        user=USER, env=("PATH=/bin", "HOME=/app"), cmd=("/bin/id",), working_dir="/app"
    )
    return msgspec.structs.replace(good, **changes)


def base_layer() -> LayerContent:
    """Busybox with its package's record.

    Skips:
        without busybox there is nothing to run.
    """
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("busybox is not installed (apt-get install busybox-static)")
    applets = sorted({*APPLETS, *_MORE_APPLETS})
    files = [
        *(NewFile(name, kind=DIRECTORY, mode=0o755) for name in (b"bin", b"etc", b"app", b"root")),
        NewFile(b"bin/busybox", Path(busybox).read_bytes(), mode=0o755),
        *(NewFile(f"bin/{a}".encode(), kind=SYMLINK, mode=0o777, link=b"busybox") for a in applets),
        NewFile(b"etc/passwd", b"root:x:0:0::/root:/bin/sh\napp:x:10001:10001::/app:/bin/sh\n"),
        NewFile(b"etc/group", b"root:x:0:\napp:x:10001:\n"),
        NewFile(b"etc/os-release", b'ID=debian\nVERSION_ID="12"\n'),
        NewFile(b"app/plain", b"no program\n", mode=0o644),
        NewFile(b"var/lib/dpkg/status.d/busybox", _RECORD),
    ]
    return LayerContent(layer_tar(files), "ADD busybox /")


@dataclass(frozen=True)
class Images:
    """A folder of archives that every user can read."""

    folder: Path
    base: LayerContent

    @property
    def good(self) -> str:
        return self.made("good")

    def made(self, name: str, *files: NewFile, tag: str = NAME, **changes: object) -> str:
        """The path of an archive: the base, a layer of `files`, and a changed execution config."""
        path = self.folder / f"{name}.tar"
        if not path.exists():
            layers = [self.base]
            if files:
                layers.append(LayerContent(layer_tar(files), f"COPY {name} /"))
            write_oci_archive(str(path), layers, execution(**changes), tag=tag)
            path.chmod(0o644)
        return str(path)

    def unequal(self) -> str:
        """The config promises another layer than the manifest has (diff-ids differ)."""
        other = LayerContent(layer_tar([NewFile(b"app/other", b"other")]), "COPY other /")
        promised = image_config([other], execution())
        return self._written("unequal", oci_members([self.base], promised, NAME)[0])

    def too_few(self) -> str:
        """The config names two layers, the manifest one."""
        promised = image_config([self.base, self.base], execution())
        return self._written("too-few", oci_members([self.base], promised, NAME)[0])

    def tampered(self) -> str:
        """A layer was exchanged under its old digest."""
        members, _ = oci_members([self.base], execution(), NAME)
        changed = LayerContent(layer_tar([NewFile(b"bin/evil", b"#!", mode=0o755)]), "").blob()
        largest = max(members, key=lambda name: len(members[name]))
        size = len(members[largest])
        return self._written("tampered", members | {largest: changed.ljust(size, b"\0")})

    def truncated(self) -> str:
        """The archive stops in the middle."""
        path = self.folder / "truncated.tar"
        whole = Path(self.good).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        path.chmod(0o644)
        return str(path)

    def _written(self, name: str, members: dict[str, bytes]) -> str:
        path = self.folder / f"{name}.tar"
        with tarfile.open(path, "w") as archive:
            for member, content in members.items():
                entry = tarfile.TarInfo(member)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        path.chmod(0o644)
        return str(path)


def make_images(folder: Path) -> Images:
    """An empty folder for archives, and the base that they share."""
    folder.mkdir(mode=0o755)
    return Images(folder, base_layer())
