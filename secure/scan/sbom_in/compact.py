"""Our own compact JSON, see `secure.report.compact_json`."""

from __future__ import annotations

import msgspec

from secure.errors import LimitExceededError
from secure.facts.bom import Bom, Component, Subject
from secure.facts.files import OsRelease
from secure.facts.image import Unreadable
from secure.facts.package import Package
from secure.oci.limits import Limits

FORM = "secure-sbom-1"


class Party(msgspec.Struct, frozen=True):
    name: str
    version: str = ""
    email: str = ""
    url: str = ""


class Image(msgspec.Struct, frozen=True):
    reference: str
    digest: str
    config_digest: str
    os: str
    architecture: str
    repo_tags: list[str]
    labels: dict[str, str]
    layers: list[str]


class Document(msgspec.Struct, frozen=True):
    """The whole document."""

    serial: str
    created: str
    tool: Party
    author: Party | None
    complete: bool
    unreadable: tuple[Unreadable, ...]
    image: Image
    os_release: OsRelease | None
    packages: list[Package]


def bom_of(document: Document, limits: Limits) -> Bom:
    """What the document says.

    Raises:
        LimitExceededError: more packages than a document may have.
    """
    if len(document.packages) > limits.sbom_components:
        bound = f"{limits.sbom_components} components"
        raise LimitExceededError("sbom_components", "the SBOM", bound)
    author, tool, image = document.author, document.tool, document.image
    pairs = [
        ("secure:image:configDigest", image.config_digest),
        ("secure:image:os", image.os),
        ("secure:image:architecture", image.architecture),
        *(("secure:image:repoTag", tag) for tag in image.repo_tags),
        *(("secure:image:label:" + key, text) for key, text in image.labels.items()),
        *(("secure:layer:diffID", text) for text in image.layers),
    ]
    return Bom(
        form="secure compact JSON",
        identity=document.serial,
        created=document.created,
        authors=(" ".join(filter(None, (author.name, author.email, author.url))),)
        if author
        else (),
        tools=(f"{tool.name} {tool.version}",),
        context="post-build",
        subject=Subject(image.reference, image.digest, tuple(pairs)),
        components=_components(document.packages),
        os_release=document.os_release,
        unreadable=document.unreadable,
        complete=document.complete,
    )


def _components(packages: list[Package]) -> tuple[Component, ...]:
    refs = [f"{number}" for number in range(len(packages))]
    first: dict[tuple[str, str], str] = {}
    for package, ref in zip(packages, refs, strict=True):
        first.setdefault((package.type, package.full_name), ref)
    made = []
    for package, ref in zip(packages, refs, strict=True):
        keys = ((package.type, name) for name in package.depends)
        needs = tuple(first[key] for key in keys if key in first)
        told = (package.purl,) if package.purl else ()
        made.append(Component(ref, package, needs or None, told))
    return tuple(made)
