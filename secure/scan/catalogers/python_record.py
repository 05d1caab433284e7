"""The files of installed Python distributions: *.dist-info/RECORD, with their SHA-256.

Source: Python Packaging User Guide, "Recording installed projects": PATH,HASH,SIZE as CSV, the hash
as URL-safe base64 without padding, the path from the folder that holds the .dist-info. Compiled
files have no hash, as the installer makes them; they are left out.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from posixpath import normpath

from secure.facts.image import Unreadable
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.owned_files import OwnedFiles, owned_files

_UP_TWICE = b"../../"
_ALGORITHM = b"sha256="
_DIGEST_BYTES = 32


def parse_record(file: FileView) -> Iterator[Unreadable | OwnedFiles]:
    folder = file.name.rpartition(b"/")[0].rpartition(b"/")[0]
    pairs: list[tuple[bytes, bytes]] = []
    wrong = 0
    for line in file.content.split(b"\n"):
        path, _, rest = _split(line.rstrip(b"\r"))
        if not rest:  # an empty line, or a file without a hash
            continue
        digest, name = _digest(rest), _name(folder, path)
        if digest and name:
            pairs.append((name, digest))
        else:
            wrong += 1
    if wrong:
        yield file.unreadable(f"{wrong} lines have no path inside the image with its SHA-256")
    yield owned_files(pairs, "sha256", secondary=True)


def _split(line: bytes) -> tuple[bytes, bytes, bytes]:
    """The path, a comma and the hash. A path with a comma or a quote stands in quotes."""
    start, _, _ = line.rpartition(b",")
    path, comma, rest = start.rpartition(b",")
    if path.startswith(b'"') and path.endswith(b'"'):
        path = path[1:-1].replace(b'""', b'"')
    return path, comma, rest


def _digest(encoded: bytes) -> bytes:
    if not encoded.startswith(_ALGORITHM):
        return b""
    try:
        digest = base64.urlsafe_b64decode(encoded[len(_ALGORITHM) :] + b"=")
    except (binascii.Error, ValueError):
        return b""
    return digest if len(digest) == _DIGEST_BYTES else b""


def _name(folder: bytes, path: bytes) -> bytes:
    """The name in the image; b"" for what would lie outside.

    Scripts are told as ../../../bin/NAME; few installers write whole paths. `pip install --target`
    installs as if to lib/python and moves all into one folder, and leaves ../../bin/NAME behind.
    """
    moved = path.startswith(_UP_TWICE) and not path.startswith(_UP_TWICE + b"..")
    if moved and not (b"/" + folder).endswith(b"/lib/python"):
        path = path.removeprefix(_UP_TWICE)
    if not path or b"\0" in path:
        return b""
    if b".." not in path and b"//" not in path and b"./" not in path and path[:1] != b"/":
        return folder + b"/" + path if folder else path
    name = normpath(path if path[:1] == b"/" else b"/".join((folder, path)).lstrip(b"/"))
    return b"" if name == b".." or name.startswith(b"../") else name


PYTHON_RECORD = Cataloger(
    name="python-record",
    version=1,
    wants=("*.dist-info/RECORD",),
    max_bytes=16 * MIB,  # the largest name 20,000 files: 2 MB
    parse=parse_record,
    database=False,
)
