"""Which database is the current one, and that it is still what was built.

    current.json    the manifest: name, size and sha256 of the file, records by ecosystem
    DIGEST.db       the database
    checked.json    inode and ctime of the file when it was last hashed
    lock            held by whoever replaces it

The manifest is replaced in one step, so that there is always one whole database. A file that has
neither another inode nor another ctime since it was hashed is not hashed again.
"""

from __future__ import annotations

import re
from hashlib import file_digest

import msgspec

from secure import system as os
from secure.errors import InputError, MachineError, NotFoundError, TamperedError
from secure.facts.plain import plain
from secure.store.atomic import make_private_dir, remove_quietly, write_file
from secure.store.messages import tell_unkept
from secure.vulns.database import open_database
from secure.vulns.database_status import DatabaseStatus, FeedStatus

_AGAIN = "Get it again: secure db update, or secure db import FILE."
_SHA256 = re.compile(r"[0-9a-f]{64}").fullmatch
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z").fullmatch
MANIFEST_BYTES = 4 * 1024 * 1024  # some 300 ecosystems take 20 KiB
_LEAST_ALARMING = 50  # records of an ecosystem; below, a few withdrawn ones are many per cent


class Manifest(msgspec.Struct, frozen=True):
    """What a database file is.

    Args:
        file: its name beside the manifest.
        feeds: each with the digest of what was read for it.
        ecosystems: records by name.
        signed_by: the key whose signature was checked when it was imported; "" where none was.
    """

    file: str
    bytes: int
    sha256: str
    built_at: str
    records: int
    feeds: tuple[FeedStatus, ...]
    ecosystems: dict[str, int]
    signed_by: str = ""


class ShrunkError(InputError):
    """A database has lost so many records that something is wrong with where they come from."""


class OlderError(InputError):
    """What is to be imported was built before the database in place: a rollback (TUF, 1.5.2)."""


class _Checked(msgspec.Struct, frozen=True):
    inode: int
    ctime_ns: int
    size: int
    sha256: str


