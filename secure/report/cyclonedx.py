"""CycloneDX 1.6 and 1.7 JSON. Source: cyclonedx.org, "bom-1.6.schema.json", "bom-1.7.schema.json".

Written by hand because it is read by machines and written 5,000 components at a time: the Python
library takes 12 s for that, this takes 0.1 s; in tests the library is the oracle.
"""

from __future__ import annotations

from functools import lru_cache

from secure.facts.files import OsRelease
from secure.facts.image import ImageFacts
from secure.facts.package import Package
from secure.report.bill import (
    TOOL,
    Author,
    Bill,
    bill_of,
    document_properties,
    graph_is_known,
    group_of,
    image_properties,
    image_purl,
    properties,
    system_properties,
)
from secure.report.bsi import OF_AN_IMAGE, file_properties
from secure.report.hash_names import known_hashes
from secure.report.json_bytes import indented
from secure.report.sbom_values import is_cpe, is_url
from secure.report.spdx_licences import licence_choice
from secure.report.spdx_terms import mailbox

Json = dict[str, object]

ROOT = "image"  # the bom-ref of the image
VERSIONS = ("1.6", "1.7")


def render(
    facts: ImageFacts, *, timestamp: str, author: Author | None = None, version: str = "1.6"
) -> bytes:
    """The SBOM of an image: the same facts, timestamp and author give the same bytes.

    Args:
        timestamp: RFC 3339, UTC: when the document is made.
        version: of the specification, one of `VERSIONS`.
    """
    made = document(bill_of(facts, timestamp, author), version)
    return indented(made, 1)


