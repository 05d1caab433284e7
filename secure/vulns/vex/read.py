"""The bytes of one VEX document to its statements, whichever of the three forms it has."""

from __future__ import annotations

import msgspec

from secure.errors import DocumentError, LimitExceededError
from secure.facts.plain import plain
from secure.facts.vulnerability import Statement
from secure.oci.limits import DEFAULT_LIMITS, Limits
from secure.vulns.vex import csaf, cyclonedx, openvex

_MOST_STATEMENTS = 1_000_000  # products of all statements of one document


class _Marks(msgspec.Struct):
    """By which the three forms differ."""

    context: object = msgspec.field(name="@context", default=None)
    bom_format: object = msgspec.field(name="bomFormat", default=None)
    document: object = None


def read_vex(raw: bytes, name: str, limits: Limits = DEFAULT_LIMITS) -> tuple[Statement, ...]:
    """Every statement of a document.

    Args:
        name: of the file, for messages and for the findings it takes back.

    Raises:
        LimitExceededError: it is too large.
        DocumentError: it is none of OpenVEX, CycloneDX and CSAF, or broken.
    """
    where = f'VEX document "{plain(name)}"'
    if len(raw) > limits.advisory_bytes:
        raise LimitExceededError("advisory_bytes", where, f"{limits.advisory_bytes} bytes")
    try:
        found = tuple(_statements(raw, plain(name), where))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise DocumentError(f"{where} cannot be read: {plain(str(cause)[:200])}") from cause
    if sum(len(one.products) for one in found) > _MOST_STATEMENTS:
        raise DocumentError(f"{where} names more than {_MOST_STATEMENTS} products")
    return found


def _statements(raw: bytes, name: str, where: str) -> list[Statement]:
    marks = msgspec.json.decode(raw, type=_Marks)
    if isinstance(marks.context, str) and "openvex" in marks.context:
        return list(openvex.statements(msgspec.json.decode(raw, type=openvex.Document), name))
    if marks.bom_format == "CycloneDX":
        return list(cyclonedx.statements(msgspec.json.decode(raw, type=cyclonedx.Document), name))
    if isinstance(marks.document, dict) and "csaf_version" in marks.document:
        return list(csaf.statements(msgspec.json.decode(raw, type=csaf.Document), name))
    raise DocumentError(f"{where} is none of OpenVEX, CycloneDX and CSAF")
