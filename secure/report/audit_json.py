"""An audit report as JSON: the same content as the HTML form, for programs.

`schema` names the form. Members are only ever added to version 1; a change of meaning, or a member
that goes, makes version 2.
"""

from __future__ import annotations

import json

import msgspec

from secure.report.redact import without_secrets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.report.audit_report import AuditReport

SCHEMA = "secure/audit-report/v1"


def render(report: AuditReport) -> bytes:
    """The report as indented JSON, ASCII only; same report, same bytes. No secret: see `redact`."""
    content = msgspec.to_builtins(without_secrets(report), enc_hook=_members)
    # ASCII: what is not valid Unicode (a lone surrogate from a file name) stays visible as \udcXX.
    return json.dumps({"schema": SCHEMA, **content}, indent=1).encode("ascii") + b"\n"


def _members(record: object) -> dict[str, object]:
    """A `value` record, field by field."""
    return {name: getattr(record, name) for name in type(record).__match_args__}  # type: ignore[attr-defined]  # every value record has them
