"""Debian's DSA and DLA lists as OSV records: one for each advisory, with the releases it names.

An advisory is a line "[29 Jan 2022] DSA-5059-1 policykit-1 - security update", then in indented
lines its vulnerabilities in braces, and "[buster] - policykit-1 0.105-25+deb10u1" for each release.

Source: salsa.debian.org/security-tracker-team/security-tracker, doc/security-team.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.facts.plain import plain
from secure.oci.limits import Limits
from secure.vulns.feeds.statuses import fixed_in, never_affected, without_fix
from secure.vulns.osv import Advisory, Affected, Refused, checked
from secure.vulns.versions.order import key
from secure.vulns.versions.unorderable import Unorderable

_HEAD = re.compile(
    r"\[(\d{1,2}) ([A-Z][a-z]{2}) (\d{4})\] (D[SL]A-\d{1,6}(?:-\d{1,4})?) (.{0,300})"
).fullmatch
_PACKAGE = re.compile(
    r"\[([a-z]{1,20})\] - ([a-z0-9][a-z0-9+.\-]{0,100})\s{1,9}(\S{1,200})(?: .{0,500})?"
).fullmatch
_NAMES = re.compile(r"\{([A-Za-z0-9 \-]{0,60000})\}").fullmatch
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
RELEASES = {
    "woody": "3.0", "sarge": "3.1", "etch": "4.0", "lenny": "5.0", "squeeze": "6.0",
    "wheezy": "7", "jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11",
    "bookworm": "12", "trixie": "13", "forky": "14",
}  # fmt: skip
_STATES = {"<unfixed>": "not-fixed", "<end-of-life>": "end-of-life"}


class _UnknownError(ValueError):
    """A line that is not understood; its text says which."""


def advisories(raw: bytes, limits: Limits) -> Iterator[Advisory | Refused]:
    """Every advisory of one list, or why it is not used."""
    if len(raw) > limits.feed_bytes:
        yield Refused("", f"more than {limits.feed_bytes} bytes")
        return
    head, lines = "", list[str]()
    for line in raw.decode("utf-8", "backslashreplace").split("\n"):
        if line.startswith("["):
            if head:
                yield _read(head, lines, limits)
            head, lines = line.rstrip(), []
        elif line.strip():
            lines.append(line.strip())
            if not head:
                yield Refused("", f'a line before every advisory: "{plain(line.strip()[:50])}"')
                lines.clear()
    if head:
        yield _read(head, lines, limits)


def _read(head: str, lines: list[str], limits: Limits) -> Advisory | Refused:
    found = _HEAD(head)
    if found is None or found[2] not in _MONTHS:
        return Refused("", f'no advisory begins with "{plain(head[:80])}"')
    day = f"{found[3]}-{_MONTHS.index(found[2]) + 1:02}-{int(found[1]):02}T00:00:00Z"
    names: list[str] = []
    packages: list[Affected] = []
    try:
        for line in lines:
            if told := _NAMES(line):
                names += told[1].split()
            elif not line.startswith(("NOTE:", "TODO:")):
                packages.append(_package(line))
    except _UnknownError as cause:
        return Refused(found[4], str(cause))
    return checked(
        Advisory(
            found[4],
            day,
            published=day,
            upstream=tuple(dict.fromkeys(names)),
            summary=found[5],
            affected=tuple(packages),
        ),
        limits,
    )


def _package(line: str) -> Affected:
    found = _PACKAGE(line)
    if found is None:
        raise _UnknownError(f'the line "{plain(line[:80])}"')
    codename, name, told = found[1], found[2], found[3]
    number = RELEASES.get(codename)
    if number is None:
        raise _UnknownError(f'the release "{codename}"')
    ecosystem = f"Debian:{number}"
    if told == "<not-affected>":
        return never_affected(ecosystem, name)
    if told in _STATES:
        return without_fix(ecosystem, name, _STATES[told])
    if told.startswith("<"):
        raise _UnknownError(f'the state "{plain(told[:50])}"')
    place = key(ecosystem, told)
    if isinstance(place, Unorderable):
        raise _UnknownError(place.reason)
    return fixed_in(ecosystem, name, told)
