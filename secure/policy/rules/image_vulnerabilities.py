"""The rule on known vulnerabilities: what was found, and how far the data can be relied on."""

from __future__ import annotations

from secure.facts.location import Location
from secure.facts.package import counted_once
from secure.facts.verdict import SEVERITIES
from secure.facts.vulnerability import FixState, Mark, Match, Vulnerability
from secure.policy.dates import days_between
from secure.policy.rule import (
    IMAGE_CONTENT,
    LATER,
    LOWER,
    ImageCase,
    Parameter,
    Rule,
    Violation,
    choice,
    number,
)
from secure.policy.rules.image_case import image
from secure.policy.rules.image_content import WHAT_IF_MISSING, missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_NAMES = 3
_UNRATED = "medium"  # what nobody rated yet is neither harmless nor an alarm
_NO_FIX = {
    FixState.PAID: "it is fixed for subscribers alone",
    FixState.WONT_FIX: "its vendor will not fix it",
    FixState.END_OF_LIFE: "its release gets no fixes any more",
    FixState.NOT_FIXED: "no version fixes it yet",
    FixState.UNKNOWN: "no version is known to fix it",
}


def has_no_known_vulnerability(case: ImageCase) -> Iterator[Violation]:
    if not case.facts.vulnerability_data:
        count = counted_once(case.facts.packages)
        yield missing(
            choice(case.parameters, "missing_database"),
            "vulnerabilities",
            f"no package ({count} known) was compared with a vulnerability database",
            "compared with a current database",
            "Get one with `secure db update`; `secure check` then compares.",
        )
        return
    yield from _reliance(case)
    yield from _uncovered(case)
    for found in case.facts.vulnerabilities:
        stated = found.suppressed is not None and found.suppressed.by.startswith("VEX ")
        if found.suppressed is None or (stated and choice(case.parameters, "vex") == "refuse"):
            yield _violation(case, found)
        elif stated:
            yield _stated(found)


def _reliance(case: ImageCase) -> Iterator[Violation]:
    """What speaks against trusting silence: old data, or only the starter set."""
    facts = case.facts
    how = choice(case.parameters, "stale_database")
    fix = "Update it: secure db update"
    if facts.vulnerability_starter:
        found = f"compared with the starter set alone ({facts.vulnerability_source})"
        yield missing(how, "vulnerability data", found, "a complete database", fix)
    most = number(case.parameters, "max_database_days")
    age = days_between(facts.vulnerability_data, case.now)
    if age is None or age < -1 or age > most:
        when = f"{age} days old" if age is not None else f'dated "{facts.vulnerability_data}"'
        yield missing(how, "vulnerability data", when, f"at most {most} days old", fix)


def _uncovered(case: ImageCase) -> Iterator[Violation]:
    """What no advisory speaks of: that nothing was found there says nothing."""
    for one in case.facts.uncovered:
        named = ", ".join(one.packages[:_MOST_NAMES])
        more = len(one.packages) - _MOST_NAMES
        about = f" ({named}{f' and {more} more' if more > 0 else ''})" if named else ""
        yield missing(
            choice(case.parameters, "uncovered"),
            f"vulnerabilities of {one.ecosystem}",
            f"{one.why}{about}",
            "advisories on every package",
            "Get a database that has them: secure db status says which it has."
            if named
            else "Build on a release that is supported.",
        )


def _violation(case: ImageCase, found: Vulnerability) -> Violation:
    severity = found.severity if found.severity in SEVERITIES else _UNRATED
    first = found.matches[0]
    return Violation(
        at=f"{found.component} {first.compared}",
        found=f"{found.id} ({_rating(found)}): {first.because} ({first.advisory}, {first.feed})",
        wanted=f"{' or '.join(found.fixed)} or later" if found.fixed else "",
        place=found.place,
        path="/" + first.location.path,
        severity="info" if Mark.KERNEL_HEADERS in found.marks else severity,
        fix=found.fix or f"Replace or remove the package: {_NO_FIX.get(found.fix_state, '')}.",
        action=_action(case, found, severity),
    )


def _rating(found: Vulnerability) -> str:
    words = [found.severity + (f" by {found.severity_by}" if found.severity_by else "")]
    if found.kev:
        words.append(f"exploited: in CISA's catalogue since {found.kev}")
    if found.epss is not None:
        words.append(f"EPSS {found.epss:.1%}")
    words += [mark.replace("-", " ") for mark in found.marks]
    return ", ".join(words)


