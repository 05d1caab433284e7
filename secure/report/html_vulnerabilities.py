"""The known vulnerabilities of an image in a report: by severity, in order of risk."""

from __future__ import annotations

from secure.facts.verdict import SEVERITIES
from secure.report.markup import NOTHING, Html, badge, breakable, code, element, folded, text
from secure.report.vulnerability_table import fixed_in, state_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from secure.facts.image import ImageFacts
    from secure.facts.vulnerability import Match, Vulnerability

_COLUMNS = ("Vulnerability", "Package", "Installed", "Fixed in", "Severity", "Where")
_TAKEN_BACK = ("Vulnerability", "Package", "Installed", "Severity", "Status", "Says who")
_UNCOVERED = ("Ecosystem", "Packages", "Why")
_BADGES = {"critical": "bad", "high": "bad", "medium": "warn"}
_MOST_PLACES = 5  # of one finding; the JSON form has all of them
_MOST_NAMES = 20
_BREAK = Html("<br>")


def vulnerability_parts(facts: ImageFacts) -> tuple[Html, ...]:
    """What the packages were compared with, what was found, and what could not be compared."""
    counted = [one for one in facts.vulnerabilities if one.suppressed is None]
    taken_back = [one for one in facts.vulnerabilities if one.suppressed is not None]
    by_severity = [
        folded(
            f"Vulnerabilities: {severity}",
            _COLUMNS,
            [_row(one) for one in counted if one.severity == severity],
        )
        for severity in (*SEVERITIES, "unknown")
    ]
    return (
        element("h3", text("Known vulnerabilities")),
        _state(facts, counted),
        *by_severity,
        folded("Vulnerabilities that do not count", _TAKEN_BACK, [*map(_taken_back, taken_back)]),
        folded("Packages that no advisory covers", _UNCOVERED, [*_uncovered(facts)]),
    )


def grave(facts: Iterable[ImageFacts]) -> tuple[int, int, int]:
    """How many count: all of them, critical or high ones, exploited ones."""
    found = [one for each in facts for one in each.vulnerabilities if one.suppressed is None]
    severe = sum(one.severity in {"critical", "high"} for one in found)
    return len(found), severe, sum(bool(one.kev) for one in found)


def _state(facts: ImageFacts, counted: list[Vulnerability]) -> Html:
    kind = "warn" if facts.vulnerability_starter or facts.uncovered else "none"
    if not facts.vulnerability_data:
        kind = "bad"
    line = state_line(facts).partition(": ")[2]
    meaning = f"Vulnerabilities that count: {len(counted):,}."
    if not facts.vulnerability_data:
        meaning = "An empty list here does not mean that there is none."
    line = f"{line[:1].upper()}{line[1:]}. {meaning}"
    return element("p", text(line), kind=f"note {kind}")


def _row(one: Vulnerability) -> tuple[Html, ...]:
    fixed = [text(fixed_in(one))]
    if one.fix:
        fixed.append(element("p", breakable(one.fix), kind="soft"))
    package = [breakable(one.component)]
    package += [Html(f"<br>{badge(mark.replace('-', ' '), 'none')}") for mark in one.marks]
    return (_name(one), Html("".join(package)), _installed(one), Html("".join(fixed)),
            Html(_severity(one) + _exploited(one)), _places(one.matches))  # fmt: skip


def _name(one: Vulnerability) -> Html:
    """Its id, what it is, and every advisory and other name."""
    parts = [element("b", text(one.id))]
    if one.summary:
        parts += [_BREAK, text(one.summary)]
    if names := sorted(one.names - {one.id}):
        parts.append(element("p", text(", ".join(names)), kind="soft"))
    return Html("".join(parts))


def _installed(one: Vulnerability) -> Html:
    return code(", ".join(dict.fromkeys(match.compared for match in one.matches)))


def _severity(one: Vulnerability) -> Html:
    by = element("p", text(one.severity_by), kind="soft") if one.severity_by else NOTHING
    return Html(badge(one.severity, _BADGES.get(one.severity, "none")) + by)


def _exploited(one: Vulnerability) -> Html:
    """CISA's catalogue is a fact, EPSS a forecast."""
    parts = [badge(f"exploited since {one.kev}", "bad")] if one.kev else []
    if one.epss is not None:
        parts.append(element("p", text(f"EPSS {one.epss:.1%}"), kind="soft"))
    return Html("".join(parts))


def _places(matches: tuple[Match, ...]) -> Html:
    places = sorted({(match.location.path, match.location.layer) for match in matches})
    shown = [
        Html(f"{element('code', breakable('/' + p))} layer {text(layer)}")
        for p, layer in places[:_MOST_PLACES]
    ]
    if len(places) > _MOST_PLACES:
        shown.append(text(f"and {len(places) - _MOST_PLACES} more"))
    return Html(_BREAK.join(shown))


def _taken_back(one: Vulnerability) -> tuple[Html, ...]:
    told = one.suppressed
    status = " ".join(filter(None, (told.status, told.justification))) if told else ""
    said = [text(told.by if told else "")]
    if told and told.statement:
        said.append(element("p", text(told.statement), kind="soft"))
    shown = text(status.replace("_", " "))
    return (_name(one), breakable(one.component), _installed(one), _severity(one), shown,
            Html("".join(said)))  # fmt: skip


def _uncovered(facts: ImageFacts) -> Iterable[tuple[Html, ...]]:
    for item in facts.uncovered:
        names = ", ".join(item.packages[:_MOST_NAMES])
        more = len(item.packages) - _MOST_NAMES
        shown = f"{names} and {more} more" if more > 0 else names
        yield text(item.ecosystem), text(shown), text(item.why)
