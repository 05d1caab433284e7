"""One 512-byte tar header: numbers, names, checksum. Source: tar(5); POSIX.1-2017, pax, "ustar".

    offset  0 name[100]   100 mode[8]   108 uid[8]    116 gid[8]    124 size[12]  136 mtime[12]
    148 chksum[8]         156 type      157 link[100] 257 magic[8]  329 major[8]  337 minor[8]
    345 prefix[155]       (old GNU: 345 atime, 357 ctime, 386 sparse map, 482 extended, 483 size)

Where readers disagree, Go's archive/tar is followed: docker, containerd and podman use it, and a
scanner has to see the file that they would create. What they would not agree on is refused.
"""

from __future__ import annotations

from zlib import adler32

from secure.errors import ArchiveError, LimitExceededError
from secure.oci.limits import Limits

BLOCK = 512
ZEROS = bytes(BLOCK)
_ENDS = b"\0 "
_SPACES = 8 * 0x20  # what the checksum field counts as
_USTAR, _GNU = b"ustar\0", b"ustar "
REMEMBERED = 4_096  # fields of headers, each kind


def quoted(name: bytes) -> str:
    """A name of an archive for a message: quoted, printable, not endless."""
    text = name[:240].decode("utf-8", "backslashreplace")
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return f'"{shown}{"…" if len(name) > 240 else ""}"'


def number(field: bytes) -> int:
    """A numeric field: octal digits, or base-256 where the first bit is set (tar(5), GNU).

    Raises:
        ValueError: neither.
    """
    plain = field[:-1]
    if plain.isdigit() and field[-1] in _ENDS:  # nearly all
        return int(plain, 8)
    if field[0] & 0x80:
        bits = 8 * len(field) - 1
        value = int.from_bytes(field, "big") & ((1 << bits) - 1)
        return value - (1 << bits) if field[0] & 0x40 else value
    head, _, tail = field.partition(b"\0")
    digits = head.strip(b" ")
    if not digits:
        # Readers differ in what digits after a leading NUL mean.
        if tail.strip(b"\0 "):
            raise ValueError("digits after NUL")
        return 0
    # int() alone would take signs, underscores and inner spaces.
    if not digits.isdigit():
        raise ValueError("not octal")
    return int(digits, 8)


class Sums(dict[bytes, int]):
    """What the lower half of a header's Adler-32 is, for each checksum field, if it is right.

    As long as all 512 bytes are ASCII they stay below the modulus of Adler-32, whose lower half is
    then 1 and their sum: 20 times as fast as sum(). The field itself counts as spaces (tar(5)).
    """

    def __missing__(self, field: bytes) -> int:
        try:
            expected = 1 + number(field) - _SPACES + sum(field)
        except ValueError:
            expected = -1
        if len(self) < REMEMBERED:
            self[field] = expected
        return expected


def checksum_fits(header: bytes, sums: Sums) -> bool:
    """Whether the header's checksum is right; old writers summed signed bytes (tar(5))."""
    field = header[148:156]
    if header.isascii():
        return adler32(header) & 0xFFFF == sums[field]
    rest = header[:148] + header[156:]
    total = sum(rest) + _SPACES
    try:
        stored = number(field)
    except ValueError:
        return False
    return stored in (total, total - 256 * sum(byte > 127 for byte in rest))


def long_name(header: bytes) -> bytes:
    """The name field, joined with the prefix where the format has one."""
    name = header[:100].partition(b"\0")[0]
    if not header[345]:
        return name
    prefix = header[345:500].partition(b"\0")[0]
    magic = header[257:263]
    if magic == _USTAR:
        # star keeps atime and ctime in the last 24 bytes of the prefix field.
        if header[508:512] == b"tar\0":
            prefix = prefix[:131]
        return prefix + b"/" + name if prefix else name
    if magic == _GNU and not _is_gnu_times(header) and prefix.isascii():
        # Written by Go before 1.8, which took the GNU format for one with a prefix.
        return prefix + b"/" + name
    return name


def _is_gnu_times(header: bytes) -> bool:
    try:
        number(header[345:357])
        number(header[357:369])
    except ValueError:
        return False
    return True


class Names:
    """Makes names of one archive safe, or refuses them.

    Args:
        where: the archive, for errors.
    """

    __slots__ = ("_depth", "_length", "_part", "where")

    def __init__(self, limits: Limits, where: str) -> None:
        self._length, self._depth = limits.path_bytes, limits.path_depth
        self._part = limits.name_bytes
        self.where = where

    def normal(self, raw: bytes) -> bytes:
        """`raw` without "./" and trailing slash; b"" is the root directory.

        Raises:
            ArchiveError: absolute, or with ".." (CVE-2018-15664 and every year since).
            LimitExceededError: too long or too deep.
        """
        name = raw[2:] if raw[:2] == b"./" else raw
        if name[-1:] == b"/":
            name = name[:-1]
        # Nearly all names are already normal; hidden files take the longer way.
        if name[:1] in b"/." or b"//" in name or b"/." in name:
            name = self._joined(raw)
        if len(name) > self._part:
            self._check_length(name)
        if name.count(b"/") >= self._depth:
            raise LimitExceededError(
                "path_depth", f"{self.where}: entry {quoted(raw)}", f"{self._depth} directories"
            )
        return name

    def hardlink(self, raw: bytes, name: bytes) -> bytes:
        """The target of the hard link `name`, normalised: it always counts from the root.

        Raises:
            ArchiveError: it is empty, absolute or leaves the root.
        """
        try:
            target = self.normal(raw)
        except ArchiveError as cause:
            raise self.refused(
                name, f"is a hard link to {quoted(raw)}, outside the root"
            ) from cause
        if not target:
            raise self.refused(name, "is a hard link to nothing or to the root")
        return target

    def symlink(self, raw: bytes, name: bytes) -> bytes:
        """The target of the symbolic link `name`: any text, as it only ever counts inside.

        Raises:
            ArchiveError: empty, which no file system can hold.
            LimitExceededError: longer than the kernel can hold.
        """
        if not raw:
            raise self.refused(name, "is a symbolic link to nothing")
        if len(raw) >= self._length:
            raise LimitExceededError(
                "path_bytes", f"{self.where}: link {quoted(name)}", f"{self._length} bytes"
            )
        return raw

    def refused(self, name: bytes, why: str) -> ArchiveError:
        """The error for one entry."""
        return ArchiveError(
            f"{self.where}: entry {quoted(name)} {why}",
            do="Do not use this archive: it is damaged or made to attack its reader.",
        )

    def _joined(self, raw: bytes) -> bytes:
        parts = [part for part in raw.split(b"/") if part not in (b"", b".")]
        if b".." in parts:
            raise self.refused(raw, 'has ".." in its name')
        # "/" alone is the root directory: kaniko writes it.
        if raw[:1] == b"/" and parts:
            raise self.refused(raw, "has an absolute name")
        return b"/".join(parts)

    def _check_length(self, name: bytes) -> None:
        where = f"{self.where}: entry {quoted(name)}"
        if len(name) >= self._length:
            raise LimitExceededError("path_bytes", where, f"{self._length} bytes")
        if max(map(len, name.split(b"/"))) > self._part:
            raise LimitExceededError("name_bytes", where, f"{self._part} bytes")
