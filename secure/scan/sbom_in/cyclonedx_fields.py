"""The fields of a CycloneDX document that are read, 1.2 to 1.7; all others are passed over.

Source: cyclonedx.org, "bom-1.6.schema.json" and its neighbours.
"""

from __future__ import annotations

import msgspec


class NameValue(msgspec.Struct, frozen=True):
    name: str = ""
    value: str = ""


class Hash(msgspec.Struct, frozen=True):
    alg: str = ""
    content: str = ""


class Licence(msgspec.Struct, frozen=True):
    id: str = ""
    name: str = ""


class LicenceChoice(msgspec.Struct, frozen=True):
    license: Licence = Licence()
    expression: str = ""


class Contact(msgspec.Struct, frozen=True):
    name: str = ""
    email: str = ""


class Party(msgspec.Struct, frozen=True):
    """A person, an organisation, or a tool of the older forms."""

    name: str = ""
    vendor: str = ""
    version: str = ""
    email: str = ""
    url: list[str] = []
    contact: list[Contact] = []


class Reference(msgspec.Struct, frozen=True):
    type: str = ""
    url: str = ""


class Occurrence(msgspec.Struct, frozen=True):
    location: str = ""


class Evidence(msgspec.Struct, frozen=True):
    licenses: list[LicenceChoice] = []
    occurrences: list[Occurrence] = []


class Swid(msgspec.Struct, frozen=True, rename="camel"):
    tag_id: str = ""


class Item(msgspec.Struct, frozen=True, rename={"external_references": "externalReferences"}):
    """A component; it may have components inside."""

    type: str = ""
    ref: str = msgspec.field(default="", name="bom-ref")
    name: str = ""
    version: str = ""
    group: str = ""
    description: str = ""
    purl: str = ""
    cpe: str = ""
    swid: Swid | None = None
    publisher: str = ""
    supplier: Party = Party()
    hashes: list[Hash] = []
    licenses: list[LicenceChoice] = []
    external_references: list[Reference] = []
    properties: list[NameValue] = []
    evidence: Evidence = Evidence()
    components: list[Item] = []


class ToolComponents(msgspec.Struct, frozen=True):
    components: list[Party] = []
    services: list[Party] = []


class Lifecycle(msgspec.Struct, frozen=True):
    phase: str = ""
    name: str = ""


class Metadata(msgspec.Struct, frozen=True):
    timestamp: str = ""
    tools: list[Party] | ToolComponents = []
    authors: list[Party] = []
    manufacturer: Party = Party()
    manufacture: Party = Party()  # until 1.5
    supplier: Party = Party()
    lifecycles: list[Lifecycle] = []
    component: Item = Item()
    properties: list[NameValue] = []


class Dependency(msgspec.Struct, frozen=True, rename="camel"):
    ref: str
    depends_on: list[str] = []


class Composition(msgspec.Struct, frozen=True):
    aggregate: str = ""
    assemblies: list[str] = []
    dependencies: list[str] = []


class Document(msgspec.Struct, frozen=True, rename="camel"):
    """The document, as far as it is read."""

    spec_version: str = ""
    serial_number: str = ""
    metadata: Metadata = Metadata()
    components: list[Item] = []
    dependencies: list[Dependency] = []
    compositions: list[Composition] = []
    vulnerabilities: list[msgspec.Raw] = []
