"""Where people read about a vulnerability."""

from __future__ import annotations

from urllib.parse import quote


def advisory_page(identifier: str) -> str:
    """The public page of a CVE, GHSA or any other id of OSV's; an id is escaped, not trusted."""
    name = quote(identifier, safe=":", errors="backslashreplace")
    if name.startswith("CVE-"):
        return f"https://www.cve.org/CVERecord?id={name}"
    if name.startswith("GHSA-"):
        return f"https://github.com/advisories/{name}"
    return f"https://osv.dev/vulnerability/{name}"
