"""Maven packages whose digests a Gradle build demands: gradle/verification-metadata.xml.

Source: Gradle documentation, "Verifying dependencies".
"""

from __future__ import annotations

from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, each_once, from_tree
from secure.scan.formats.integrity import Hashes, from_pairs
from secure.xml_tree import Element, xml_tree

_MAX_BYTES = 8 * MIB


def parse_verification(file: FileView, root: Element) -> Found:
    yield from each_once(file, _components(file, root))


def _components(file: FileView, root: Element) -> Found:
    if root.name != "verification-metadata":
        yield file.unreadable("is no verification metadata of Gradle")
    for one in root.child("components").all("component"):
        told = one.attributes
        package = Package(
            type="maven",
            namespace=told.get("group", ""),
            name=told.get("name", ""),
            version=told.get("version", ""),
            location=file.location,
            found_by=GRADLE_VERIFICATION.name,
            declared=True,
            hashes=_digest(one, told.get("name", ""), told.get("version", "")),
        )
        yield checked(file, package)


def _digest(component: Element, name: str, version: str) -> Hashes:
    """Of the jar alone; a component also has its pom and others."""
    pairs = [
        f"{digest.name}:{digest.attributes.get('value', '')}"
        for artifact in component.all("artifact")
        if artifact.attributes.get("name") == f"{name}-{version}.jar"
        for digest in artifact.children
    ]
    return from_pairs(*pairs)


def _decode(content: bytes) -> Element:
    return xml_tree(content, _MAX_BYTES)


GRADLE_VERIFICATION = Cataloger(
    name="gradle-verification",
    version=1,
    wants=("*/verification-metadata.xml",),
    max_bytes=_MAX_BYTES,
    parse=from_tree(_decode, parse_verification),
    database=False,
)