def document(bill: Bill, version: str) -> Json:
    """The document as JSON values, keys in the order of the schema."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "serialNumber": f"urn:uuid:{bill.serial}",
        "version": 1,
        "metadata": _metadata(bill),
        "components": _components(bill, version),
        "dependencies": _dependencies(bill),
        "compositions": _compositions(bill),
    }


def _metadata(bill: Bill) -> Json:
    tool = {"type": "application", "name": TOOL, "version": bill.facts.tool_version}
    made: Json = {
        "timestamp": bill.timestamp,
        # An image is looked at after it was built (CISA 2025, "generation context").
        "lifecycles": [{"phase": "post-build"}],
        "tools": {"components": [tool]},
    }
    if bill.author and bill.author.url:
        made["manufacturer"] = {"name": bill.author.name, "url": [bill.author.url]}
    elif bill.author:
        email = {"email": bill.author.email} if bill.author.email else {}
        made["authors"] = [{"name": bill.author.name} | email]
    made["component"] = _image(bill)
    return made | _properties(document_properties(bill.facts))


def _image(bill: Bill) -> Json:
    facts = bill.facts
    made: Json = {"bom-ref": ROOT, "type": "container", "name": bill.name}
    digest = facts.digest or facts.config_digest
    if digest:
        made["version"] = digest
        made["hashes"] = _hashes((_split(digest),))
        made["purl"] = image_purl(facts)
    return made | _properties([*OF_AN_IMAGE, *image_properties(facts)])


def _split(digest: str) -> tuple[str, str]:
    algorithm, _, digits = digest.partition(":")
    return algorithm, digits


def _hashes(pairs: tuple[tuple[str, str], ...]) -> list[Json]:
    return [
        {"alg": name.cyclonedx, "content": digits}
        for name, digits in known_hashes(pairs)
        if name.cyclonedx
    ]


def _components(bill: Bill, version: str) -> list[Json]:
    facts = bill.facts
    diff_ids = {layer.index: layer.diff_id for layer in facts.layers}
    licences: dict[tuple[str, ...], list[Json]] = {}
    found: dict[tuple[str, ...], list[Json]] = {}
    mixed = version != "1.6"
    for package in facts.packages:
        # A few hundred distinct licences serve thousands of packages.
        if package.licences not in licences:
            licences[package.licences] = _declared(licence_choice(package.licences, mixed=mixed))
        if package.licences_found not in found:
            found[package.licences_found] = licence_choice(package.licences_found, mixed=mixed)
    components = [
        _component(
            package, ref, diff_ids, licences[package.licences], found[package.licences_found]
        )
        for package, ref in zip(facts.packages, bill.refs, strict=True)
    ]
    if facts.os_release:
        components.append(_operating_system(facts.os_release))
    return components


def _component(
    package: Package,
    ref: str,
    diff_ids: dict[int, str],
    licences: list[Json],
    licences_found: list[Json],
) -> Json:
    kind = "application" if package.type == "generic" else "library"
    made: Json = {"bom-ref": ref, "type": kind}
    if package.maintainer:
        made["supplier"] = _supplier(package.maintainer)
    if group := group_of(package):
        made["group"] = group
    made["name"] = package.name
    made["version"] = package.version
    if package.hashes and (hashes := _hashes(package.hashes)):
        made["hashes"] = hashes
    if licences:
        made["licenses"] = licences
    if is_cpe(package.cpe):
        made["cpe"] = package.cpe
    if package.purl:
        made["purl"] = package.purl
    pairs = [*file_properties(package), *properties(package, diff_ids)]
    if is_url(package.homepage):
        made["externalReferences"] = [{"url": package.homepage, "type": "website"}]
    elif package.homepage:
        pairs.append(("secure:homepage", package.homepage))
    made["properties"] = [{"name": name, "value": value} for name, value in pairs]
    places = (package.location, *package.also_at)
    evidence: Json = {"occurrences": [{"location": "/" + place.path} for place in places]}
    if licences_found:
        evidence["licenses"] = licences_found
    made["evidence"] = evidence
    return made


def _declared(choices: list[Json]) -> list[Json]:
    """Licences as their authors state them; nobody has looked whether that holds."""
    word: Json = {"acknowledgement": "declared"}
    made: list[Json] = []
    for one in choices:
        licence = one.get("license")
        made.append({"license": licence | word} if isinstance(licence, dict) else one | word)
    return made


@lru_cache  # a distribution has few maintainers
def _supplier(maintainer: str) -> Json:
    name, email = mailbox(maintainer)
    return {"name": name} | ({"contact": [{"email": email}]} if email else {})


def _operating_system(release: OsRelease) -> Json:
    made: Json = {
        "bom-ref": "operating-system",
        "type": "operating-system",
        "name": release.id or release.name or "unknown",
    }
    if release.version_id or release.version_codename:
        made["version"] = release.version_id or release.version_codename
    if release.pretty_name:
        made["description"] = release.pretty_name
    return made | _properties(system_properties(release))


def _dependencies(bill: Bill) -> list[Json]:
    """The image depends on everything in it; a package on what its database resolved."""
    pairs = [(ROOT, tuple(sorted(bill.refs))), *sorted(zip(bill.refs, bill.needs, strict=True))]
    return [{"ref": ref, "dependsOn": needs} if needs else {"ref": ref} for ref, needs in pairs]


def _compositions(bill: Bill) -> list[Json]:
    """How complete the list of packages is, and of which packages all needs are known."""
    known: dict[bool, list[str]] = {True: [], False: []}
    for package, ref in zip(bill.facts.packages, bill.refs, strict=True):
        known[graph_is_known(package)].append(ref)
    whole = "complete" if bill.facts.complete else "incomplete"
    made: list[Json] = [{"aggregate": whole, "assemblies": [ROOT]}]
    if known[True]:
        made.append({"aggregate": whole, "dependencies": sorted(known[True])})
    if known[False]:
        made.append({"aggregate": "unknown", "dependencies": sorted(known[False])})
    return made


def _properties(pairs: list[tuple[str, str]]) -> Json:
    return {"properties": [{"name": key, "value": text} for key, text in pairs]} if pairs else {}
