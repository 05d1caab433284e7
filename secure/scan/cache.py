"""Layer facts by diff-id: of a layer that another image shares only the digests are checked again.

Only verified layers are kept: a diff-id that nobody checked proves nothing. An entry is a digest
and compressed msgpack; one that does not fit its digest or its type is ignored and written again.
"""

from __future__ import annotations

import hashlib
import os
from typing import cast

import msgspec
from isal import isal_zlib

import secure
from secure.errors import MachineError
from secure.oci.limits import MIB, Limits
from secure.scan.layer_facts import LayerFacts
from secure.store.atomic import make_private_dir, remove_quietly, write_file

_DIGEST_BYTES = 32
_MAX_BYTES = 512 * MIB  # one entry, unpacked
_MAX_ENTRIES = 1_000  # a layer takes 1 to 700 KB; the oldest go first
_FAST = 1
_IsalError = cast("type[Exception]", isal_zlib.error)  # its stub makes it an instance


class LayerCache:
    """The entries of one directory, for one version of the analysers and one set of limits.

    Args:
        cache_dir: None keeps nothing.
    """

    def __init__(self, cache_dir: str | None, limits: Limits) -> None:
        self._directory = os.path.join(cache_dir, "layers") if cache_dir else ""
        self._version = _analysers_version(limits) if cache_dir else b""

    def load(self, diff_id: str) -> LayerFacts | None:
        """The facts of a layer, or None: not there, not ours, or damaged."""
        if not self._directory or not diff_id:
            return None
        path = self._path(diff_id)
        packed = _unpacked(_read_own(path))
        if packed is None:
            return None
        try:
            facts = msgspec.msgpack.decode(packed, type=LayerFacts)
            os.utime(path)
        except (msgspec.MsgspecError, OSError):
            return None
        return facts

    def save(self, diff_id: str, packed: bytes) -> None:
        """Keep the msgpack of a verified layer's facts."""
        if not self._directory or not diff_id or not packed:
            return
        content = isal_zlib.compress(packed, _FAST)
        try:
            make_private_dir(self._directory)
            write_file(self._path(diff_id), hashlib.sha256(content).digest() + content)
            self._drop_oldest()
        except (MachineError, OSError):
            # A full disk must not stop a scan: the next one reads the layer again.
            return

    def _path(self, diff_id: str) -> str:
        key = hashlib.sha256(self._version + diff_id.encode()).hexdigest()
        return os.path.join(self._directory, key)

    def _drop_oldest(self) -> None:
        names = os.listdir(self._directory)
        if len(names) <= _MAX_ENTRIES:
            return
        paths = [os.path.join(self._directory, name) for name in names]
        by_age = sorted((os.stat(path).st_mtime_ns, path) for path in paths)
        for _, path in by_age[: len(names) - _MAX_ENTRIES]:
            remove_quietly(path)


def _read_own(path: str) -> bytes:
    """The file, if it is ours alone to write; others could plant facts."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return b""
    with open(fd, "rb") as file:
        found = os.fstat(fd)
        if found.st_uid != os.geteuid() or found.st_mode & 0o022:
            return b""
        return file.read(_MAX_BYTES)


def _unpacked(raw: bytes) -> bytes | None:
    digest, content = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
    if not raw or hashlib.sha256(content).digest() != digest:
        return None
    try:
        return bytes(isal_zlib.decompressobj().decompress(content, _MAX_BYTES))
    except _IsalError:
        return None


def _analysers_version(limits: Limits) -> bytes:
    """Changes whenever the code of the scanner or a limit does: nobody has to remember."""
    parts = [secure.__version__, repr(limits)]
    package = os.path.dirname(secure.__file__)
    for folder in ("scan", "images", "facts", "oci"):
        for where, _, names in sorted(os.walk(os.path.join(package, folder))):
            for name in sorted(names):
                if name.endswith(".py"):
                    found = os.stat(os.path.join(where, name))
                    parts.append(f"{name} {found.st_size} {found.st_mtime_ns}")
    return hashlib.sha256("\0".join(parts).encode()).digest()
