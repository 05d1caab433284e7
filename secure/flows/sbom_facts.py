"""The facts of an image, or of the packages that an SBOM lists."""

from __future__ import annotations

import os
import stat
import time

import msgspec

import secure
from secure.errors import (
    DocumentError,
    InputError,
    LimitExceededError,
    NotFoundError,
    UsageError,
)
from secure.flows.clock import now
from secure.flows.scan import SQUASHED, scan
from secure.oci.limits import DEFAULT_LIMITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.bom import Bom
    from secure.facts.image import ImageFacts

PREFIX = "sbom:"
_LATEST = 253_402_300_799  # 9999-12-31, the last day of RFC 3339


def facts_of(
    reference: str,
    platform: str = "",
    *,
    scope: str = SQUASHED,
    base_image: str = "",
    verify_files: bool = False,
    secrets: bool = True,
) -> ImageFacts:
    """The facts of an image, or of the packages that `sbom:FILE` lists.

    With SOURCE_DATE_EPOCH in the environment, that is the time at which they were read: then the
    same image makes the same document (reproducible-builds.org, "SOURCE_DATE_EPOCH").

    Args:
        scope, base_image, verify_files, secrets: of an image, see `secure.flows.scan`.

    Raises:
        InputError: it cannot be read.
        UsageError: an argument makes no sense, or makes none for an SBOM.
    """
    if reference.startswith(PREFIX):
        if scope != SQUASHED or base_image or verify_files:
            raise UsageError(
                f'"{reference}" has no layers and no files',
                do="Leave out --scope, --base-image and --verify-files.",
            )
        from secure.scan.sbom_in.facts import image_facts

        bom = document(reference.removeprefix(PREFIX))
        facts = image_facts(bom, reference, tool_version=secure.__version__, now=now())
    else:
        facts = scan(
            reference,
            platform,
            scope=scope,
            base_image=base_image,
            verify_files=verify_files,
            secrets=secrets,
        )
    made_at = source_date()
    return msgspec.structs.replace(facts, scanned_at=made_at) if made_at else facts


def source_date() -> str:
    """SOURCE_DATE_EPOCH as RFC 3339; "" where it is not set.

    Raises:
        UsageError: it is no number of seconds.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given:
        return ""
    if not (given.isascii() and given.isdecimal() and int(given[:13]) <= _LATEST):
        raise UsageError(f'SOURCE_DATE_EPOCH is "{given}", which is no number of seconds')
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(given)))


def is_document(reference: str) -> bool:
    """By the prefix, or as a file that begins like text and not like an archive."""
    if reference.startswith(PREFIX):
        return True
    try:
        start = file_content(reference, 64, whole=False).lstrip(b"\xef\xbb\xbf \t\r\n")
    except InputError:
        return False
    return start.startswith((b"{", b"<", b"SPDXVersion:", b"#"))


def document(path: str) -> Bom:
    """What the SBOM at `path` says.

    Raises:
        InputError: it is none, or malformed, or hostile.
    """
    from secure.scan.sbom_in.read import read_bom

    return read_bom(file_content(path, DEFAULT_LIMITS.sbom_bytes), f'"{path}"')


def file_content(path: str, most: int, *, whole: bool = True) -> bytes:
    """At most `most` bytes of a regular file.

    Raises:
        NotFoundError: there is none.
        LimitExceededError: it is larger, and `whole`.
        DocumentError: it cannot be read.
    """
    try:
        # A fifo would keep us waiting for a writer.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as cause:
        why = cause.strerror if isinstance(cause, OSError) else "not a path"
        raise NotFoundError(f'there is no SBOM at "{path}": {why}') from cause
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotFoundError(f'"{path}" is not a file')
    try:
        with os.fdopen(fd, "rb") as file:
            content = file.read(most + 1)
    except OSError as cause:
        raise DocumentError(f'cannot read "{path}": {cause.strerror}') from cause
    if len(content) > most and whole:
        raise LimitExceededError("sbom_bytes", f'"{path}"', f"{most} bytes")
    return content
