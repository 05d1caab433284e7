"""Why an image has a vulnerability, or why it has not: every comparison, in words."""

from __future__ import annotations

from secure.errors import NotFoundError
from secure.facts.plain import plain
from secure.flows.current_database import the_database
from secure.report.vulnerability_table import doubts, state_line
from secure.vulns.match import Trace, ecosystems_asked, traces
from secure.vulns.ranges import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secure.facts.image import ImageFacts
    from secure.facts.location import Location
    from secure.facts.vulnerability import Vulnerability

_MOST = 200  # comparisons shown
_LONGEST_LINE = 120  # characters of the history's line that made a layer


def explained(facts: ImageFacts, identifier: str) -> str:
    """All about one vulnerability and one image; text that ends with a newline.

    Args:
        facts: compared with the database.

    Raises:
        NotFoundError: the database does not know the id.
    """
    name = _spelled(identifier)
    with the_database() as database:
        numbers = database.naming(name)
        found = list(traces(facts, database, name))
        if not numbers and not found:
            raise NotFoundError(
                f'the vulnerability database does not know "{plain(identifier)}"',
                do="Is it current? See: secure db status",
            )
        numbers += tuple(trace.head.number for trace in found)
        summary = next((s for n in numbers if (s := database.description(n).summary)), "")
        asked = ecosystems_asked(facts, database)
    findings = [one for one in facts.vulnerabilities if name in one.names]
    lines = [f"{plain(name)}{': ' + plain(summary) if summary else ''}"]
    for finding in findings:
        lines += ["", *_finding(finding)]
    if not findings:
        lines.append(f"not found in {plain(facts.reference)}")
    if not found:
        asked_where = f"asked: {', '.join(asked)}"
        lines.append(
            f"no package of the image is one that its advisories name ({asked_where})"
            if asked
            else "no package of the image was compared with any advisory"
        )
    else:
        lines += ["", *(line for trace in found[:_MOST] for line in _trace(trace, facts))]
    if len(found) > _MOST:
        lines.append(f"… and {len(found) - _MOST} more comparisons")
    lines += ["", *doubts(facts), state_line(facts)]
    # Whatever an image, a VEX document or a database put into one.
    return "\n".join(map(plain, lines)) + "\n"


def _spelled(identifier: str) -> str:
    """As databases spell it, who asks for "cve-2021-44228" too."""
    upper = identifier.upper()
    if upper.startswith("GHSA-"):
        return f"GHSA-{identifier[5:].lower()}"
    return upper if upper.startswith(("CVE-", "PYSEC-", "RUSTSEC-", "GO-")) else identifier


def _finding(one: Vulnerability) -> Iterator[str]:
    yield f"{one.component} in {one.ecosystem}: {one.severity}" + (
        f" by {one.severity_by}" if one.severity_by else ""
    )
    if one.aliases:
        yield f"  also        {', '.join(one.aliases)}"
    for score in one.scores:
        yield f"  {score.kind.replace('_V', ' '):<10}  {score.value} {score.vector} ({score.by})"
    if one.kev:
        yield f"  exploited   in CISA's catalogue since {one.kev}"
    if one.epss is not None:
        yield f"  likelihood  {one.epss:.2%} within 30 days (EPSS)"
    for mark in one.marks:
        yield f"  mark        {mark}"
    yield f"  state       {one.fix_state}" + (f" in {', '.join(one.fixed)}" if one.fixed else "")
    if one.suppressed is not None:
        told = one.suppressed
        words = " ".join(filter(None, (told.status, told.justification, told.statement)))
        yield f"  suppressed  {words} ({told.by})"
    if one.fix:
        yield f"  fix         {one.fix}"


def _trace(trace: Trace, facts: ImageFacts) -> Iterator[str]:
    package, place = trace.package, trace.package.location
    verdict = str(trace.judged.state)
    if trace.judged.state is State.AFFECTED and trace.status:
        verdict = trace.status.replace("_", " ")
    asked, head = trace.asked, trace.head
    yield f"{plain(package.name)} {plain(package.version)}: {verdict}"
    yield f"  where       /{plain(place.path)} ({_layer(place, facts)})"
    yield f"  looked up   {asked.ecosystem} {plain(asked.name)} {plain(asked.version)}"
    yield f"  range       {trace.interval}"
    yield f"  comparison  {trace.judged.because}"
    yield f"  advisory    {plain(head.id)} of {head.feed}, modified {head.modified}"


def _layer(place: Location, facts: ImageFacts) -> str:
    told = f"layer {place.layer}"
    made = next((one.created_by for one in facts.layers if one.index == place.layer), "")
    if made:
        told += f", made by: {plain(made[:_LONGEST_LINE])}"
    if place.deleted_by is not None:
        told += f", removed by layer {place.deleted_by}"
    return told
