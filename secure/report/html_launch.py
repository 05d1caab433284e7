"""One launch in a report: what was decided, what the kernel showed, how it ended."""

from __future__ import annotations

from secure.report.audit_report import FAILED, KILLED, REFUSED, STARTED
from secure.report.evidence_words import sentences
from secure.report.html_image import verdict_part
from secure.report.markup import NOTHING, Html, badge, code, element, folded, pairs, section, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.evidence import Evidence
    from secure.report.audit_report import Launch

_OUTCOMES = {STARTED: "good", REFUSED: "bad", KILLED: "bad", FAILED: "bad"}
_STATES = {"enforced": "good", "partly enforced": "warn", "not enforced": "bad"}


def launch_section(identifier: str, launch: Launch) -> Html:
    """The chapter about one launch."""
    title = Html(f"Launch of {text(launch.image)} ")
    outcome = badge(launch.outcome, _OUTCOMES.get(launch.outcome, "none"))
    parts = [_summary(launch), _differences(launch)]
    if launch.verdict is not None:
        parts.append(verdict_part(launch.verdict))
    parts.append(_enforcement(launch))
    if launch.evidence is not None:
        parts.append(_evidence(launch.evidence))
    return section(identifier, Html(title + outcome), *parts)


def _summary(launch: Launch) -> Html:
    code_shown = text("not recorded" if launch.exit_code is None else launch.exit_code)
    rows = [
        ("Time", text(launch.time)),
        ("Audit record", text(launch.seq)),
        ("Container", code(launch.container or "none was made")),
        ("Exit code", NOTHING if launch.outcome == REFUSED else code_shown),
        ("Image digest", code(launch.digest)),
        ("Command", code(" ".join(launch.argv)) if launch.argv else NOTHING),
    ]
    said = element("p", text(launch.error), kind="note bad") if launch.error else NOTHING
    return Html(pairs(row for row in rows if row[1]) + said)


def _differences(launch: Launch) -> Html:
    if not launch.differences:
        return NOTHING
    words = "The kernel did not enforce the plan: the container was killed before its first step."
    rows = [
        (text(found.number), text(found.what), code(found.planned), code(found.found))
        for found in launch.differences
    ]
    columns = ("Comparison", "What", "Planned", "Found")
    return Html(
        element("p", text(words), kind="note bad")
        + folded("Differences", columns, rows, opened=True)
    )


def _enforcement(launch: Launch) -> Html:
    if not launch.enforcement:
        return NOTHING
    rows = [
        (
            text(line.protection),
            badge(line.state, _STATES.get(line.state, "none")),
            code(line.by),
            text(line.origin),
        )
        for line in launch.enforcement
    ]
    columns = ("Protection", "State", "Enforced by", "Asked for by")
    return folded("Protections", columns, rows, opened=True)


def _evidence(evidence: Evidence) -> Html:
    words = "Read from the kernel while the process was held, before its first instruction."
    said = [(text(sentence), code(raw)) for sentence, raw in sentences(evidence)]
    mounts = [
        (
            code(mount.target),
            text(mount.fstype),
            code(mount.source),
            code(",".join(mount.options)),
            code(",".join(mount.super_options)),
            text(mount.propagation),
        )
        for mount in evidence.mounts
    ]
    columns = ("Target", "Type", "Source", "Options", "File system options", "Propagation")
    return Html(
        element("h3", text("Evidence"))
        + element("p", text(words), kind="soft")
        + folded("What the kernel says", ("In words", "Raw value"), said, opened=True)
        + folded("Mounts", columns, mounts, opened=False)
    )
