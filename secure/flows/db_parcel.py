"""The vulnerability database as one file: from this machine, and to another."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from os.path import realpath

import msgspec

from secure import system as os
from secure.errors import (
    ArchiveError,
    DigestMismatchError,
    InputError,
    MachineError,
    NotFoundError,
    UsageError,
)
from secure.flows.current_database import current, folder
from secure.flows.db import may_lose_percent, replacing
from secure.kernel.whole_files import write_whole
from secure.oci.limits import DEFAULT_LIMITS
from secure.store.atomic import remove_quietly
from secure.store.web_address import fault_of, shown
from secure.vulns import manifest
from secure.vulns.contents import rebuild, rows
from secure.vulns.database_file import open_file
from secure.vulns.database_status import status_of
from secure.vulns.parcel import Head, read_head, read_parcel, waybill_of, write_parcel
from secure.vulns.signature import KEY_BYTES, sign, signer


def export(
    path: str, told: Callable[[str], object], *, key: str = "", details: bool = True
) -> None:
    """Write the current database to one file, whole or not at all.

    Args:
        told: is given the digest of the file.
        key: file of the private key to sign with; "" signs nothing.
        details: False leaves out the details and references of advisories.

    Raises:
        NotFoundError: there is only the starter set, which every machine has; or no such key.
        InputError: the key is none.
        UsageError: `path` is a directory or a device.
    """
    place = _place(path)
    found = current()
    if found is None:
        raise NotFoundError("there is no database to export", do="Get one: secure db update")
    private = _key(key) if key else b""
    digest = sha256()

    def fill(fd: int) -> None:
        signing = (lambda head: sign(head, private, f'"{key}"')) if key else None
        waybill = waybill_of(status_of(source), rows(source, details=details), details=details)
        with open(fd, "w+b", closefd=False) as target:
            write_parcel(waybill, rows(source, details=details), target, signing)
            target.seek(0)
            for piece in iter(lambda: target.read(1 << 20), b""):
                digest.update(piece)

    source = open_file(manifest.verified(folder(), found))
    try:
        write_whole(place, fill, 0o666)  # by the umask: it is there to be handed on
    except OSError as cause:
        raise MachineError(
            f'cannot export to "{path}": {cause.strerror}',
            do="Free some space, or name a file of yours.",
        ) from cause
    finally:
        source.close()
    told(f"sha256:{digest.hexdigest()}\n")


def _place(path: str) -> str:
    """Where the file goes: of a link what it leads to; never over a device, which would be gone."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise UsageError(f'cannot export to "{path}": it is not a file', do="Name a file.")
    return realpath(path)


class Import(msgspec.Struct, frozen=True):
    """What an import is asked for.

    Args:
        path: a file, or the address of one on a web server.
        digest: sha256 of the file, hexadecimal, as another channel told it; "" is not compared.
        key: file of the public key that must have signed it; "" asks for no signature.
        accept_shrink: even if an ecosystem has lost many records.
        accept_older: even if it was built before the database in place.
    """

    path: str
    digest: str = ""
    key: str = ""
    accept_shrink: bool = False
    accept_older: bool = False


def import_(asked: Import) -> manifest.Manifest:
    """Replace the database by another machine's.

    Raises:
        UsageError: an address, but not on the web.
        DigestMismatchError: the file, or the database in it, is not what was promised.
        NotSignedError: a key is given, and there is no signature.
        TamperedError: it is signed by another key.
        ArchiveError, UnsupportedError: it holds no database of ours.
        OlderError: it was built before the database in place.
        ShrunkError: an ecosystem has lost too many records.
    """
    url = asked.path if "://" in asked.path else ""
    if url and (fault := fault_of(url)):
        raise UsageError(
            f'cannot import "{shown(url)}": {fault}', do="Give a file, or an address on the web."
        )
    with replacing() as fresh:
        if not url:
            return _import(asked.path, asked, fresh)
        from secure.store.download import Patience, download

        fetched = os.path.join(folder(), "parcel")
        # What came before an interruption stays beside it, and is resumed.
        download([url], fetched, DEFAULT_LIMITS.feed_bytes, Patience())
        try:
            return _import(fetched, asked, fresh)
        finally:
            remove_quietly(fetched)
            remove_quietly(f"{fetched}.json")


def _import(path: str, asked: Import, fresh: str) -> manifest.Manifest:
    where = f'"{asked.path}"'
    try:
        if not os.path.isfile(path) and os.path.exists(path):
            raise ArchiveError(f"{where} is not a file", do="Give what secure db export wrote.")
        with open(path, "rb") as source:
            if asked.digest:
                _compare(source.read, asked.digest, where)
                source.seek(0)
            head = read_head(source, where)
            signed_by = _signer(head, asked.key) if asked.key else ""
            if not asked.accept_older:
                manifest.check_age(folder(), head.waybill.built_at)
            rebuild(read_parcel(head.waybill, source, DEFAULT_LIMITS, where), fresh, where)
    except OSError as cause:
        raise ArchiveError(f"cannot read {where}: {cause.strerror}") from cause
    return manifest.install(
        folder(),
        fresh,
        may_lose_percent=may_lose_percent(accept_shrink=asked.accept_shrink),
        signed_by=signed_by,
        # Once more, by the rows: a waybill that nobody signed may say another time.
        may_be_older=asked.accept_older,
    )


def _signer(head: Head, key: str) -> str:
    return signer(head.signed, head.signature, _key(key), f'"{key}"')


def _key(path: str) -> bytes:
    """What stands in the file of a key.

    Raises:
        NotFoundError: it cannot be read.
        InputError: it is too large for one.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(fd, "rb") as file:
            content = file.read(KEY_BYTES + 1) or b""
    except (OSError, ValueError) as cause:
        why = cause.strerror if isinstance(cause, OSError) else "not a path"
        raise NotFoundError(f'key "{path}" cannot be read: {why}') from cause
    if len(content) > KEY_BYTES:
        raise InputError(f'"{path}" is no key: it has over {KEY_BYTES} bytes')
    return content


def _compare(read_some: Callable[[int], bytes], digest: str, where: str) -> None:
    found = sha256()
    for piece in iter(lambda: read_some(1 << 20), b""):
        found.update(piece)
    if found.hexdigest() != digest.removeprefix("sha256:").lower():
        raise DigestMismatchError(
            f"{where} has not the digest that was given: sha256:{found.hexdigest()}",
            do="Copy the file again, or ask its sender.",
        )
