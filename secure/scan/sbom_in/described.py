"""A component as any document describes it, to a package: purl first, then private properties.

What decides whether a vulnerability matches (source package, epoch, modularity, distribution) is
said by every maker of SBOMs in properties of its own; without them most findings are lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from secure.errors import DocumentError
from secure.facts.files import OsRelease
from secure.facts.location import Location
from secure.facts.package import Package
from secure.facts.purl import Purl, parse_purl
from secure.facts.purl_types import usual_name


class Described(msgspec.Struct, frozen=True):
    """What a document says of one component; "" and () where it is silent."""

    name: str
    version: str = ""
    group: str = ""
    purl: str = ""
    cpe: str = ""
    supplier: str = ""
    homepage: str = ""
    licences: tuple[str, ...] = ()
    licences_found: tuple[str, ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    path: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    source_text: str = ""  # SPDX `sourceInfo`


# What makers call the same thing: ours, syft's, trivy's.
_ARCH = ("secure:arch", "syft:metadata:architecture")
_EPOCH = ("secure:epoch", "syft:metadata:epoch", "aquasecurity:trivy:Epoch")
_MODULARITY = (
    "secure:modularity", "syft:metadata:modularityLabel", "aquasecurity:trivy:Modularitylabel",
)  # fmt: skip
_SOURCE = (
    "secure:source:name", "syft:metadata:source", "syft:metadata:originPackage",
    "syft:metadata:basepackage", "aquasecurity:trivy:SrcName",
)  # fmt: skip
_SOURCE_VERSION = ("secure:source:version", "syft:metadata:sourceVersion")
_PATH = ("secure:location:path", "syft:location:0:path", "aquasecurity:trivy:FilePath")
_LAYER = ("secure:layer:diffID", "aquasecurity:trivy:LayerDiffID", "syft:location:0:layerID")
_FOUND_BY = ("secure:cataloger", "syft:package:foundBy")
# Qualifiers that become fields of their own.
_TAKEN = frozenset({"arch", "distro"})
_BUILT_FROM = re.compile(r"built package from: (\S+)(?: (\S+))?")
_SOURCE_RPM = re.compile(r"(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm")
_EPOCH_FIRST = re.compile(r"(\d{1,9}):(.+)", re.ASCII | re.DOTALL)
# Names of types in properties, for components without purl.
_TYPES = {
    "alpine": "apk", "debian": "deb", "ubuntu": "deb", "redhat": "rpm", "centos": "rpm",
    "rocky": "rpm", "alma": "rpm", "amazon": "rpm", "fedora": "rpm", "oracle": "rpm",
    "python": "pypi", "python-pkg": "pypi", "pip": "pypi", "node-pkg": "npm", "gobinary": "golang",
    "go-module": "golang", "jar": "maven", "java-archive": "maven", "gemspec": "gem",
    "rust-crate": "cargo", "rustbinary": "cargo", "binary": "generic", "php-composer": "composer",
    "dotnet": "nuget", "dotnet-core": "nuget", "conda-pkg": "conda",
}  # fmt: skip


def package_of(one: Described, layers: dict[str, int]) -> tuple[Package, str]:
    """The package, and what is wrong with its description ("" where nothing is).

    Args:
        layers: diff-id to index, of the image that the document is about.
    """
    told = {name: text for name, text in reversed(one.properties) if text}
    parts, wrong = _purl_of(one, told)
    name, namespace = _names(one, parts)
    version, epoch = _version(one, parts, _first(told, _EPOCH))
    source, source_version = _source(one, parts, told)
    path = one.path or _first(told, _PATH)
    base = told.get("secure:fromBase", "")
    package = Package(
        type=parts.type,
        name=name,
        version=version,
        location=Location(path.removeprefix("/"), *_layers(told, layers)),
        found_by=_first(told, _FOUND_BY) or "sbom",
        purl="" if wrong else one.purl,
        namespace=namespace,
        arch=parts.qualifiers.get("arch", "") or _first(told, _ARCH),
        source=source,
        source_version=source_version,
        licences=one.licences,
        maintainer=one.supplier,
        homepage=one.homepage or told.get("secure:homepage", ""),
        declared=told.get("secure:declared") == "true",
        epoch=epoch,
        modularity=_first(told, _MODULARITY) or parts.qualifiers.get("rpmmod", ""),
        essential=told.get("secure:essential") == "true",
        automatic=told.get("secure:automatic") == "true",
        licences_found=one.licences_found,
        hashes=tuple(sorted((*_hashes(one.hashes), *_go_hash(told)))),
        qualifiers=tuple(
            sorted(pair for pair in parts.qualifiers.items() if pair[0] not in _TAKEN)
        ),
        owner=told.get("secure:owner", ""),
        cpe=one.cpe,
        from_base=None if not base else base == "true",
        also_at=tuple(_further(told, layers)),
    )
    return package, wrong


def release_of(name: str, version: str, description: str, told: dict[str, str]) -> OsRelease:
    """A distribution, by its component and the private properties of that."""
    like = told.get("secure:os:idLike", "").split()
    like += [text for key, text in told.items() if key.startswith("syft:distro:idLike:")]
    return OsRelease(
        id=told.get("syft:distro:id", name),
        version_id=told.get("syft:distro:versionID", version),
        version_codename=_first(told, ("secure:os:codename", "syft:distro:versionCodename")),
        id_like=tuple(like),
        name=told.get("secure:os:name", ""),
        pretty_name=told.get("syft:distro:prettyName", description),
    )


def distribution_of(purls: list[str]) -> str:
    """The `distro` qualifier that most packages carry, "debian-12"; "" where none does."""
    counts: dict[str, int] = {}
    for text in purls:
        if "distro=" in text:
            found = text.partition("distro=")[2].partition("&")[0].partition("#")[0]
            counts[found] = counts.get(found, 0) + 1
    return max(sorted(counts), key=counts.__getitem__, default="")


def _purl_of(one: Described, told: dict[str, str]) -> tuple[Purl, str]:
    if one.purl:
        try:
            return parse_purl(one.purl, strict=False), ""
        except DocumentError as error:
            return _without_purl(one, told), error.what
    return _without_purl(one, told), ""


def _without_purl(one: Described, told: dict[str, str]) -> Purl:
    kind = told.get("syft:package:type") or told.get("aquasecurity:trivy:PkgType") or "generic"
    return Purl(_TYPES.get(kind.lower(), kind.lower()), one.name, one.version, one.group)


def _names(one: Described, parts: Purl) -> tuple[str, str]:
    """The name as the document spells it where only its letter case differs from the purl's."""
    same = usual_name(parts.type, one.name, parts.qualifiers) == parts.name
    return (one.name if same else parts.name), parts.namespace


