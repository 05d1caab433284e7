"""FriendsOfPHP's advisories as OSV records: one for each file, its branches as one range.

Form: a JSON object a line, `{"path": "vendor/name/CVE-….yaml", "data": {…}}`, data as in the YAML.

Source: github.com/FriendsOfPHP/security-advisories, "Contributing".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from secure.facts.plain import plain
from secure.oci.limits import Limits
from secure.vulns.feeds.spans import UnknownConditionError, between, events, joined
from secure.vulns.osv import Advisory, Affected, Package, Range, Reference, Refused, checked

_CONDITION = re.compile(r"(>=|<=|>|<|=|==)?\s{0,9}(\S{1,200})").fullmatch
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}").match
_NUMBERS = re.compile(r"v?(\d{1,18})((?:\.\d{1,18}){0,3})").fullmatch
_LONGEST = 40  # conditions of one branch; real ones have up to 3


class _Branch(msgspec.Struct):
    versions: list[str]
    time: str | None = None


class _Data(msgspec.Struct):
    title: str
    reference: str
    branches: dict[str, _Branch]
    link: str | None = None
    cve: str | None = None


class _Line(msgspec.Struct):
    path: str
    data: _Data


_decoder = msgspec.json.Decoder(_Line)


def advisories(raw: bytes, limits: Limits, modified: str) -> Iterator[Advisory | Refused]:
    """Every line as a record, or why it is not used.

    Args:
        modified: RFC 3339, for records without any time of a fix.
    """
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if line.strip():
            yield _read(line, number, limits, modified)


def _read(line: bytes, number: int, limits: Limits, modified: str) -> Advisory | Refused:
    if len(line) > limits.advisory_bytes:
        return Refused(f"line {number}", f"more than {limits.advisory_bytes} bytes")
    try:
        found = _decoder.decode(line)
        return checked(_advisory(found, modified), limits)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        return Refused(f"line {number}", f"it is no FriendsOfPHP record: {plain(str(cause)[:200])}")
    except UnknownConditionError as cause:
        return Refused(plain(found.path[:200]), plain(str(cause)[:200]))


def _advisory(line: _Line, modified: str) -> Advisory:
    data = line.data
    scheme, _, name = data.reference.partition("://")
    if scheme != "composer" or not name:
        raise UnknownConditionError(
            f'it is on "{plain(data.reference[:100])}", no Composer package'
        )
    branches = data.branches.values()
    held = joined(between(map(_condition, _bounded(one)), "Packagist") for one in branches)
    if not held:
        raise UnknownConditionError("by its branches no version is affected")
    # A day, as the clocks of these times are nobody's; the newest fix is the last change known.
    days = [found[0] for one in branches if one.time and (found := _TIME(one.time))]
    return Advisory(
        f"FOP-{line.path.rpartition('.')[0].replace('/', '-')}",
        f"{max(days)}T00:00:00Z" if days else modified,
        aliases=(data.cve,) if data.cve else (),
        summary=data.title,
        affected=(
            Affected(Package("Packagist", name), (Range("ECOSYSTEM", events(held, _after)),)),
        ),
        references=(Reference("ADVISORY", data.link),) if data.link else (),
    )


def _bounded(branch: _Branch) -> list[str]:
    if len(branch.versions) > _LONGEST:
        raise UnknownConditionError(f"more than {_LONGEST} conditions of one branch")
    if not branch.versions:
        raise UnknownConditionError("a branch without a condition")
    return branch.versions


def _condition(text: str) -> tuple[str, str]:
    found = _CONDITION(text.strip())
    if found is None:
        raise UnknownConditionError(f'the condition "{plain(text.strip()[:50])}"')
    operator = found[1] or "="
    return ("=" if operator == "==" else operator), found[2]


def _after(version: str) -> str:
    """The least version after this one: Composer's have four numbers."""
    found = _NUMBERS(version)
    if found is None:
        raise UnknownConditionError(f'no version comes right after "{plain(version[:50])}"')
    numbers = [int(found[1]), *map(int, found[2].split(".")[1:])]
    numbers += [0] * (4 - len(numbers))
    return ".".join(map(str, (*numbers[:3], numbers[3] + 1)))
