"""The images that are measured, made from this machine's own files and from test data.

Each function is called in a child (`in_child`), so that the runner itself stays small.
"""

from __future__ import annotations

import io
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.images.write import NewFile

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(1, str(ROOT))  # `secure.images.write`, wherever we were started
BUSYBOX_TAG = "bench/busybox:1.0"
_APPLETS = ("true", "sh", "ls", "cat", "id", "sleep", "echo")
_DEBIAN = ROOT.parent / "shared/data/images/debian-trixie-essential-rootfs.tar.xz"
_KEPT = Path("/var/tmp/secure-bench-debian.tar")  # noqa: S108 - made by root, only read
_MORE = "python3,perl,git,gcc"


@dataclass(frozen=True)
class Busybox:
    """The same files twice: as an OCI archive, and unpacked for a runtime bundle."""

    archive: str
    rootfs: str


def busybox(folder: str) -> Busybox:
    """A busybox image with the user 10001, in one layer.

    Raises:
        RuntimeError: there is no statically linked busybox here.
    """
    from secure.images.entry import DIRECTORY, SYMLINK
    from secure.images.write import LayerContent, NewFile, layer_tar, write_oci_archive
    from secure.oci.image_config import Execution

    found = shutil.which("busybox")
    if found is None:
        raise RuntimeError("busybox is not installed (apt-get install busybox-static)")
    files = [
        NewFile(b"bin", kind=DIRECTORY, mode=0o755),
        NewFile(b"etc", kind=DIRECTORY, mode=0o755),
        NewFile(b"bin/busybox", Path(found).read_bytes(), mode=0o755),
        *(NewFile(f"bin/{name}".encode(), kind=SYMLINK, mode=0o777, link=b"busybox")
          for name in _APPLETS),
        NewFile(b"etc/passwd", b"root:x:0:0::/:/bin/sh\napp:x:10001:10001::/:/bin/sh\n"),
        NewFile(b"etc/group", b"root:x:0:\napp:x:10001:\n"),
    ]  # fmt: skip
    tar = layer_tar(files)
    archive, rootfs = f"{folder}/busybox.tar", f"{folder}/rootfs"
    execution = Execution(user="10001:10001", env=("PATH=/bin",), cmd=("/bin/true",))
    write_oci_archive(archive, (LayerContent(tar, "ADD busybox /"),), execution, BUSYBOX_TAG)
    _unpack(files, Path(rootfs))
    return Busybox(archive, rootfs)


def _unpack(files: Sequence[NewFile], rootfs: Path) -> None:
    from secure.images.entry import DIRECTORY, SYMLINK

    rootfs.mkdir()
    for name in ("proc", "sys", "dev"):  # a runtime makes these where it may write
        (rootfs / name).mkdir()
    for file in files:
        path = rootfs / file.name.decode()
        if file.kind == DIRECTORY:
            path.mkdir()
        elif file.kind == SYMLINK:
            path.symlink_to(file.link.decode())
        else:
            path.write_bytes(file.content)
            path.chmod(file.mode)


def debian_tar() -> Path | bytes:
    """A Debian root file system: the one debootstrapped earlier, or the test data's small one.

    Raises:
        RuntimeError: there is neither.
    """
    if _KEPT.exists():
        return _KEPT
    if _DEBIAN.exists():
        return lzma.decompress(_DEBIAN.read_bytes())
    raise RuntimeError("no Debian root file system: run `python bench/scan.py --bootstrap` as root")


def bootstrap() -> None:
    """Make a larger Debian once, with mmdebstrap: this machine's own release; as root."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    release = next(line for line in lines if line.startswith("VERSION_CODENAME="))
    suite = release.partition("=")[2].strip('"')
    part = _KEPT.with_suffix(".part.tar")
    command = ["mmdebstrap", "--variant=minbase", f"--include={_MORE}", suite, str(part)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    part.rename(_KEPT)


def layered_archive(target: str, rootfs: Path | bytes, layers: int) -> str:
    """`rootfs` (a tar) as an OCI archive of gzip layers of about the same size; what it is."""
    from secure.images.write import LayerContent, write_oci_archive
    from secure.oci.image_config import Execution

    tars = list(_cut(rootfs, layers))
    contents = [LayerContent(tar, f"layer {number}") for number, tar in enumerate(tars)]
    execution = Execution(user="10001", env=("PATH=/usr/bin",), cmd=("/bin/true",))
    write_oci_archive(target, contents, execution, "bench/debian:1.0")
    sizes = " + ".join(f"{len(tar) / 1e6:.0f}" for tar in tars)
    return f"{sizes} MB of tar in {len(tars)} gzip layers"


def _cut(rootfs: Path | bytes, layers: int) -> Iterator[bytes]:
    """The members in their order, a new tar whenever a share is full.

    A hardlink whose target landed in an earlier layer is left out: a layer cannot have it.
    """
    content = io.BytesIO(rootfs) if isinstance(rootfs, bytes) else rootfs.open("rb")
    with content, tarfile.open(fileobj=content) as source:
        members = source.getmembers()
        share = sum(member.size + 512 for member in members) // layers + 1
        for group in _groups(members, share):
            out = io.BytesIO()
            here = {member.name for member in group}
            with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as target:
                for member in group:
                    if not member.islnk() or member.linkname in here:
                        target.addfile(
                            member, source.extractfile(member) if member.isreg() else None
                        )
            yield out.getvalue()


def _groups(members: Sequence[tarfile.TarInfo], share: int) -> Iterator[list[tarfile.TarInfo]]:
    group: list[tarfile.TarInfo] = []
    size = 0
    for member in members:
        if size > share:
            yield group
            group, size = [], 0
        group.append(member)
        size += member.size + 512
    yield group


def layer_blobs(archive: str, folder: str) -> tuple[str, ...]:
    """The layer blobs of an OCI archive as files in `folder`, the largest first."""
    from secure.images.source import open_image

    with open_image(archive) as image:
        digests = [str(blob.digest) for blob in image.layers]
    paths = []
    with tarfile.open(archive) as tar:
        for digest in digests:
            content = tar.extractfile("blobs/" + digest.replace(":", "/"))
            path = f"{folder}/{digest.partition(':')[2]}.gz"
            with open(path, "wb") as file:
                shutil.copyfileobj(content or io.BytesIO(), file)
            paths.append(path)
    return tuple(sorted(paths, key=os.path.getsize, reverse=True))


def secret_rules() -> int:
    """How many rules a scan looks for."""
    from secure.scan.secrets.rules import RULES

    return len(RULES)
