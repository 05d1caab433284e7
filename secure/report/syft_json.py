"""JSON in syft's own form, for the tools that read nothing else (grype and what is built on it).

Source: github.com/anchore/syft, schema/json/schema-16.1.10.json. What a matcher needs is there:
source package, epoch and modularity as package metadata, and the distribution. The author of the
document and what could not be read have no place in this form.
"""

from __future__ import annotations

import hashlib

from secure.facts.image import ImageFacts
from secure.facts.location import Location
from secure.facts.package import Package
from secure.report.bill import TOOL, Author, Bill, bill_of
from secure.report.json_bytes import indented
from secure.report.sbom_values import is_cpe
from secure.report.spdx_licences import spdx_expression

Json = dict[str, object]

_SCHEMA = "16.1.10"
# purl type -> (syft's name of the type, language)
_TYPES = {
    "cargo": ("rust-crate", "rust"), "cocoapods": ("pod", "swift"),
    "composer": ("php-composer", "php"),
    "conan": ("conan", "c++"), "cran": ("R-package", "R"), "gem": ("gem", "ruby"),
    "generic": ("binary", ""), "github": ("github-action", ""), "golang": ("go-module", "go"),
    "hackage": ("hackage", "haskell"), "hex": ("hex", "erlang"), "luarocks": ("lua-rocks", "lua"),
    "maven": ("java-archive", "java"), "npm": ("npm", "javascript"), "nuget": ("dotnet", "dotnet"),
    "otp": ("erlang-otp", "erlang"), "pear": ("php-pear", "php"), "pub": ("dart-pub", "dart"),
    "pypi": ("python", "python"), "swift": ("swift", "swift"), "vcpkg": ("vcpkg", "c++"),
}  # fmt: skip


def render(facts: ImageFacts, *, timestamp: str, author: Author | None = None) -> bytes:
    """The SBOM of an image: the same facts give the same bytes."""
    made = document(bill_of(facts, timestamp, author))
    return indented(made, 1)


def document(bill: Bill) -> Json:
    """The document as JSON values."""
    facts = bill.facts
    diff_ids = {layer.index: layer.diff_id for layer in facts.layers}
    ids = {ref: _id(ref) for ref in bill.refs}
    return {
        "artifacts": [
            _artifact(package, ids[ref], diff_ids)
            for package, ref in zip(facts.packages, bill.refs, strict=True)
        ],
        "artifactRelationships": _relationships(bill, ids),
        "source": _source(bill),
        "distro": _distro(facts),
        "descriptor": {
            "name": TOOL,
            "version": facts.tool_version,
            "timestamp": bill.timestamp,
        },
        "schema": {
            "version": _SCHEMA,
            "url": "https://raw.githubusercontent.com/anchore/syft/main/schema/json/"
            f"schema-{_SCHEMA}.json",
        },
    }


def _artifact(package: Package, own_id: str, diff_ids: dict[int, str]) -> Json:
    kind, language = _TYPES.get(package.type, (package.type, ""))
    return {
        "id": own_id,
        "name": _full_name(package),
        "version": package.version,
        "type": kind,
        "foundBy": package.found_by,
        "locations": [
            _location(package.location, "primary", diff_ids),
            *(_location(place, "supporting", diff_ids) for place in package.also_at),
        ],
        "licenses": [
            *(_licence(name, "declared") for name in package.licences),
            *(_licence(name, "concluded") for name in package.licences_found),
        ],
        "language": language,
        "cpes": [{"cpe": package.cpe, "source": "declared"}] if is_cpe(package.cpe) else [],
        "purl": package.purl,
    } | _metadata(package)


def _location(place: Location, evidence: str, diff_ids: dict[int, str]) -> Json:
    path = "/" + place.path
    layer = diff_ids.get(place.layer)
    made: Json = {"path": path, "accessPath": path, "annotations": {"evidence": evidence}}
    return made | ({"layerID": layer} if layer else {})


