"""How large is the list of members of a zip? Asked before `zipfile` reads it, which makes an object
of some 600 bytes for each 46 bytes of it.

Source: PKWARE APPNOTE 6.3.10, 4.3.14 to 4.3.16.
"""

from __future__ import annotations

from secure import system as os
from secure.errors import ArchiveError, LimitExceededError
from secure.oci.limits import Limits

_END, _END_BYTES = b"PK\x05\x06", 22
_END64, _END64_BYTES = b"PK\x06\x06", 56
_LOCATOR_BYTES = 20
_COMMENT_BYTES = 65_535
_IN_ZIP64 = 0xFFFF_FFFF
_LEAST_MEMBER_BYTES = 46  # one entry of the list


def check_directory(path: str, where: str, limits: Limits) -> None:
    """Pass a zip whose list of members is of a bearable size.

    Raises:
        ArchiveError: it has no end record.
        LimitExceededError: `feed_directory_bytes`, `feed_records`.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        span = min(size, _END_BYTES + _COMMENT_BYTES + _END64_BYTES + _LOCATOR_BYTES)
        file.seek(size - span)
        tail = file.read(span)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise ArchiveError(f"{where}: the end of the zip is missing", do="Fetch it again.")
    directory = int.from_bytes(tail[at + 12 : at + 16], "little")
    larger = tail.rfind(_END64, 0, at)
    if larger >= 0:
        # Some writers use it though they need not; the larger of both is judged.
        told = int.from_bytes(tail[larger + 40 : larger + 48], "little")
        directory = told if directory == _IN_ZIP64 else max(told, directory)
    if directory > limits.feed_directory_bytes:
        bound = f"{limits.feed_directory_bytes} bytes"
        raise LimitExceededError("feed_directory_bytes", where, bound)
    if directory // _LEAST_MEMBER_BYTES > limits.feed_records:
        raise LimitExceededError("feed_records", where, f"{limits.feed_records} records")