def _action(case: ImageCase, found: Vulnerability, severity: str) -> str:
    """ "" is the stage's action: what the policy says of the rule."""
    if Mark.KERNEL_HEADERS in found.marks:
        return "warn"
    if found.kev and choice(case.parameters, "exploited") == "deny":
        return ""
    if Mark.DISPUTED in found.marks:
        return "warn"
    below = SEVERITIES.index(severity) > SEVERITIES.index(choice(case.parameters, "at_least"))
    unfixed = found.fix_state is not FixState.FIXED
    return "warn" if below or (unfixed and choice(case.parameters, "unfixed") == "warn") else ""


def _stated(found: Vulnerability) -> Violation:
    """A finding that a VEX document takes back: it stays visible, and denies nothing."""
    told = found.suppressed
    words = f"{told.status} {told.justification}".strip() if told else ""
    return Violation(
        at=f"{found.component} {found.matches[0].compared}",
        found=f"{found.id}: {words}, says {told.by if told else ''}",
        place=found.place,
        severity="info",
        fix="Nothing, if that statement is right.",
        action="warn",
    )


EXAMPLE = Vulnerability(
    id="CVE-2021-44228",
    component="org.apache.logging.log4j:log4j-core",
    ecosystem="Maven",
    severity="critical",
    severity_by="ghsa, CVSS 3 10.0",
    fix_state=FixState.FIXED,
    fixed=("2.15.0",),
    kev="2021-12-10",
    fix="set the version of org.apache.logging.log4j:log4j-core to 2.15.0",
    matches=(
        Match(
            package="pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
            name="org.apache.logging.log4j:log4j-core",
            version="2.14.1",
            looked_up="Maven org.apache.logging.log4j:log4j-core",
            compared="2.14.1",
            location=Location("app/lib/log4j-core-2.14.1.jar", 2),
            advisory="GHSA-jfh8-c2jp-5v3q",
            feed="ghsa",
            modified="2026-01-01T00:00:00Z",
            interval="introduced 2.13.0, fixed 2.15.0",
            because='"2.14.1" is from "2.13.0" on and before "2.15.0", which fixes it',
            fixed="2.15.0",
            fix_state=FixState.FIXED,
        ),
    ),
)

CON001 = Rule(
    id="CON001",
    subject=IMAGE_CONTENT,
    severity="high",
    title="No known vulnerability",
    why="A published flaw is one that others know how to use.",
    fix="Update the package, or build on a newer base image.",
    maps={
        "cis-docker-1.6.0": ("4.4",),
        "nist-800-190": ("4.1.1",),
        "dockle": ("CIS-DI-0004",),
        "trivy": ("vuln",),
    },
    check=has_no_known_vulnerability,
    passes=image(),
    fails=image(vulnerabilities=(EXAMPLE,)),
    parameters=(
        Parameter(
            "at_least",
            "high",
            LATER,
            "the severity from which a finding counts; lower ones are warnings",
            choices=SEVERITIES,
        ),
        Parameter(
            "unfixed",
            "warn",
            LATER,
            "what no version fixes: a warning, or as any other",
            choices=("warn", "deny"),
        ),
        Parameter(
            "exploited",
            "deny",
            LATER,
            "what is known to be exploited (CISA KEV): as it is rated, or denied in any case",
            choices=("rated", "deny"),
        ),
        Parameter(
            "missing_database",
            "warn",
            LATER,
            "without vulnerability data: warn, leave the verdict open, or deny",
            choices=WHAT_IF_MISSING,
        ),
        Parameter(
            "stale_database",
            "warn",
            LATER,
            "with old data or the starter set alone: warn, leave the verdict open, or deny",
            choices=WHAT_IF_MISSING,
        ),
        Parameter(
            "uncovered",
            "warn",
            LATER,
            "packages that no advisory could match: warn, leave the verdict open, or deny",
            choices=WHAT_IF_MISSING,
        ),
        Parameter(
            "vex",
            "accept",
            LATER,
            "VEX statements that whoever checks brings along: they count, or not",
            choices=("accept", "refuse"),
        ),
        Parameter("max_database_days", 30, LOWER, "how old the data may be, in days", least=1),
    ),
)

VULNERABILITY_RULES = (CON001,)
