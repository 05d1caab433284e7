"""ruby-advisory-db as OSV records: one for each gem and advisory. Interpreters are refused by name.

The feed names what is patched and what never was affected; all other versions are affected.

Form: one JSON object a line, `{"path": "gems/rack/CVE-….yml", "data": {…}}`, data as in the YAML.

Source: github.com/rubysec/ruby-advisory-db, "Schema"; RubyGems, Requirement and Version#bump.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from secure.facts.plain import plain
from secure.oci.limits import Limits
from secure.vulns.feeds.spans import Span, UnknownConditionError, between, events, outside
from secure.vulns.osv import Advisory, Affected, Package, Range, Reference, Refused, checked
from secure.vulns.severity import word_of

_CONDITION = re.compile(r"(~>|>=|<=|>|<|=)?\s{0,9}([0-9A-Za-z][0-9A-Za-z.\-]{0,199})").fullmatch
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}").fullmatch
_LONGEST = 40  # conditions of one line; real ones have up to 3


class _Data(msgspec.Struct):
    date: str
    gem: str | None = None
    engine: str | None = None
    cve: str | None = None
    ghsa: str | None = None
    url: str | None = None
    title: str | None = None
    description: str | None = None
    cvss_v3: float | None = None
    patched_versions: list[str] | None = None
    unaffected_versions: list[str] | None = None


class _Line(msgspec.Struct):
    path: str
    data: _Data


_decoder = msgspec.json.Decoder(_Line)


def advisories(raw: bytes, limits: Limits) -> Iterator[Advisory | Refused]:
    """Every line as a record, or why it is not used."""
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if line.strip():
            yield _read(line, number, limits)


def _read(line: bytes, number: int, limits: Limits) -> Advisory | Refused:
    if len(line) > limits.advisory_bytes:
        return Refused(f"line {number}", f"more than {limits.advisory_bytes} bytes")
    try:
        found = _decoder.decode(line)
        return checked(_advisory(found), limits)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        return Refused(f"line {number}", f"it is no rubysec record: {plain(str(cause)[:200])}")
    except UnknownConditionError as cause:
        return Refused(plain(found.path[:200]), plain(str(cause)[:200]))


def _advisory(line: _Line) -> Advisory:
    data = line.data
    if not data.gem:
        engine = plain((data.engine or "?")[:50])
        raise UnknownConditionError(f'it is on the interpreter "{engine}", not on a gem')
    if not _DAY(data.date):
        raise UnknownConditionError("its date is no day")
    stem = line.path.rpartition("/")[2].rpartition(".")[0]
    conditions = (*(data.patched_versions or ()), *(data.unaffected_versions or ()))
    affected = outside(_held(condition) for condition in conditions)
    if not affected:
        raise UnknownConditionError("by its conditions no version is affected")
    names = (data.cve and f"CVE-{data.cve}", data.ghsa and f"GHSA-{data.ghsa}")
    score = data.cvss_v3
    return Advisory(
        f"RUBYSEC-{data.gem}-{stem}",
        f"{data.date}T00:00:00Z",
        published=f"{data.date}T00:00:00Z",
        aliases=tuple(name for name in names if name),
        summary=data.title,
        details=data.description,
        affected=(
            Affected(
                Package("RubyGems", data.gem), (Range("ECOSYSTEM", events(affected, _after)),)
            ),
        ),
        references=(Reference("ADVISORY", data.url),) if data.url else (),
        database_specific={"severity": word_of(score, "CVSS_V3")} if score is not None else None,
    )


def _held(text: str) -> Span:
    """The versions of one line: "~> 5.1.6, >= 5.1.6.2"."""
    parts = text.split(",")
    if len(parts) > _LONGEST:
        raise UnknownConditionError(f"more than {_LONGEST} conditions on one line")
    given: list[tuple[str, str]] = []
    for part in parts:
        found = _CONDITION(part.strip())
        if found is None:
            raise UnknownConditionError(f'the condition "{plain(part.strip()[:50])}"')
        operator, version = found[1] or "=", found[2]
        if operator == "~>":
            given += [(">=", version), ("<", _bumped(version))]
        else:
            given.append((operator, version))
    return between(given, "RubyGems")


def _bumped(version: str) -> str:
    """The end of "~> version": pre-releases of the next one are not before it."""
    numbers: list[int] = []
    for part in re.split(r"[.\-]", version):
        if not part.isdecimal() or not part.isascii() or len(part) > 18:
            break
        numbers.append(int(part))
    kept = numbers[:-1] if len(numbers) > 1 else numbers
    if not kept:
        raise UnknownConditionError(f'the condition "~> {plain(version[:50])}"')
    return ".".join(map(str, (*kept[:-1], kept[-1] + 1))) + ".a"


def _after(version: str) -> str:
    """Nothing that is published lies between a gem's version and this one."""
    return f"{version}.0.1"
