"""A launch record: what a start needs to know of an image, compiled once.

Written when an image has been read, verified, scanned and unpacked; read back by `marshal` in
0.1 ms. Like a .pyc file it is a private cache of its owner: mode 0600, bound to the image's digest
and to the version that wrote it. The verdict in it was given for one policy and is judged again
for another.
"""

from __future__ import annotations

import marshal

from secure import __version__
from secure import system as os
from secure.errors import UsageError
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MAX_BYTES = 4 * 1024 * 1024
_NOBODY = 65_534


@value
class LaunchRecord:
    """One image, ready to be launched.

    Args:
        digest, config_digest: of the image; both are what was verified.
        layers: directories of the store, base first.
        user: `config.User` as written.
        accounts: (name, uid, gid, home) from the image's passwd file.
        groups: (name, gid) from the image's group file.
    """

    version: str
    reference: str
    digest: str
    config_digest: str
    layers: tuple[str, ...]
    user: str
    accounts: tuple[tuple[str, int, int, str], ...]
    groups: tuple[tuple[str, int], ...]
    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...]
    env: tuple[str, ...]
    working_dir: str
    volumes: tuple[str, ...]
    stop_signal: str

    def ids_of(self, user: str) -> tuple[int, int]:
        """uid and gid of "USER[:GROUP]", by name or number (image-spec config.md, User).

        Raises:
            UsageError: a name that the image does not know, or an id out of range.
        """
        name, _, group = user.partition(":")
        uid, gid = self._account(name or "0")
        if group:
            gid = self._group(group)
        return uid, gid

    def home_of(self, user: str) -> str:
        """HOME of a user, "/" where the image does not say."""
        name = (user or self.user).partition(":")[0] or "0"
        for known, uid, _, home in self.accounts:
            if name in (known, str(uid)):
                return home or "/"
        return "/"

    def _account(self, name: str) -> tuple[int, int]:
        for known, uid, gid, _ in self.accounts:
            if name == known:
                return uid, gid
        uid = _number(name, "user")
        return uid, next((gid for _, number, gid, _ in self.accounts if number == uid), uid)

    def _group(self, name: str) -> int:
        for known, gid in self.groups:
            if name == known:
                return gid
        return _number(name, "group")


def _number(text: str, what: str) -> int:
    # CVE-2024-40635: ids beyond the range must not wrap around to 0. CVE-2023-25173: nor names.
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        raise UsageError(
            f'{what} "{text}" is not in the image', do=f"Give --user a number, or a known {what}."
        )
    if int(text) > _NOBODY:
        raise UsageError(f"{what} id {text} is above {_NOBODY}", do="Use a smaller one.")
    return int(text)


def write(path: str, record: LaunchRecord) -> None:
    """Write `record` for `read`; whole or not at all, 0600."""
    from secure.store.atomic import write_file

    write_file(path, marshal.dumps(_parts(record)))


def read(path: str) -> LaunchRecord | None:
    """The record at `path`; None if there is none, or another version or owner wrote it."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        status = os.fstat(fd)
        if status.st_uid != os.geteuid() or status.st_mode & 0o022 or status.st_size > _MAX_BYTES:
            return None
        parts = marshal.loads(os.read(fd, status.st_size))  # noqa: S302 - our own, like a .pyc
        record = LaunchRecord(*parts)
    except (ValueError, EOFError, TypeError):
        return None
    finally:
        os.close(fd)
    return record if record.version == __version__ else None


def _parts(record: LaunchRecord) -> list[Any]:
    return [getattr(record, name) for name in LaunchRecord.__match_args__]
