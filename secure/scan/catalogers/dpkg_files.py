"""The files of Debian packages: /var/lib/dpkg/info/NAME.list, .md5sums and .conffiles.

Sources: dpkg(1) "FILES"; deb-md5sums(5); deb-conffiles(5). Each is a file of its own, so an upgrade
rewrites those of the upgraded packages only.
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.layer_facts import Record
from secure.scan.owned_files import OwnedFiles, owned_files

FOLDER = b"var/lib/dpkg/info/"
_MD5_DIGITS = 32


def parse_files(file: FileView) -> Iterator[Record | Unreadable | OwnedFiles]:
    content = file.content.replace(b"\r\n", b"\n")
    if file.name.endswith(b".list"):
        yield owned_files((name, b"") for name in _without_directories(content.split(b"\n")))
    elif file.name.endswith(b".conffiles"):
        lines = (line.strip() for line in content.split(b"\n"))
        # dpkg 1.20 knows flags before the path: "remove-on-upgrade /etc/x".
        yield owned_files((), config=(line[line.find(b"/") :] for line in lines if b"/" in line))
    else:
        yield from parse_md5sums(file)


def parse_md5sums(file: FileView) -> Iterator[Unreadable | OwnedFiles]:
    """Lines "DIGEST  PATH"; also as distroless images have them, in status.d."""
    pairs: list[tuple[bytes, bytes]] = []
    wrong = 0
    for line in file.content.split(b"\n"):
        digits, _, name = line.partition(b"  ")
        try:
            digest = bytes.fromhex(digits.decode("ascii")) if len(digits) == _MD5_DIGITS else b""
        except ValueError:
            digest = b""
        if digest and name:
            pairs.append((name.rstrip(b"\r").removeprefix(b"./"), digest))
        elif line.strip():
            wrong += 1
    if wrong:
        yield file.unreadable(f"{wrong} lines have no digest and path")
    yield owned_files(pairs, "md5")


def _without_directories(names: list[bytes]) -> Iterator[bytes]:
    """A list tells a directory right before what is in it; an empty one looks like a file."""
    for name, following in zip(names, [*names[1:], b""], strict=True):
        if name and not following.startswith(name + b"/") and name != b"/.":
            yield name


DPKG_FILES = Cataloger(
    name="dpkg-files",
    version=1,
    wants=("*/dpkg/info/*.list", "*/dpkg/info/*.md5sums", "*/dpkg/info/*.conffiles"),
    max_bytes=16 * MIB,  # linux-headers claims 20,000 files: 1.5 MB
    parse=parse_files,
    database=False,
)