def read_manifest(raw: bytes, where: str) -> Manifest:
    """A manifest.

    Raises:
        TamperedError: it is none of ours.
    """
    try:
        found = msgspec.json.decode(raw[:MANIFEST_BYTES], type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise TamperedError(
            f'"{where}" is no manifest of a database: {cause}', do=_AGAIN
        ) from cause
    if found.file != f"{found.sha256}.db" or not _SHA256(found.sha256):
        raise TamperedError(f'"{where}" names another file: "{plain(found.file)}"', do=_AGAIN)
    return found


def manifest_of(path: str) -> Manifest:
    """The manifest of the database at `path`, which is hashed."""
    with open_database(path) as found:
        status = found.status()
    return _manifest(path, status)


def _manifest(path: str, status: DatabaseStatus) -> Manifest:
    with open(path, "rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        size = os.fstat(file.fileno()).st_size
    return Manifest(
        file=f"{digest}.db",
        bytes=size,
        sha256=digest,
        built_at=status.built_at,
        records=status.records,
        feeds=status.feeds,
        ecosystems={one.name: one.records for one in status.ecosystems},
    )


def current(folder: str) -> Manifest | None:
    """The manifest of the current database; None where there is none."""
    path = os.path.join(folder, "current.json")
    try:
        with open(path, "rb") as file:
            return read_manifest(file.read(MANIFEST_BYTES), path)
    except FileNotFoundError:
        return None


def verified(folder: str, manifest: Manifest) -> str:
    """The path of the current database, after it was held against its manifest.

    Raises:
        NotFoundError: the file is gone.
        TamperedError: it is not what was built.
        MachineError: it cannot be read.
    """
    path, note = os.path.join(folder, manifest.file), os.path.join(folder, "checked.json")
    try:
        with open(path, "rb") as file:
            stat = os.fstat(file.fileno())
            seen = (stat.st_ino, stat.st_ctime_ns, stat.st_size)
            if _noted(note) == _Checked(*seen, manifest.sha256):
                return path
            digest = file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as cause:
        raise NotFoundError(f'vulnerability database "{path}" is gone', do=_AGAIN) from cause
    except OSError as cause:
        raise MachineError(
            f'vulnerability database "{path}" cannot be read: {cause.strerror}', do=_AGAIN
        ) from cause
    if digest != manifest.sha256:
        raise TamperedError(
            f'vulnerability database "{path}" is not what was built: sha256 {manifest.sha256}'
            f" expected, {digest} read",
            do=_AGAIN,
        )
    try:
        write_file(note, msgspec.json.encode(_Checked(*seen, digest)))
    except MachineError as cause:
        tell_unkept(cause)  # it is hashed again the next time
    return path


def _noted(note: str) -> _Checked | None:
    try:
        with open(note, "rb") as file:
            return msgspec.json.decode(file.read(MANIFEST_BYTES), type=_Checked)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def install(
    folder: str,
    fresh: str,
    *,
    may_lose_percent: int | None,
    signed_by: str = "",
    may_be_older: bool = True,
) -> Manifest:
    """Make the file `fresh`, which lies in `folder`, the current database.

    The caller holds the lock. `fresh` is gone afterwards; after an error it is still there.

    Args:
        may_lose_percent: of an ecosystem's records; None is any number.
        signed_by: see `Manifest`.
        may_be_older: than the one in place; what was built just now never is.

    Raises:
        ShrunkError: an ecosystem has lost more; the database is still the old one.
        OlderError, TamperedError: see `check_age`.
    """
    make_private_dir(folder)
    made = msgspec.structs.replace(manifest_of(fresh), signed_by=signed_by)
    if not may_be_older:
        check_age(folder, made.built_at)
    old = _former(folder)
    if old is not None and may_lose_percent is not None:
        _check_size(old, made, may_lose_percent)
    os.rename(fresh, os.path.join(folder, made.file))
    write_file(os.path.join(folder, "current.json"), msgspec.json.encode(made))
    for name in os.listdir(folder):
        # Whoever has one open keeps it. What a killed build left goes too.
        if (name.endswith(".db") and name != made.file) or ".db." in name:
            remove_quietly(os.path.join(folder, name))
    return made


def check_age(folder: str, built_at: str) -> None:
    """Refuse to go back in time: what was found and told since would be forgotten.

    Raises:
        OlderError: the database in `folder` was built later.
        TamperedError: `built_at` is no time.
    """
    if not _TIME(built_at):
        raise TamperedError(
            f'the database was built at no time: "{plain(built_at[:100])}"', do="Get it again."
        )
    old = _former(folder)
    if old is not None and built_at < old.built_at:
        raise OlderError(
            f"the database was built {built_at}, before the one in place, built {old.built_at};"
            " that is kept",
            do="Ask its sender for a newer one. If an older one is wanted, add --accept-older.",
        )


def _former(folder: str) -> Manifest | None:
    """The manifest that is to be replaced; None where it is none, as that is how it is mended."""
    try:
        return current(folder)
    except TamperedError:
        return None


def _check_size(old: Manifest, made: Manifest, may_lose_percent: int) -> None:
    lost = [
        f"{name}: {before} to {made.ecosystems.get(name, 0)}"
        for name, before in sorted(old.ecosystems.items())
        if before >= _LEAST_ALARMING
        and made.ecosystems.get(name, 0) * 100 < before * (100 - may_lose_percent)
    ]
    if lost:
        more = f" and {len(lost) - 10} more" if len(lost) > 10 else ""
        raise ShrunkError(
            f"the new database has lost over {may_lose_percent} % of its records of"
            f" {', '.join(lost[:10])}{more}; the old one is kept",
            do="Look at the source. If it is right, add --accept-shrink.",
        )
