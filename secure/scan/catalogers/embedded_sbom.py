"""SBOMs that lie in the image: Bitnami's (.spdx-NAME.spdx), vcpkg's, PEP 770's, a build's own.

Their makers speak of what they built; what other catalogers see is not told again
(secure/scan/told_once.py). Only components with a package URL are packages: the others are files,
source archives and the product itself.

Sources: CycloneDX and SPDX (secure/scan/sbom_in); CycloneDX "recognised file patterns"; SPDX 2.3,
file naming; PEP 770.
"""

from __future__ import annotations

from secure.errors import InputError, UnsupportedError
from secure.facts.bom import Bom
from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.package import Package
from secure.facts.purl import parse_purl
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked
from secure.scan.sbom_in.read import read_bom

# The image's own databases speak for these; a document may be about another image.
_OF_A_DISTRIBUTION = frozenset({"deb", "apk", "rpm", "alpm", "oci", "docker"})
_COMMON_END = b".cdx"  # also of drawings of molecules, and of indexes of web archives
_COMMON_NAMES = (b"bom.json", b"bom.xml", b"sbom.json")  # also of files that are no SBOM


def parse_sbom(file: FileView) -> Found:
    name = text(file.name)
    try:
        bom = read_bom(file.content, f'"{name}"')
    except UnsupportedError as cause:
        last = file.name.rpartition(b"/")[2]
        if not last.startswith(_COMMON_NAMES) and not last.endswith(_COMMON_END):
            yield file.unreadable(cause.what)
        return
    except InputError as cause:
        yield file.unreadable(cause.what)
        return
    yield from (Unreadable(name, 0, item.why) for item in bom.unreadable)
    yield from _packages(file, bom)


def _packages(file: FileView, bom: Bom) -> Found:
    seen: set[str] = set()
    for component in bom.components:
        found = component.package
        if not found.purl or found.type in _OF_A_DISTRIBUTION or found.purl in seen:
            continue
        seen.add(found.purl)
        # Only those that parse are given. "pkg:golang/stdlib@1.22" has no namespace, and is real.
        parts = parse_purl(found.purl, strict=False)
        package = Package(
            type=parts.type,
            namespace=parts.namespace,
            name=parts.name,
            version=parts.version or found.version,
            location=file.location,
            found_by=EMBEDDED_SBOM.name,
            licences=found.licences,
            maintainer=found.maintainer,
            homepage=found.homepage,
            hashes=found.hashes,
            qualifiers=tuple(sorted(parts.qualifiers.items())),
        )
        yield checked(file, package)


EMBEDDED_SBOM = Cataloger(
    name="embedded-sbom",
    version=2,
    wants=(
        "*.spdx", "*.spdx.json", "*/.spdx*.json", "*.spdx.yaml", "*.spdx.yml",
        "*.cdx", "*.cdx.json", "*.cdx.xml",
        "*.bom.json", "*.bom.xml", "*.sbom.json", "*.syft.json", "*/bom.json", "*/bom.xml",
        "*/sbom.json",
    ),
    max_bytes=16 * MIB,  # a decoded document takes fifteen times its text
    parse=parse_sbom,
    database=False,
)  # fmt: skip
