"""What OVAL documents on rpm packages have alike, whoever publishes them.

A definition is a tree of AND and OR over tests; a test names an object (a package) and states (its
epoch:version-release compared with one). Definitions come before the tests that they refer to, so
a document is read twice.

Source: OVAL 5.11, oval-definitions-schema and linux-definitions-schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from secure.errors import LimitExceededError
from secure.facts.plain import plain
from secure.oci.limits import Limits
from secure.vulns.feeds.words import CVE, pages
from secure.vulns.osv import Advisory, Affected, Severity
from secure.vulns.schema import rfc3339, seconds
from secure.xml_tree import Element, xml_records

_TABLES = frozenset({"rpminfo_test", "rpminfo_object", "rpminfo_state"})


class Compared(NamedTuple):
    """One test: of package `name` a version that is `operation` `version`; "" if it has none."""

    name: str
    operation: str
    version: str


class UnknownError(ValueError):
    """A definition that is not understood; its text says what."""


def definitions(pieces: Iterator[bytes]) -> Iterator[Element]:
    """Every definition of a document; errors as `xml_records`."""
    return xml_records(pieces, frozenset({"definition"}))


def tests(pieces: Iterator[bytes], limits: Limits) -> dict[str, Compared]:
    """Every test of a document, by its id; errors as `xml_records`."""
    links: dict[str, tuple[str, str]] = {}
    names: dict[str, str] = {}
    states: dict[str, tuple[str, str]] = {}
    for count, one in enumerate(xml_records(pieces, _TABLES)):
        if count > limits.feed_records:
            raise LimitExceededError("feed_records", "OVAL tests", f"{limits.feed_records} tests")
        number = one.attributes.get("id", "")
        if one.name == "rpminfo_test":
            state = one.child("state").attributes.get("state_ref", "")
            links[number] = (one.child("object").attributes.get("object_ref", ""), state)
        elif one.name == "rpminfo_object":
            names[number] = one.child("name").text.strip()
        elif evr := one.child("evr").text.strip():
            states[number] = (one.child("evr").attributes.get("operation", "equals"), evr)
    return {
        test: Compared(names.get(of, ""), *states.get(state, ("", "")))
        for test, (of, state) in links.items()
    }


def check_plain(criterion: Element) -> None:
    """Raises UnknownError where it is negated."""
    if criterion.attributes.get("negate", "false") != "false":
        raise UnknownError("it negates a criterion")


def shown(criterion: Element) -> str:
    """A criterion that is not understood, for people."""
    return f'the criterion "{plain(criterion.attributes.get("comment", "").strip()[:100])}"'


def advisory(name: str, metadata: Element, affected: tuple[Affected, ...]) -> Advisory:
    """The record of one definition.

    Raises:
        UnknownError: it does not say when it was issued.
    """
    told = metadata.child("advisory")
    issued = told.child("issued").attributes.get("date", "")
    published = rfc3339(seconds(issued or metadata.child("advisory_date").text.strip()))
    modified = rfc3339(seconds(told.child("updated").attributes.get("date", ""))) or published
    if not modified:
        raise UnknownError("it does not say when it was issued")
    words = (told.child("severity").text, metadata.child("severity").text)
    severity = next((word.strip() for word in words if word.strip()), "")
    references = list(metadata.all("reference"))
    names = (one.attributes.get("ref_id", "") for one in references)
    return Advisory(
        name,
        modified,
        published=published or None,
        upstream=tuple(one for one in dict.fromkeys(filter(CVE.fullmatch, names)) if one != name),
        summary=metadata.child("title").text.strip()[:1000],
        details=metadata.child("description").text.strip(),
        severity=_vectors(told) or None,
        affected=affected,
        references=pages(("ADVISORY", one.attributes.get("ref_url", "")) for one in references),
        database_specific={"severity": severity} if severity else None,
    )


def _vectors(told: Element) -> tuple[Severity, ...]:
    """ "7/CVSS:3.1/AV:L/…" of the first CVE that has one."""
    for one in told.all("cve"):
        _, slash, vector = one.attributes.get("cvss3", "").partition("/")
        if slash and vector.startswith("CVSS:3"):
            return (Severity("CVSS_V3", vector),)
    return ()
