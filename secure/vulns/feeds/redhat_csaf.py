"""Red Hat's VEX documents (CSAF 2.0) as OSV records: one for each vulnerability.

A product is a component in a platform: the component's purl names an rpm package, the platform's
CPE a repository ("cpe:/a:redhat:enterprise_linux:9::appstream"), which is how OSV calls Red Hat's
ecosystems too. Statements on what is no rpm package (images, products as a whole) are left out, and
those on -debuginfo and -debugsource, which have no code.

Sources: docs.oasis-open.org/csaf, CSAF 2.0, 4.4 (profile VEX); Red Hat, "CSAF VEX documents".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import parse_qs, unquote

import msgspec

from secure.facts.plain import plain
from secure.oci.limits import Limits
from secure.vulns.feeds.statuses import fixed_in, never_affected, under_investigation, without_fix
from secure.vulns.feeds.words import CVE, MODULE, pages
from secure.vulns.osv import Advisory, Affected, Refused, Severity, checked
from secure.vulns.versions.order import key

_CPE = re.compile(r"cpe:/[aoh]:redhat:([a-z0-9_.:\-]{1,100})").fullmatch
_PURL = re.compile(
    r"pkg:rpm/redhat/([^@?#/]{1,200})(?:@([^?#]{1,200}))?(?:\?([^#]{0,500}))?"
).fullmatch
_EPOCH = re.compile(r"-([0-9]{1,9}):").search
_DEEPEST = 30  # branches inside of branches; real documents have 4
_NO_CODE = ("-debuginfo", "-debugsource")
_NO_SUPPORT = "out of support scope"


class _Helper(msgspec.Struct, frozen=True):
    cpe: str = ""
    purl: str = ""


class _Product(msgspec.Struct, frozen=True):
    product_id: str
    product_identification_helper: _Helper = _Helper()


class _Branch(msgspec.Struct, frozen=True):
    product: _Product | None = None
    branches: tuple[_Branch, ...] = ()


class _Relationship(msgspec.Struct, frozen=True):
    full_product_name: _Product
    product_reference: str
    relates_to_product_reference: str


class _Tree(msgspec.Struct, frozen=True):
    branches: tuple[_Branch, ...] = ()
    relationships: tuple[_Relationship, ...] = ()


class _Note(msgspec.Struct, frozen=True):
    category: str = ""
    text: str = ""


class _Link(msgspec.Struct, frozen=True):
    url: str = ""


class _Remediation(msgspec.Struct, frozen=True):
    category: str = ""
    details: str = ""
    product_ids: tuple[str, ...] = ()


class _Cvss(msgspec.Struct, frozen=True):
    vector: str = msgspec.field(default="", name="vectorString")


class _Score(msgspec.Struct, frozen=True):
    cvss_v3: _Cvss = _Cvss()


class _Status(msgspec.Struct, frozen=True):
    fixed: tuple[str, ...] = ()
    known_affected: tuple[str, ...] = ()
    known_not_affected: tuple[str, ...] = ()
    under_investigation: tuple[str, ...] = ()


class _Vulnerability(msgspec.Struct, frozen=True):
    cve: str = ""
    notes: tuple[_Note, ...] = ()
    product_status: _Status = _Status()
    references: tuple[_Link, ...] = ()
    remediations: tuple[_Remediation, ...] = ()
    scores: tuple[_Score, ...] = ()


class _Tracking(msgspec.Struct, frozen=True):
    id: str
    status: str = ""
    current_release_date: str = ""
    initial_release_date: str = ""


class _Word(msgspec.Struct, frozen=True):
    text: str = ""


class _Head(msgspec.Struct, frozen=True):
    tracking: _Tracking
    category: str = ""
    title: str = ""
    aggregate_severity: _Word = _Word()


class _Document(msgspec.Struct, frozen=True):
    document: _Head
    product_tree: _Tree = _Tree()
    vulnerabilities: tuple[_Vulnerability, ...] = ()


class _Component(NamedTuple):
    """An rpm package in a repository; `version` is "" where all are meant."""

    ecosystem: str
    name: str
    version: str
    source: bool
    module: str


_NO_HELPER = _Helper()
_decoder = msgspec.json.Decoder(_Document)


def advisories(raw: bytes, limits: Limits, modified: str) -> Iterator[Advisory | Refused]:
    """What one document says.

    Args:
        modified: RFC 3339, of a document without a time: of one that was taken back.
    """
    try:
        found = _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        yield Refused("", f"it is no CSAF document: {plain(str(cause)[:200])}")
        return
    head, time = found.document, found.document.tracking.current_release_date or modified
    name = head.tracking.id
    if head.tracking.status == "deleted":
        yield checked(Advisory(name, time, withdrawn=time), limits)
    elif head.category != "csaf_vex" or len(found.vulnerabilities) != 1 or not CVE.fullmatch(name):
        yield Refused(plain(name[:100]), "it is no VEX document on one CVE")
    else:
        affected = tuple(_affected(found))
        if not affected:
            yield Refused(name, "it names no rpm package")
            return
        yield checked(_advisory(found, time, affected), limits)


def _advisory(found: _Document, time: str, affected: tuple[Affected, ...]) -> Advisory:
    (told,), head = found.vulnerabilities, found.document
    details = (note.text for note in told.notes if note.category == "description")
    vectors = dict.fromkeys(score.cvss_v3.vector for score in told.scores if score.cvss_v3.vector)
    word = head.aggregate_severity.text
    return Advisory(
        head.tracking.id,
        time,
        published=head.tracking.initial_release_date or None,
        summary=head.title[:1000],
        details=next(details, ""),
        severity=tuple(Severity("CVSS_V3", vector) for vector in vectors),
        affected=affected,
        references=pages(("ADVISORY", one.url) for one in told.references),
        database_specific={"severity": word} if word else None,
    )


def _affected(found: _Document) -> Iterator[Affected]:
    """Each statement once: builds for several architectures have one version."""
    components = _components(found.product_tree)
    (told,) = found.vulnerabilities
    status, states = told.product_status, _fix_states(told.remediations)
    said: dict[_Component, Affected] = {}
    for product in status.fixed:
        one = components.get(product)
        if one and not one.source and isinstance(key(one.ecosystem, one.version), str):
            said[one] = fixed_in(one.ecosystem, one.name, one.version)
    for product in status.known_affected:
        if one := _unversioned(components.get(product)):
            state = states.get(product, "not-fixed")
            said.setdefault(one, without_fix(one.ecosystem, one.name, state))
    for product in status.under_investigation:
        if one := _unversioned(components.get(product)):
            said.setdefault(one, under_investigation(one.ecosystem, one.name))
    # Of several streams of a module one may be affected: "not affected" is kept where it is said of
    # the package in all of them.
    names = {(one.ecosystem, one.name) for one in said}
    for product in status.known_not_affected:
        one = _unversioned(components.get(product))
        if one and (one.ecosystem, one.name) not in names:
            said.setdefault(one._replace(module=""), never_affected(one.ecosystem, one.name))
    for one, made in said.items():
        specific = {"module": one.module} if one.module else None
        yield msgspec.structs.replace(made, ecosystem_specific=specific)


def _unversioned(one: _Component | None) -> _Component | None:
    return one and one._replace(version="", source=False)


def _components(tree: _Tree) -> dict[str, _Component]:
    """Every rpm package of a platform, by the id of the product."""
    helpers = dict(_helpers(tree.branches, 0))
    found: dict[str, _Component] = {}
    for one in tree.relationships:
        purl = helpers.get(one.product_reference, _NO_HELPER).purl
        cpe = _CPE(helpers.get(one.relates_to_product_reference, _NO_HELPER).cpe)
        made = _component(purl, cpe[1], one.product_reference) if cpe else None
        if made:
            found[one.full_product_name.product_id] = made
    return found


def _helpers(branches: tuple[_Branch, ...], depth: int) -> Iterator[tuple[str, _Helper]]:
    for branch in branches:
        if branch.product:
            yield branch.product.product_id, branch.product.product_identification_helper
        if depth < _DEEPEST:
            yield from _helpers(branch.branches, depth + 1)


def _component(purl: str, repository: str, reference: str) -> _Component | None:
    found = _PURL(purl)
    if found is None or found[1].endswith(_NO_CODE):
        return None
    qualifiers = parse_qs(found[3] or "")
    module = MODULE.match(qualifiers.get("rpmmod", [""])[0])
    if "rpmmod" in qualifiers and not module:
        return None  # a build for something else, as for flatpaks
    version = unquote(found[2] or "")
    # Purls leave out the epoch; the product's id has it.
    epoch = qualifiers.get("epoch", [""])[0] or _told_epoch(reference)
    return _Component(
        f"Red Hat:{repository}",
        unquote(found[1]),
        f"{epoch}:{version}" if epoch.isdecimal() and int(epoch) else version,
        qualifiers.get("arch", [""])[0] == "src",
        module[0] if module else "",
    )


def _told_epoch(reference: str) -> str:
    found = _EPOCH(reference)
    return found[1] if found else ""


def _fix_states(remediations: tuple[_Remediation, ...]) -> dict[str, str]:
    """Of products that are not fixed: why, by their ids."""
    found: dict[str, str] = {}
    for one in remediations:
        if one.category == "no_fix_planned":
            over = one.details.strip().lower() == _NO_SUPPORT
            found.update(dict.fromkeys(one.product_ids, "end-of-life" if over else "wont-fix"))
    return found