def _full_name(package: Package) -> str:
    """npm scopes, vendors and module paths are part of the name there; a Java group is not."""
    if package.namespace and package.type in {"npm", "composer", "golang", "swift", "github"}:
        return f"{package.namespace}/{package.name}"
    return package.name


def _licence(name: str, kind: str) -> Json:
    return {
        "value": name,
        "spdxExpression": spdx_expression(name),
        "type": kind,
        "urls": [],
        "locations": [],
    }


def _metadata(package: Package) -> Json:
    """What matching needs of a distribution's package; sizes and files are not told, so empty."""
    match package.type:
        case "deb":
            return {
                "metadataType": "dpkg-db-entry",
                "metadata": {
                    "package": package.name,
                    "source": package.source,
                    "version": package.version,
                    "sourceVersion": package.source_version,
                    "architecture": package.arch,
                    "maintainer": package.maintainer,
                    "installedSize": 0,
                    "files": [],
                },
            }
        case "apk":
            return {"metadataType": "apk-db-entry", "metadata": _apk(package)}
        case "rpm":
            return {"metadataType": "rpm-db-entry", "metadata": _rpm(package)}
    return {}


def _apk(package: Package) -> Json:
    return {
        "package": package.name,
        "originPackage": package.source,
        "maintainer": package.maintainer,
        "version": package.version,
        "architecture": package.arch,
        "url": package.homepage,
        "description": "",
        "size": 0,
        "installedSize": 0,
        "pullDependencies": [],
        "provides": [],
        "pullChecksum": "",
        "gitCommitOfApkPort": "",
        "files": [],
    }


def _rpm(package: Package) -> Json:
    version, _, release = package.version.rpartition("-")
    source = f"{package.source}-{package.source_version or package.version}.src.rpm"
    made: Json = {
        "name": package.name,
        "version": version,
        "epoch": int(package.epoch) if package.epoch.isdecimal() else None,
        "architecture": package.arch,
        "release": release,
        "sourceRpm": source if package.source else "",
        "size": 0,
        "vendor": package.maintainer,
        "files": [],
    }
    return made | ({"modularityLabel": package.modularity} if package.modularity else {})


def _relationships(bill: Bill, ids: dict[str, str]) -> list[Json]:
    image = _id("image")
    made = [_relation(image, own, "contains") for own in ids.values()]
    for package, ref, needs in zip(bill.facts.packages, bill.refs, bill.needs, strict=True):
        made += [_relation(ids[need], ids[ref], "dependency-of") for need in needs]
        if package.owner in ids and package.owner != ref:
            made.append(_relation(ids[package.owner], ids[ref], "ownership-by-file-overlap"))
    return made


def _relation(parent: str, child: str, kind: str) -> Json:
    return {"parent": parent, "child": child, "type": kind}


def _source(bill: Bill) -> Json:
    facts = bill.facts
    return {
        "id": _id("image"),
        "name": bill.name,
        "version": facts.digest,
        "type": "image" if facts.layers else "directory",
        "metadata": {
            "userInput": bill.name,
            "imageID": facts.config_digest,
            "manifestDigest": facts.digest,
            "tags": list(facts.repo_tags),
            "imageSize": facts.uncompressed_bytes,
            "layers": [{"digest": layer.diff_id, "size": layer.size} for layer in facts.layers],
            "architecture": facts.config.architecture,
            "os": facts.config.os,
            "labels": dict(sorted(facts.config.labels.items())),
        },
    }


def _distro(facts: ImageFacts) -> Json:
    release = facts.os_release
    if release is None:
        return {}
    made: Json = {
        "prettyName": release.pretty_name,
        "name": release.name,
        "id": release.id,
        "idLike": list(release.id_like),
        "versionID": release.version_id,
        "versionCodename": release.version_codename,
    }
    return {key: value for key, value in made.items() if value}


def _id(ref: str) -> str:
    return hashlib.sha256(ref.encode("utf-8", "backslashreplace")).hexdigest()[:16]
