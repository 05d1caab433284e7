"""Why an image has a vulnerability, or why it has not: every comparison, in words."""

from __future__ import annotations

from secure.errors import NotFoundError
from secure.facts.plain import plain
from secure.flows.current_database import the_database
from secure.vulns.match import Trace, traces
from secure.vulns.ranges import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secure.facts.image import ImageFacts
    from secure.facts.vulnerability import Vulnerability

_MOST = 200  # comparisons shown


def explained(facts: ImageFacts, identifier: str) -> str:
    """All about one vulnerability and one image; text that ends with a newline.

    Args:
        facts: compared with the database.

    Raises:
        NotFoundError: the database does not know the id.
    """
    with the_database() as database:
        numbers = database.by_id(identifier)
        if not numbers:
            raise NotFoundError(
                f'the vulnerability database does not know "{plain(identifier)}"',
                do="Is it current? See: secure db status",
            )
        found = list(traces(facts, database, numbers))
        summary = next((s for n in numbers if (s := database.description(n).summary)), "")
    findings = [one for one in facts.vulnerabilities if identifier in one.names]
    lines = [f"{plain(identifier)}{': ' + plain(summary) if summary else ''}"]
    for finding in findings:
        lines += ["", *_finding(finding)]
    if not findings:
        lines.append(f"not found in {plain(facts.reference)}")
    if not found:
        lines.append("no package of the image has a name that its advisories name")
    lines += ["", *(line for trace in found[:_MOST] for line in _trace(trace))]
    if len(found) > _MOST:
        lines.append(f"… and {len(found) - _MOST} more comparisons")
    return "\n".join(lines).rstrip("\n") + "\n"


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


def _trace(trace: Trace) -> Iterator[str]:
    package, place = trace.package, trace.package.location
    layer = f"layer {place.layer}"
    if place.deleted_by is not None:
        layer += f", removed by layer {place.deleted_by}"
    verdict = {
        State.AFFECTED: "affected", State.NOT_AFFECTED: "not affected",
        State.NOT_CHECKED: "not checked",
    }[trace.judged.state]  # fmt: skip
    asked, head = trace.asked, trace.head
    yield f"{plain(package.name)} {plain(package.version)}: {verdict}"
    yield f"  where       /{plain(place.path)} ({layer})"
    yield f"  looked up   {asked.ecosystem} {plain(asked.name)} {plain(asked.version)}"
    yield f"  range       {trace.interval}"
    yield f"  comparison  {trace.judged.because}"
    yield f"  advisory    {plain(head.id)} of {head.feed}, modified {head.modified}"
