"""What SPDX 2.3 and 3.0 share: licence expressions with references, people, identifiers."""

from __future__ import annotations

import hashlib
import re

from secure.facts.plain import plain
from secure.report.spdx_licences import spdx_expression

NOASSERTION = "NOASSERTION"
_REFERENCE = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9.-]+")
_MAILBOX = re.compile(r"([^<>]+?)\s*<([A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)>")


class Licences:
    """Licence expressions of one document, and the texts behind the references in them."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}  # LicenseRef-… -> what it stands for
        self._made: dict[tuple[str, ...], str] = {}

    def expression(self, names: tuple[str, ...]) -> str:
        """All of `names` as one valid expression; "" where there are none.

        What is no SPDX expression becomes a reference to its own text (SPDX 2.3, clause 10).
        """
        if names not in self._made:
            parts = [self._one(name) for name in names if name]
            if len(parts) > 1:
                parts = [f"({part})" if " " in part else part for part in dict.fromkeys(parts)]
            self._made[names] = " AND ".join(parts)
        return self._made[names]

    def _one(self, name: str) -> str:
        found = spdx_expression(name)
        if found and "DocumentRef-" not in found:
            self.texts |= {ref: ref for ref in _REFERENCE.findall(found)}
            return found
        ref = f"LicenseRef-{identifier(name)}"
        self.texts[ref] = name
        return ref


def identifier(text: str) -> str:
    """Letters, digits, "." and "-" that stand for `text` alone."""
    short = _NOT_IN_AN_ID.sub("-", text).strip("-.")[:60]
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]
    return f"{short}-{digest}" if short else digest


def mailbox(text: str) -> tuple[str, str]:
    """(name, email) of `NAME <EMAIL>`; (text, "") of anything else. One line each."""
    found = _MAILBOX.fullmatch(text.strip())
    name, email = found.groups() if found else (text.strip(), "")
    return plain(name), plain(email)


def creation_comment(incomplete: bool) -> str:
    """CISA 2025 "generation context", and whether everything could be read."""
    known = "not everything could be read: see the annotations" if incomplete else "all was read"
    return f"SBOM type: analyzed, from the finished image; {known}"