def _version(one: Described, parts: Purl, told: str) -> tuple[str, str]:
    version = one.version or parts.version
    epoch = parts.qualifiers.get("epoch", "") or told
    if parts.type == "rpm" and (found := _EPOCH_FIRST.fullmatch(version)):
        epoch, version = epoch or found[1], found[2]
    return version, epoch


def _source(one: Described, parts: Purl, told: dict[str, str]) -> tuple[str, str]:
    """(name, version) of the source package, by the most exact of the ways to say it."""
    if name := _first(told, _SOURCE):
        return name, _first(told, _SOURCE_VERSION) or _trivy_version(told)
    if found := _SOURCE_RPM.fullmatch(told.get("syft:metadata:sourceRpm", "")):
        return found[1], found[2]
    upstream = parts.qualifiers.get("upstream", "")
    if found := _SOURCE_RPM.fullmatch(upstream):
        return found[1], found[2]
    if upstream:
        name, _, version = upstream.partition("@")
        return name, version
    if found := _BUILT_FROM.search(one.source_text):
        return found[1], found[2] or ""
    return "", ""


def _trivy_version(told: dict[str, str]) -> str:
    version = told.get("aquasecurity:trivy:SrcVersion", "")
    if release := told.get("aquasecurity:trivy:SrcRelease", ""):
        version += f"-{release}"
    epoch = told.get("aquasecurity:trivy:SrcEpoch", "")
    return f"{epoch}:{version}" if epoch not in {"", "0"} and version else version


def _layers(told: dict[str, str], layers: dict[str, int]) -> tuple[int, int | None]:
    """The layer that brought it, and the one that removed it.

    0 where it is not told: a document without layers describes one.
    """
    brought = _index(told.get("secure:layer:index", ""), layers)
    if brought is None:
        brought = layers.get(_first(told, _LAYER), 0)
    return brought, _index(told.get("secure:layer:deletedBy", ""), layers)


def _further(told: dict[str, str], layers: dict[str, int]) -> Iterator[Location]:
    number = 1
    while (path := told.get(f"secure:location:{number}:path")) is not None:
        layer = _index(told.get(f"secure:location:{number}:layer", ""), layers)
        yield Location(path.removeprefix("/"), layer or 0)
        number += 1


def _index(text: str, layers: dict[str, int]) -> int | None:
    if text.isascii() and text.isdecimal() and len(text) < 5 and int(text) < len(layers):
        return int(text)
    return None


def _hashes(pairs: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    for name, digits in pairs:
        yield _spelled(name), digits


def _go_hash(told: dict[str, str]) -> Iterator[tuple[str, str]]:
    if "secure:hash:h1" in told:
        yield "h1", told["secure:hash:h1"]


def _spelled(algorithm: str) -> str:
    """ "SHA-256", "SHA256" and "sha_256" are one."""
    return algorithm.lower().replace("-", "").replace("_", "")


def _first(told: dict[str, str], names: tuple[str, ...]) -> str:
    return next((told[name] for name in names if name in told), "")
