"""syft's own JSON, of schema 3 and later: its artifacts, relationships and heads to what they say.

Source: github.com/anchore/syft, schema/json.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from secure.errors import LimitExceededError
from secure.facts.bom import Bom, Component, Subject
from secure.facts.files import OsRelease
from secure.facts.image import Unreadable
from secure.oci.limits import Limits
from secure.scan.sbom_in.described import Described, package_of
from secure.scan.sbom_in.syft_fields import (
    GUESSED,
    Artifact,
    Cpe,
    Distro,
    Document,
    ImageSource,
    Licence,
    Metadata,
    Source,
)

_T = TypeVar("_T", bound=msgspec.Struct)

# Metadata of these say what matching needs; that of others has fields of the same names.
_SYSTEM = frozenset({"deb", "apk", "rpm", "alpm", "portage"})


def bom_of(document: Document, limits: Limits) -> Bom:
    """What the document says; it has no word on its completeness.

    Raises:
        LimitExceededError: more artifacts than a document may have.
    """
    if len(document.artifacts) > limits.sbom_components:
        bound = f"{limits.sbom_components} components"
        raise LimitExceededError("sbom_components", "the SBOM", bound)
    subject, diff_ids = _subject(document.source)
    layers = {text: index for index, text in enumerate(diff_ids)}
    needs, owners = _graph(document)
    components, wrong, seen = [], [], set()
    for item in document.artifacts:
        if item.id in seen:
            wrong.append(f'the id "{item.id[:200]}" is given twice')
        seen.add(item.id)
        component, fault = _component(item, needs, owners, layers)
        components.append(component)
        wrong += [fault] if fault else []
    lost = sorted({ref for found in needs.values() for ref in found} - seen)
    wrong += [f'a relationship leads to "{ref[:200]}", which is not there' for ref in lost[:100]]
    tool = document.descriptor
    return Bom(
        form=f"syft JSON {document.schema.version}",
        identity="",
        created=tool.timestamp,
        authors=(),
        tools=(f"{tool.name} {tool.version}".strip(),) if tool.name else (),
        context="",
        subject=subject,
        components=tuple(components),
        os_release=_os_release(document.distro),
        unreadable=tuple(Unreadable("", 0, why) for why in wrong),
        complete=None,
    )


def _graph(document: Document) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """What each artifact needs, and the purl of the package that brought its files."""
    purls = {one.id: one.purl for one in document.artifacts}
    needs: dict[str, list[str]] = {}
    owners: dict[str, str] = {}
    for one in document.artifact_relationships:
        if one.type == "dependency-of":
            needs.setdefault(one.child, []).append(one.parent)
        elif one.type == "ownership-by-file-overlap":
            owners.setdefault(one.child, purls.get(one.parent, ""))
    return {ref: tuple(found) for ref, found in needs.items()}, owners


def _component(
    item: Artifact,
    needs: dict[str, tuple[str, ...]],
    owners: dict[str, str],
    layers: dict[str, int],
) -> tuple[Component, str]:
    kind = item.purl.partition(":")[2].partition("/")[0]
    told = _as(item.metadata, Metadata()) if kind in _SYSTEM else Metadata()
    cpes = [Cpe(one) if isinstance(one, str) else one for one in item.cpes or []]
    cpe = next((one.cpe for one in cpes if one.source != GUESSED), "")
    properties = tuple((name, text) for name, text in _properties(item, told, layers) if text)
    if owner := owners.get(item.id):
        properties += (("secure:owner", owner),)
    package, fault = package_of(
        Described(
            name=item.name,
            version=item.version,
            purl=item.purl,
            cpe=cpe,
            supplier=told.maintainer or told.vendor,
            homepage=told.url,
            licences=tuple(_licences(item, found=False)),
            licences_found=tuple(_licences(item, found=True)),
            properties=properties,
        ),
        layers,
    )
    found = tuple(text for text in (item.purl, *(one.cpe for one in cpes)) if text)
    return Component(item.id, package, needs.get(item.id), found, properties), fault


def _licences(item: Artifact, *, found: bool) -> Iterator[str]:
    for one in item.licenses or []:
        licence = Licence(one) if isinstance(one, str) else one
        if (licence.type == "concluded") == found:
            yield licence.value or licence.spdx_expression


def _properties(
    item: Artifact, told: Metadata, layers: dict[str, int]
) -> Iterator[tuple[str, str]]:
    """What the artifact says, by the names that syft gives it in other forms."""
    yield "syft:package:foundBy", item.found_by
    yield "syft:package:type", item.type
    yield "syft:metadata:source", told.source
    yield "syft:metadata:sourceVersion", told.source_version
    yield "syft:metadata:sourceRpm", told.source_rpm
    yield "syft:metadata:originPackage", told.origin_package
    yield "syft:metadata:basepackage", told.basepackage
    yield "syft:metadata:architecture", told.architecture
    yield "syft:metadata:epoch", "" if told.epoch is None else str(told.epoch)
    yield "syft:metadata:modularityLabel", told.modularity_label or ""
    places = sorted(item.locations, key=lambda one: one.annotations.get("evidence") != "primary")
    for place in places[:1]:
        yield "syft:location:0:path", place.path
        yield "syft:location:0:layerID", place.layer
    for number, place in enumerate(places[1:], start=1):
        yield f"secure:location:{number}:path", place.path
        yield f"secure:location:{number}:layer", str(layers.get(place.layer, 0))


def _subject(source: Source) -> tuple[Subject, list[str]]:
    """What the document is about, and the diff-ids of its layers."""
    image = _as(source.metadata, ImageSource())
    if image == ImageSource():
        image = _as(source.target, ImageSource())
    diff_ids = [one.digest for one in image.layers or []]
    pairs = [
        ("secure:image:configDigest", image.image_id),
        ("secure:image:os", image.os),
        ("secure:image:architecture", image.architecture),
        *(("secure:image:repoTag", tag) for tag in image.tags or []),
        *(("secure:image:label:" + key, text) for key, text in (image.labels or {}).items()),
        *(("secure:layer:diffID", text) for text in diff_ids),
    ]
    name = source.name or image.user_input or image.path
    told = tuple(pair for pair in pairs if pair[1])
    return Subject(name, image.manifest_digest, told), diff_ids


def _os_release(distro: Distro) -> OsRelease | None:
    if distro == Distro():
        return None
    like = distro.id_like or []
    return OsRelease(
        id=distro.id or distro.name,
        version_id=distro.version_id or distro.version,
        version_codename=distro.version_codename,
        id_like=tuple(like.split() if isinstance(like, str) else like),
        name=distro.name,
        pretty_name=distro.pretty_name,
    )


def _as(raw: msgspec.Raw, shape: _T) -> _T:
    """`raw` if it has the shape, else `shape`, which is empty."""
    try:
        return msgspec.json.decode(raw, type=type(shape))
    except msgspec.MsgspecError:
        return shape
