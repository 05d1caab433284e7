"""What one cataloger says about one file."""

from __future__ import annotations

from secure.facts.image import Unreadable
from secure.facts.package import Package
from secure.scan.cataloger import Cataloger, FileView, Wanted
from secure.scan.catalogers import CATALOGERS
from secure.scan.layer_facts import Record


def catalogued(name: str, content: str | bytes) -> tuple[list[Package], list[str]]:
    """Packages, and the reasons for what could not be read, of a file that some cataloger wants."""
    view = FileView(name.encode(), content.encode() if isinstance(content, str) else content)
    found = list(wanting(name).parse(view))
    return (
        [item.package for item in found if isinstance(item, Record)],
        [item.why for item in found if isinstance(item, Unreadable)],
    )


def wanting(name: str) -> Cataloger:
    """The cataloger of a file."""
    cataloger = Wanted(CATALOGERS).cataloger(name.encode())
    assert cataloger is not None, f"nobody wants {name}"
    return cataloger


def told(packages: list[Package]) -> list[str]:
    """`type:namespace/name@version`, with "?" after what is only declared."""
    return [
        f"{p.type}:{p.namespace + '/' if p.namespace else ''}{p.name}@{p.version}"
        + ("?" if p.declared else "")
        for p in packages
    ]
