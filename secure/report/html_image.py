"""One image in a report: what it is, what it holds, what was decided about it."""

from __future__ import annotations

from secure.facts.package import counted_once
from secure.facts.verdict import ALLOW, DENY, SEVERITIES
from secure.report.html_vulnerabilities import vulnerability_parts
from secure.report.markup import (
    Html,
    badge,
    code,
    element,
    folded,
    pairs,
    section,
    size,
    text,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.image import ImageFacts
    from secure.facts.location import Location
    from secure.facts.verdict import Finding, Verdict
    from secure.report.audit_report import Subject

_OUTCOMES = {"deny": "bad", "warn": "warn", "not checked": "none", "waived": "none"}
_SEVERITIES = {"critical": "bad", "high": "bad", "medium": "warn"}


def image_section(identifier: str, subject: Subject) -> Html:
    """The chapter about one image."""
    title = Html(f"Image {text(subject.reference)}")
    verdicts = [verdict_part(verdict) for verdict in subject.verdicts]
    if subject.facts is None:
        missing = element("p", text("Its facts are not part of this report."), kind="note")
        return section(identifier, title, missing, *verdicts)
    return section(identifier, title, _summary(subject.facts), *verdicts, *_facts(subject.facts))


def verdict_part(verdict: Verdict) -> Html:
    """A verdict, with every finding."""
    heading = element(
        "h3",
        Html(f"Verdict at stage {text(verdict.stage)}: "),
        verdict_badge(verdict.outcome),
    )
    about = pairs(
        [
            ("Policy", text(verdict.policy)),
            ("Policy digest", code(verdict.policy_digest)),
            ("Decided at", text(verdict.decided_at)),
        ]
    )
    rank = {severity: place for place, severity in enumerate(SEVERITIES)}
    ordered = sorted(verdict.findings, key=lambda found: rank.get(found.severity, len(rank)))
    columns = ("Severity", "Finding", "Found", "Wanted", "What to do")
    found = folded("Findings", columns, [_finding(f) for f in ordered], opened=True)
    notes = [element("p", text(note), kind="note warn") for note in verdict.notes]
    passed = Html(f"Checked, nothing to say: {text(', '.join(verdict.passed) or 'none')}.")
    return Html("".join([heading, about, found, *notes, element("p", passed, kind="soft")]))


def verdict_badge(outcome: str) -> Html:
    """The outcome of a verdict as a coloured word."""
    return badge(outcome, {ALLOW: "good", DENY: "bad"}.get(outcome, "warn"))


def _finding(finding: Finding) -> tuple[Html, ...]:
    about = [
        element("b", text(finding.title)),
        Html(f"<br>{code(finding.rule)} at {code(finding.at)} "),
        badge(finding.outcome, _OUTCOMES.get(finding.outcome, "none")),
    ]
    if finding.waiver:
        about.append(element("p", Html(f"Waived: {text(finding.waiver)}"), kind="soft"))
    return (
        badge(finding.severity, _SEVERITIES.get(finding.severity, "none")),
        Html("".join(about)),
        code(finding.found),
        code(finding.wanted),
        text(finding.fix),
    )


def _summary(facts: ImageFacts) -> Html:
    system = facts.os_release
    name = (system.pretty_name or system.name or system.id) if system else ""
    config = facts.config
    platform = "/".join(part for part in (config.os, config.architecture, config.variant) if part)
    rows = [
        ("Digest", code(facts.digest or "none: a plain directory")),
        ("Image id", code(facts.config_digest or "none")),
        ("Names it claims", text(", ".join(facts.repo_tags) or "none")),
        ("Distribution", text(name or "none found")),
        ("Platform", text(platform or "not said")),
        ("User", text(config.user or "not said: root")),
        ("Command", code(" ".join([*config.entrypoint, *config.cmd]) or "none")),
        ("Created", text(config.created or "not said")),
        ("Size", text(f"{size(facts.uncompressed_bytes)} in {facts.entries:,} entries")),
        ("Packages", text(f"{counted_once(facts.packages):,}")),
        ("Read", Html(f"{text(facts.scanned_at)} by secure {text(facts.tool_version)}")),
        ("Environment", text(", ".join(e.partition("=")[0] for e in config.env) or "none")),
    ]
    return Html(pairs(rows) + _completeness(facts))


def _completeness(facts: ImageFacts) -> Html:
    unread = len(facts.unreadable)
    if not facts.complete:
        kind, words = "bad", "What follows is incomplete: a layer or a package database is missing."
    elif unread:
        kind, words = "warn", f"Read, except what is listed as not read ({unread:,})."
    else:
        kind, words = "good", "Everything in the image was read."
    return element("p", text(words), kind=f"note {kind}")


def _facts(facts: ImageFacts) -> tuple[Html, ...]:
    unreadable = [(code(u.path), text(u.layer), text(u.why)) for u in facts.unreadable]
    layers = [
        (text(layer.index), text(size(layer.size)), code(layer.diff_id), text(layer.created_by))
        for layer in facts.layers
    ]
    secrets = [
        (
            badge(secret.severity, _SEVERITIES.get(secret.severity, "none")),
            Html(f"{text(secret.title)}<br>{code(secret.rule)}"),
            text(secret.place),
            _place(secret.location, secret.key, secret.line),
            code(secret.masked),
        )
        for secret in facts.secrets
    ]
    files = [
        (
            code(file.location.path),
            text(", ".join(file.tags)),
            code(f"{file.mode:04o} {file.uid}:{file.gid}"),
            _layer(file.location),
            text(file.detail),
        )
        for file in facts.files
    ]
    packages = [
        (
            text(package.name),
            text(package.version),
            text(package.type),
            text(package.arch),
            text(", ".join(package.licences)),
            _layer(package.location),
            Html("<br>".join(code(one.path) for one in (package.location, *package.also_at))),
        )
        for package in facts.packages
    ]
    return (
        *vulnerability_parts(facts),
        element("h3", text("Contents")),
        folded("Not read", ("Path", "Layer", "Why"), unreadable),
        folded("Layers", ("Layer", "Size", "Diff-id", "Made by"), layers),
        folded("Secrets", ("Severity", "What", "In", "Where", "Masked"), secrets),
        folded("Files of note", ("Path", "Why", "Mode", "Layer", "Detail"), files),
        folded(
            "Packages",
            ("Name", "Version", "Type", "Arch", "Licences", "Layer", "Found in"),
            packages,
        ),
    )


def _place(location: Location | None, key: str, line: int) -> Html:
    if location is None:
        return code(key)
    where = f"{location.path}:{line}" if line else location.path
    return Html(f"{code(where)}<br>layer {_layer(location)}")


def _layer(location: Location) -> Html:
    if location.deleted_by is None:
        return text(location.layer)
    return text(f"{location.layer}, deleted by {location.deleted_by}")
