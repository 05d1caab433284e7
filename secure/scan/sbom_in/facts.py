"""What an SBOM says as the facts of the image it is about."""

from __future__ import annotations

import msgspec

from secure.facts.bom import Bom
from secure.facts.files import OsRelease
from secure.facts.image import ConfigFacts, ImageFacts, Unreadable
from secure.facts.location import Layer
from secure.facts.package import Package
from secure.scan.sbom_in.described import distribution_of

_LABEL = "secure:image:label:"


def image_facts(bom: Bom, reference: str, *, tool_version: str, now: str) -> ImageFacts:
    """Packages and distribution; files, secrets, accounts and history are in no SBOM.

    Digest, names and layers are the document's claims.
    """
    subject = bom.subject
    unreadable = bom.unreadable
    if bom.complete is False and not unreadable:
        unreadable = (Unreadable("", 0, "the document says that it is incomplete"),)
    if not bom.components and bom.complete is None:
        why = "the document lists no package, and does not say that there is none"
        unreadable = (*unreadable, Unreadable("", 0, why))
    diff_ids = subject.all("secure:layer:diffID") or ("",)
    packages = sorted(
        _packages(bom), key=lambda p: (p.type, p.name, p.version, p.location, p.arch, p.purl)
    )
    return ImageFacts(
        reference=reference,
        digest=subject.digest,
        config_digest=next(iter(subject.all("secure:image:configDigest")), ""),
        config=ConfigFacts(
            labels={
                name.removeprefix(_LABEL): text
                for name, text in subject.properties
                if name.startswith(_LABEL)
            },
            os=next(iter(subject.all("secure:image:os")), ""),
            architecture=next(iter(subject.all("secure:image:architecture")), ""),
        ),
        layers=tuple(Layer(index, text, "", 0) for index, text in enumerate(diff_ids)),
        packages=tuple(packages),
        files=(),
        secrets=(),
        accounts=(),
        os_release=bom.os_release or _distribution(bom),
        unreadable=unreadable,
        complete=not unreadable,
        entries=0,
        uncompressed_bytes=0,
        tool_version=tool_version,
        scanned_at=now,
        repo_tags=subject.all("secure:image:repoTag"),
    )


def _packages(bom: Bom) -> list[Package]:
    """The packages, each with the names of those of its type that it needs."""
    by_ref = {one.ref: one.package for one in bom.components}
    made = []
    for one in bom.components:
        needed = (by_ref[ref] for ref in one.needs or () if ref in by_ref)
        names = {other.full_name for other in needed if other.type == one.package.type}
        depends = tuple(sorted(names - {one.package.full_name}))
        made.append(msgspec.structs.replace(one.package, depends=depends))
    return made


def _distribution(bom: Bom) -> OsRelease | None:
    """From the packages' purls, where no component says it."""
    name, _, version = distribution_of([one.package.purl for one in bom.components]).partition("-")
    return OsRelease(id=name, version_id=version) if name else None
