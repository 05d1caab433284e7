"""An audit report as one HTML file: no server, no script, nothing loaded from anywhere."""

from __future__ import annotations

from secure.facts.verdict import ALLOW
from secure.report.audit_report import STARTED
from secure.report.html_image import image_section
from secure.report.html_launch import launch_section
from secure.report.html_style import STYLE
from secure.report.html_vulnerabilities import grave
from secure.report.markup import Html, badge, code, element, pairs, section, text
from secure.report.redact import without_secrets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.image import ImageFacts
    from secure.report.audit_report import AuditReport, Chain

# Even if markup ever got in, a browser would load and run nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def render(report: AuditReport) -> bytes:
    """The report, UTF-8; same report, same bytes. It names no secret: see `redact`."""
    report = without_secrets(report)
    images = [
        image_section(f"image-{number}", subject)
        for number, subject in enumerate(report.subjects, 1)
    ]
    launches = [
        launch_section(f"launch-{number}", launch)
        for number, launch in enumerate(report.launches, 1)
    ]
    chain = [] if report.chain is None else [_chain_section(report.chain)]
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{text(report.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"{_header(report)}\n<main>\n{_tiles(report)}\n"
        + "\n".join([*images, *launches, *chain])
        + f"\n</main>\n{_footer()}\n</body>\n</html>\n"
    )
    # What is not valid Unicode was made visible by `text`; nothing is left to be replaced.
    return page.encode("utf-8")


def _header(report: AuditReport) -> Html:
    made = Html(f"Made at {text(report.made_at)} by secure {text(report.tool_version)}")
    links = [
        f'<li><a href="#image-{number}">Image {text(subject.reference)}</a></li>'
        for number, subject in enumerate(report.subjects, 1)
    ]
    links += [
        f'<li><a href="#launch-{number}">Launch {text(launch.seq)}: {text(launch.image)}</a></li>'
        for number, launch in enumerate(report.launches, 1)
    ]
    links += [] if report.chain is None else ['<li><a href="#audit-log">Audit log</a></li>']
    return element(
        "header",
        element("h1", text(report.title)),
        element("p", made, kind="soft"),
        Html(f'<nav aria-label="Contents"><ul>{"".join(links)}</ul></nav>'),
    )


def _tiles(report: AuditReport) -> Html:
    """The answer at one glance."""
    verdicts = [verdict for subject in report.subjects for verdict in subject.verdicts]
    refused = sum(verdict.outcome != ALLOW for verdict in verdicts)
    started = sum(launch.outcome == STARTED for launch in report.launches)
    states = [line.state for launch in report.launches for line in launch.enforcement]
    weak = sum(state != "enforced" for state in states)
    tiles = [
        _tile(
            _counted(len(report.subjects), "image"),
            f"not allowed by {refused} of {_counted(len(verdicts), 'verdict')}",
            "bad" if refused else "good",
        ),
        _tile(
            _counted(len(report.launches), "launch", more="es"),
            f"{started} started, {len(report.launches) - started} refused, killed or failed",
            "none",
        ),
        _tile(
            _counted(len(states), "protection"),
            f"{weak} not or only partly enforced" if weak else "all enforced",
            "warn" if weak else "good",
        ),
    ]
    if compared := [s.facts for s in report.subjects if s.facts and s.facts.vulnerability_data]:
        tiles.append(_vulnerability_tile(compared))
    if report.chain is not None:
        tiles.append(_chain_tile(report.chain))
    return element("div", *tiles, kind="tiles")


def _vulnerability_tile(compared: list[ImageFacts]) -> Html:
    found, severe, exploited = grave(compared)
    if not found:
        if any(one.vulnerability_starter for one in compared):
            return _tile("No known vulnerability", "compared with a starter set only", "warn")
        return _tile(
            "No known vulnerability", f"in {_counted(len(compared), 'image')} compared", "good"
        )
    words = f"{severe} critical or high, {exploited} exploited"
    return _tile(
        _counted(found, "vulnerabilit", "y", "ies"), words, "bad" if severe or exploited else "warn"
    )


def _chain_tile(chain: Chain) -> Html:
    records = _counted(chain.records, "record")
    if chain.broken:
        return _tile("Audit log broken", records, "bad")
    if chain.torn:
        return _tile("Audit log intact", f"{records}, unfinished lines", "warn")
    return _tile("Audit log intact", records, "good")


def _counted(count: int, what: str, one: str = "", more: str = "s") -> str:
    return f"{count:,} {what}{one if count == 1 else more}"


def _tile(large: str, small: str, kind: str) -> Html:
    return element("div", element("b", text(large)), text(small), kind=f"tile {kind}")


def _chain_section(chain: Chain) -> Html:
    state = badge("broken", "bad") if chain.broken else badge("intact", "good")
    rows = [
        ("Records", text(f"{chain.records:,} in {chain.segments:,} file(s)")),
        ("First and last", text(f"{chain.first_time or 'none'} to {chain.last_time or 'none'}")),
        ("Last record that holds", text(chain.head_seq)),
        ("Its hash", code(chain.head_hash)),
    ]
    compared = "The log reaches the head that was noted elsewhere, unchanged."
    if not chain.expected_head:
        compared = (
            "A chain shows changes, not what was cut off its end. Note the last record and its "
            "hash where the log's owner cannot write, and compare."
        )
    notes = [element("p", text(line), kind="note warn") for line in (*chain.torn, *chain.notes)]
    if chain.broken:
        notes.insert(0, element("p", text(chain.broken), kind="note bad"))
    else:
        notes.append(element("p", text(compared), kind="note"))
    return section("audit-log", Html(f"Audit log {state}"), pairs(rows), *notes)


def _footer() -> Html:
    words = (
        "Every value comes from the image, the policy or the kernel and is shown as text. "
        "Values of environment variables and found secrets are withheld."
    )
    return element("footer", element("p", text(words)))
