"""Facts that were read before: of layers by diff-id, and which files were verified already.

Only verified layers are kept: a diff-id that nobody checked proves nothing. Of a layer in another
file the digests are checked again; a file that is still the one that was read is not read twice.
An entry is a digest and compressed content; one that does not fit its digest or its type is ignored
and written again.
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
from secure.scan.unsearched import layer_without_secrets
from secure.store.atomic import make_private_dir, remove_quietly, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.images.image import LayerBlob

_DIGEST_BYTES = 32
_MAX_BYTES = 512 * MIB  # one entry, unpacked
_MAX_ENTRIES = 2_000  # a layer takes 1 to 700 KB; the oldest go first
_FAST = 1
WITHOUT_SECRETS = " without secrets"  # ends the key of facts that nobody searched for them
# What changed so lately may change again without another time: FAT counts in steps of 2 s.
_SETTLED_NS = 2_000_000_000
_IsalError = cast("type[Exception]", isal_zlib.error)  # its stub makes it an instance


def stamp(blob: LayerBlob, now_ns: int) -> str:
    """Names these bytes of this file, unread; "" where they may change unnoticed.

    Args:
        now_ns: since 1970, by the clock that sets the times of files.
    """
    identity = blob.identity()
    if not identity or now_ns - max(identity[2:4]) < _SETTLED_NS:
        return ""
    return f"{identity} {blob.digest} {blob.diff_id}"


class Entries:
    """The entries of one directory, for one version of the analysers and one set of limits.

    Args:
        cache_dir: None keeps nothing.
    """

    def __init__(self, cache_dir: str | None, limits: Limits) -> None:
        self._directory = os.path.join(cache_dir, "layers") if cache_dir else ""
        self._version = _analysers_version(limits) if cache_dir else b""

    def read(self, key: str) -> bytes | None:
        """The content under `key`; None where it is not there, not ours, or damaged."""
        if not self._directory or not key:
            return None
        path = self._path(key)
        content = _unpacked(_read_own(path))
        if content is not None:
            try:
                os.utime(path)
            except OSError:
                return None
        return content

    def write(self, key: str, content: bytes) -> None:
        """Keep `content` under `key`."""
        if not self._directory or not key or not content:
            return
        packed = isal_zlib.compress(content, _FAST)
        try:
            make_private_dir(self._directory)
            # What a power loss makes of it does not fit its digest.
            content = hashlib.sha256(packed).digest() + packed
            write_file(self._path(key), content, durable=False)
            self._drop_oldest()
        except (MachineError, OSError):
            # A full disk must not stop a scan: the next one reads the layer again.
            return

    def _path(self, key: str) -> str:
        name = hashlib.sha256(self._version + key.encode()).hexdigest()
        return os.path.join(self._directory, name)

    def _drop_oldest(self) -> None:
        names = os.listdir(self._directory)
        if len(names) <= _MAX_ENTRIES:
            return
        paths = [os.path.join(self._directory, name) for name in names]
        by_age = sorted((os.stat(path).st_mtime_ns, path) for path in paths)
        for _, path in by_age[: len(names) - _MAX_ENTRIES]:
            remove_quietly(path)


class LayerCache(Entries):
    """Facts of layers.

    Args:
        secrets: True for facts with a search for secrets. Without, such facts serve too, as if
            nobody had searched; never the other way round.
    """

    def __init__(self, cache_dir: str | None, limits: Limits, *, secrets: bool = True) -> None:
        super().__init__(cache_dir, limits)
        self._secrets = secrets

    def load(self, diff_id: str) -> LayerFacts | None:
        """The facts of a layer, or None: not there, not ours, or damaged."""
        searched = self._facts(diff_id)
        if searched is not None and searched.secrets_searched:
            return searched if self._secrets else layer_without_secrets(searched)
        return None if self._secrets else self._facts(diff_id and diff_id + WITHOUT_SECRETS)

    def save(self, diff_id: str, packed: bytes) -> None:
        """Keep the msgpack of a verified layer's facts."""
        self.write(diff_id and diff_id + ("" if self._secrets else WITHOUT_SECRETS), packed)

    def _facts(self, key: str) -> LayerFacts | None:
        packed = self.read(key)
        if packed is None:
            return None
        try:
            return msgspec.msgpack.decode(packed, type=LayerFacts)
        except msgspec.MsgspecError:
            return None

    def is_verified(self, stamped: str) -> bool:
        """Whether the bytes of this `stamp` were verified, by a process of ours."""
        return bool(stamped) and self.read(stamped) == stamped.encode()

    def mark_verified(self, stamped: str) -> None:
        """The bytes that had this `stamp` before they were read are what their digests promise."""
        self.write(stamped, stamped.encode())


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
    package = os.path.dirname(secure.__file__)
    reader = os.stat(os.path.join(package, "xml_tree.py"))
    parts = [secure.__version__, repr(limits), f"{reader.st_size} {reader.st_mtime_ns}"]
    for folder in ("scan", "images", "facts", "oci"):
        for where, _, names in sorted(os.walk(os.path.join(package, folder))):
            for name in sorted(names):
                if name.endswith(".py"):
                    found = os.stat(os.path.join(where, name))
                    parts.append(f"{name} {found.st_size} {found.st_mtime_ns}")
    return hashlib.sha256("\0".join(parts).encode()).digest()
