"""What every SBOM format says of an image, worked out once: references, graph, identity, purl."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from secure.facts.base_image import BaseImage
from secure.facts.files import OsRelease
from secure.facts.image import ImageFacts
from secure.facts.location import Location
from secure.facts.package import Package
from secure.facts.purl import purl
from secure.report.needs import needs_of

TOOL = "secure-runtime"
OWN = "secure:"  # the namespace of our properties
# Types whose database says what a package needs, so that the graph of it is known.
_RESOLVED = frozenset({"deb", "apk", "rpm", "alpm"})


class Author(msgspec.Struct, frozen=True):
    """Who answers for the document: TR-03183-2 asks for an email address, or else a URL."""

    name: str
    email: str = ""
    url: str = ""


class Bill(msgspec.Struct, frozen=True):
    """An image's facts, ready to be written.

    Args:
        timestamp: RFC 3339, UTC: when the document is made.
        refs: one per package: unique in the document.
        needs: refs that each package depends on, sorted.
        serial: a UUID of the content: the same facts, author and time give the same one.
    """

    facts: ImageFacts
    timestamp: str
    author: Author | None
    refs: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    serial: str

    @property
    def name(self) -> str:
        """The image's first tag, else the file or folder it was read from, without its path.

        Where that lies is no part of the image: the same image gives the same document anywhere.
        """
        return image_name(self.facts)

    @property
    def second(self) -> str:
        """The timestamp without fractions, as SPDX wants it."""
        return self.timestamp[:19] + "Z"


def bill_of(facts: ImageFacts, timestamp: str, author: Author | None = None) -> Bill:
    """`facts` as an SBOM that is made at `timestamp`."""
    refs = _references(facts.packages)
    return Bill(
        facts=facts,
        timestamp=timestamp,
        author=author,
        refs=tuple(refs),
        needs=needs_of(facts.packages, refs),
        serial=_serial(facts, timestamp, author),
    )


def parse_author(text: str) -> Author:
    """`NAME <EMAIL or URL>`, or one of the three alone."""
    name, _, address = text.strip().removesuffix(">").partition("<")
    if not address and ("@" in name or "://" in name):
        name, address = "", name
    name, address = name.strip(), address.strip()
    if "://" in address:
        return Author(name or address, url=address)
    return Author(name or address, email=address)


def group_of(package: Package) -> str:
    """The namespace where it is part of the name (maven, npm), not where it names a vendor."""
    return "" if package.type in _RESOLVED else package.namespace


def graph_is_known(package: Package) -> bool:
    """Whether what was read says everything that the package needs."""
    return package.type in _RESOLVED


def properties(package: Package, diff_ids: dict[int, str]) -> list[tuple[str, str]]:
    """What no format has a place of its own for, (name, value), by name."""
    base, gone = package.from_base, package.location.deleted_by
    pairs = (
        ("secure:arch", package.arch),
        ("secure:automatic", "true" if package.automatic else ""),
        ("secure:cataloger", package.found_by),
        ("secure:declared", "true" if package.declared else ""),
        ("secure:epoch", package.epoch),
        ("secure:essential", "true" if package.essential else ""),
        ("secure:fromBase", "" if base is None else "true" if base else "false"),
        # Of a form of its own that no document knows.
        ("secure:hash:h1", _go_sum(package.hashes) if package.hashes else ""),
        ("secure:layer:deletedBy", "" if gone is None else str(gone)),
        ("secure:layer:diffID", diff_ids.get(package.location.layer, "")),
        ("secure:layer:index", str(package.location.layer)),
        *_further(package.also_at),
        ("secure:modularity", package.modularity),
        ("secure:owner", package.owner),
        ("secure:source:name", package.source),
        ("secure:source:version", package.source_version),
    )
    return [pair for pair in pairs if pair[1]]


def _go_sum(hashes: tuple[tuple[str, str], ...]) -> str:
    return next((text for name, text in hashes if name == "h1"), "")


def _further(places: tuple[Location, ...]) -> Iterator[tuple[str, str]]:
    """Places after the first, which every format has a field for."""
    for number, place in enumerate(places, start=1):
        yield f"secure:location:{number}:layer", str(place.layer)
        yield f"secure:location:{number}:path", "/" + place.path


def image_properties(facts: ImageFacts) -> list[tuple[str, str]]:
    """The same of the image itself: its layers in order, the rest by name."""
    pairs = [
        ("secure:image:configDigest", facts.config_digest),
        ("secure:image:os", facts.config.os),
        ("secure:image:architecture", facts.config.architecture),
        *(("secure:image:repoTag", tag) for tag in facts.repo_tags),
        *(("secure:image:label:" + key, text) for key, text in sorted(facts.config.labels.items())),
        *_base_properties(facts.base),
        *(("secure:layer:diffID", layer.diff_id) for layer in facts.layers),
    ]
    return [pair for pair in pairs if pair[1]]


def _base_properties(base: BaseImage | None) -> list[tuple[str, str]]:
    if base is None:
        return []
    layers = "" if base.layers is None else str(base.layers)
    return [
        ("secure:image:base:digest", base.digest),
        ("secure:image:base:evidence", base.evidence if layers else ""),
        ("secure:image:base:layers", layers),
        ("secure:image:base:name", base.name),
    ]


def system_properties(release: OsRelease) -> list[tuple[str, str]]:
    """The same of the distribution."""
    pairs = (
        ("secure:os:codename", release.version_codename),
        ("secure:os:idLike", " ".join(release.id_like)),
        ("secure:os:name", release.name),
    )
    return [pair for pair in pairs if pair[1]]


def document_properties(facts: ImageFacts) -> list[tuple[str, str]]:
    """The same of the document: what could not be read."""
    return [
        ("secure:unreadable", f"layer {one.layer}: {one.path}: {one.why}")
        for one in facts.unreadable
    ]


def image_purl(facts: ImageFacts) -> str:
    """purl type "oci": the last name component; a tag only as the archive's own claim.

    "" for a plain directory, which has no digest.
    """
    digest = facts.digest or facts.config_digest
    if not digest:
        return ""
    name = facts.repo_tags[0] if facts.repo_tags else facts.reference
    repository, _, tag = name.rpartition("/")[2].partition("@")[0].partition(":")
    qualifiers = {"arch": facts.config.architecture, "tag": tag if facts.repo_tags else ""}
    return purl("oci", repository or "image", digest, qualifiers=qualifiers)


def image_name(facts: ImageFacts) -> str:
    """See `Bill.name`. A path need not be UTF-8; documents have to be."""
    if facts.repo_tags:
        return _utf8(facts.repo_tags[0])
    return _utf8(facts.reference.rstrip("/").rpartition("/")[2]) or "image"


def _utf8(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _references(packages: Iterable[Package]) -> list[str]:
    """One ref per package: its purl, and a number where two are alike."""
    seen: dict[str, int] = {}
    refs = []
    for package in packages:
        base = ref = package.purl or f"{package.type}:{package.name}@{package.version}"
        while ref in seen:  # "#2" may be the end of another's purl
            seen[base] += 1
            ref = f"{base}#{seen[base]}"
        seen[ref] = 1
        refs.append(ref)
    return refs


def _serial(facts: ImageFacts, timestamp: str, author: Author | None) -> str:
    """A version 8 UUID (RFC 9562: of one's own making) over what the document is made from."""
    content = (
        timestamp,
        author,
        image_name(facts),
        facts.digest,
        facts.config_digest,
        facts.layers,
        facts.packages,
        facts.unreadable,
        facts.tool_version,
    )
    raw = bytearray(hashlib.sha256(msgspec.msgpack.encode(content)).digest()[:16])
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
