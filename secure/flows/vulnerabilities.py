"""The facts of an image, compared with the vulnerability database of this machine."""

from __future__ import annotations

import os

import msgspec

from secure.errors import LimitExceededError, NotFoundError, SecureError
from secure.facts.image import ImageFacts
from secure.facts.plain import plain
from secure.facts.vulnerability import FixState, Mark, Statement, Vulnerability
from secure.flows.clock import now
from secure.flows.current_database import the_database
from secure.oci.limits import DEFAULT_LIMITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from secure.vulns.database import Database
    from secure.vulns.database_status import DatabaseStatus

_MOST_FILES = 10_000  # of a folder of VEX documents


def compared(facts: ImageFacts, vex: Iterable[str] = ()) -> ImageFacts:
    """The facts with what is known of their packages; without, and the reason, if none can be used.

    Args:
        vex: files of VEX statements, and folders of them.

    Raises:
        InputError: a VEX document cannot be read.
    """
    said = statements(vex)
    try:
        database = the_database()
    except SecureError as cause:
        return msgspec.structs.replace(facts, vulnerability_source=f"not used: {cause}")
    with database:
        return _compared(facts, database, said)


def _compared(facts: ImageFacts, database: Database, said: tuple[Statement, ...]) -> ImageFacts:
    from secure.vulns.match import match
    from secure.vulns.vex.apply import applied

    status = database.status()
    if not status.records:
        return facts
    found = match(facts, database, now()[:10])
    digests = frozenset(digest for digest in (facts.digest, facts.config_digest) if digest)
    return msgspec.structs.replace(
        facts,
        vulnerability_data=min(status.built_at, status.newest or status.built_at),
        vulnerability_source=_source(status),
        vulnerability_starter=status.starter,
        vulnerabilities=applied(found.vulnerabilities, said, digests) if said
        else found.vulnerabilities,
        uncovered=found.uncovered,
    )  # fmt: skip


def _source(status: DatabaseStatus) -> str:
    feeds = sorted({feed.name.partition("/")[0] for feed in status.feeds})
    return f"{status.records:,} advisories of {', '.join(feeds)}"


def statements(paths: Iterable[str]) -> tuple[Statement, ...]:
    """What the VEX documents at `paths` say, in their order.

    Raises:
        NotFoundError: there is nothing at a path.
        InputError: a document is none, or hostile.
    """
    found: list[Statement] = []
    for path in paths:
        for file in _files(path):
            from secure.vulns.vex.read import read_vex

            found += read_vex(_content(file), file)
    return tuple(found)


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    names = sorted(name for name in os.listdir(path) if name.endswith(".json"))
    if len(names) > _MOST_FILES:
        raise LimitExceededError("VEX documents", f'"{path}"', f"{_MOST_FILES} files")
    if not names:
        raise NotFoundError(f'there is no VEX document (*.json) in "{path}"')
    return [os.path.join(path, name) for name in names]


def _content(path: str) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as file:
            return file.read(DEFAULT_LIMITS.advisory_bytes + 1) or b""
    except (OSError, ValueError) as cause:
        why = cause.strerror if isinstance(cause, OSError) else "not a path"
        raise NotFoundError(f'VEX document "{path}" cannot be read: {why}') from cause


def only_fixed(facts: ImageFacts) -> ImageFacts:
    """Without the findings that no version fixes."""
    kept = tuple(one for one in facts.vulnerabilities if one.fix_state is FixState.FIXED)
    return msgspec.structs.replace(facts, vulnerabilities=kept)


def is_compared(facts: ImageFacts) -> bool:
    """A database was asked, and it knows something of the image's distribution.

    A language's packages, and single ones of a distribution, may still be listed as uncovered.
    """
    from secure.vulns.names import is_system

    uncovered = {name for item in facts.uncovered for name in item.packages}
    of_system = [
        plain(f"{package.name} {package.version}".strip())
        for package in facts.packages
        if is_system(package)
    ]
    covered = not of_system or any(name not in uncovered for name in of_system)
    return bool(facts.vulnerability_data) and covered


def counted(found: Iterable[Vulnerability], severities: frozenset[str]) -> list[Vulnerability]:
    """The findings of these severities that nothing suppresses, and as a policy counts them."""
    return [
        one
        for one in found
        if one.suppressed is None
        and one.severity in severities
        and Mark.KERNEL_HEADERS not in one.marks
        and (one.kev or Mark.DISPUTED not in one.marks)
    ]
