"""SBOMs of images: written, rated and compared."""

from __future__ import annotations

from secure.errors import UsageError
from secure.flows.sbom_facts import PREFIX, document, facts_of, is_document
from secure.report.sbom_diff import Difference, differences
from secure.report.sbom_formats import FORMATS, Format, written
from secure.report.sbom_quality import Quality, quality_of
from secure.report.statement import statement
from secure.scan.sbom_in.read import read_bom

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.image import ImageFacts
    from secure.report.bill import Author


def sbom(facts: ImageFacts, form: Format, author: Author | None, attest: bool) -> bytes:
    """The SBOM in the form asked for; inside an in-toto statement if `attest`.

    Raises:
        UsageError: no predicate of in-toto holds this form.
    """
    made = written(facts, form, author)
    if not attest:
        return made
    if not form.predicate:
        known = ", ".join(one.name for one in FORMATS if one.predicate)
        raise UsageError(f"a statement cannot hold {form.name}", do=f"Use {known}.")
    return statement(facts, made, form.predicate)


def quality(reference: str, platform: str = "", author: Author | None = None) -> Quality:
    """What is missing in a document, or in the one that would be written of an image."""
    if is_document(reference):
        return quality_of(document(reference.removeprefix(PREFIX)))
    made = written(facts_of(reference, platform, secrets=False), FORMATS[0], author)
    return quality_of(read_bom(made, f'the SBOM of "{reference}"'))


def diff(before: str, after: str, platform: str = "") -> tuple[Difference, ...]:
    """What changed between two documents, or images, or one of each."""
    sides = []
    for reference in (before, after):
        plain = is_document(reference) and not reference.startswith(PREFIX)
        place = PREFIX + reference if plain else reference
        sides.append(facts_of(place, platform, secrets=False).packages)
    return differences(*sides)
