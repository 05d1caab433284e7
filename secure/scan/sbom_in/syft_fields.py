"""The fields of syft's JSON that are read; all others are passed over.

Source: github.com/anchore/syft, schema/json. Fields whose type changed between versions of the
schema are kept raw, and read as far as they have the shape of one of them.
"""

from __future__ import annotations

import msgspec

_NONE = msgspec.Raw(b"null")
GUESSED = "syft-generated"  # a dozen for each package, made from its name


class Licence(msgspec.Struct, frozen=True, rename="camel"):
    value: str = ""
    spdx_expression: str = ""
    type: str = "declared"


class Cpe(msgspec.Struct, frozen=True):
    cpe: str = ""
    source: str = GUESSED


class Place(msgspec.Struct, frozen=True):
    path: str = ""
    layer: str = msgspec.field(default="", name="layerID")
    annotations: dict[str, str] = {}


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """Of a distribution's package."""

    source: str = ""
    source_version: str = ""
    source_rpm: str = ""
    origin_package: str = ""
    basepackage: str = ""
    architecture: str = ""
    maintainer: str = ""
    vendor: str = ""
    url: str = ""
    epoch: int | None = None
    modularity_label: str | None = None


class Artifact(msgspec.Struct, frozen=True, rename="camel"):
    """A package."""

    id: str = ""
    name: str = ""
    version: str = ""
    type: str = ""
    found_by: str = ""
    locations: list[Place] = []
    licenses: list[Licence | str] | None = None
    cpes: list[Cpe | str] | None = None
    purl: str = ""
    metadata: msgspec.Raw = _NONE


class Relation(msgspec.Struct, frozen=True):
    parent: str = ""
    child: str = ""
    type: str = ""


class ImageLayer(msgspec.Struct, frozen=True):
    digest: str = ""


class ImageSource(msgspec.Struct, frozen=True, rename="camel"):
    """What was looked at; of a directory only the path."""

    user_input: str = ""
    image_id: str = msgspec.field(default="", name="imageID")
    manifest_digest: str = ""
    tags: list[str] | None = None
    layers: list[ImageLayer] | None = None
    labels: dict[str, str] | None = None
    architecture: str = ""
    os: str = ""
    path: str = ""


class Source(msgspec.Struct, frozen=True):
    name: str = ""
    metadata: msgspec.Raw = _NONE
    target: msgspec.Raw = _NONE  # until schema 9


class Distro(msgspec.Struct, frozen=True, rename="camel"):
    id: str = ""
    name: str = ""
    pretty_name: str = ""
    id_like: list[str] | str | None = None
    version: str = ""
    version_id: str = msgspec.field(default="", name="versionID")
    version_codename: str = ""


class Descriptor(msgspec.Struct, frozen=True):
    name: str = ""
    version: str = ""
    timestamp: str = ""


class Schema(msgspec.Struct, frozen=True):
    version: str = ""


class Document(msgspec.Struct, frozen=True, rename="camel"):
    """The document, as far as it is read."""

    artifacts: list[Artifact]
    artifact_relationships: list[Relation] = []
    source: Source = Source()
    distro: Distro = Distro()
    descriptor: Descriptor = Descriptor()
    schema: Schema = Schema()
