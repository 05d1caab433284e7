"""Which element of which standard is missing where in an SBOM, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from secure.facts.bom import Bom
from secure.facts.plain import plain
from secure.report.json_bytes import indented
from secure.report.sbom_elements import COMPONENT, DOCUMENT, STANDARDS

SCHEMA = "https://secure-runtime.dev/schema/sbom-quality/1"
_NAMED = 3  # components in the table; JSON names all


class Found(msgspec.Struct, frozen=True):
    """One element: `has` of `of` places have it; those that lack it by name."""

    element: str
    title: str
    standards: tuple[str, ...]
    has: int
    of: int
    missing: tuple[str, ...] = ()


class Quality(msgspec.Struct, frozen=True):
    """All elements of a document, in a fixed order."""

    form: str
    components: int
    elements: tuple[Found, ...]

    def meets(self, standard: str) -> bool:
        """Nothing that `standard` asks for is missing anywhere."""
        return all(one.has == one.of for one in self.elements if standard in one.standards)


def quality_of(bom: Bom) -> Quality:
    """Ask `bom` for every element."""
    found = []
    for element in DOCUMENT:
        has = int(element.there(bom))
        missing = () if has else ("the document",)
        found.append(Found(element.name, element.title, element.standards, has, 1, missing))
    for one in COMPONENT:
        lacking = tuple(_named(bom, number) for number, component in enumerate(bom.components)
                        if not one.there(component))  # fmt: skip
        count = len(bom.components)
        has = count - len(lacking)
        found.append(Found(one.name, one.title, one.standards, has, count, lacking))
    return Quality(bom.form, len(bom.components), tuple(found))


def quality_json(quality: Quality) -> bytes:
    """The document, ending in a newline."""
    meets = {standard: quality.meets(standard) for standard in STANDARDS}
    document = {"schema": SCHEMA, "meets": meets, **msgspec.to_builtins(quality)}
    return indented(document, 1)


def quality_table(quality: Quality) -> str:
    """Plain text that ends with a newline."""
    return "\n".join(_lines(quality)) + "\n"


def _lines(quality: Quality) -> Iterator[str]:
    yield f"{plain(quality.form)}, {quality.components} components"
    yield ""
    for one in quality.elements:
        mark = "yes" if one.has == one.of else "no " if not one.has else "   "
        wanted = ",".join(one.standards)
        yield f"{mark}  {one.has:>6} of {one.of:<6} {wanted:<14} {one.element:<18} {one.title}"
        if one.missing and one.of > 1:
            # Without qualifiers: three whole package URLs are four lines of a terminal.
            names = ", ".join(plain(name.partition("?")[0]) for name in one.missing[:_NAMED])
            more = len(one.missing) - _NAMED
            yield f"{'':<35}missing in {names}" + (f" and {more} more" if more > 0 else "")
    yield ""
    for standard in STANDARDS:
        yield f"{standard}: {'all there' if quality.meets(standard) else 'something is missing'}"


def _named(bom: Bom, number: int) -> str:
    package = bom.components[number].package
    return package.purl or f"{package.name} {package.version}".strip() or f"component {number}"
