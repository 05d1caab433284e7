"""What the advisories call the vulnerabilities of an image: for reports that others keep."""

from __future__ import annotations

import msgspec

from secure.errors import SecureError
from secure.facts.plain import plain
from secure.flows.current_database import the_database

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.image import ImageFacts
    from secure.facts.vulnerability import Vulnerability
    from secure.vulns.database import Database


def described(facts: ImageFacts) -> ImageFacts:
    """The facts with the summary of each vulnerability; matching reads none, to be fast.

    Without a database that can be used there are no vulnerabilities to describe.
    """
    if not facts.vulnerabilities:
        return facts
    try:
        database = the_database()
    except SecureError:
        return facts  # it was there a moment ago; what was found stands without the prose
    with database:
        found = tuple(_described(one, database) for one in facts.vulnerabilities)
    return msgspec.structs.replace(facts, vulnerabilities=found)


def _described(one: Vulnerability, database: Database) -> Vulnerability:
    """By the advisories that matched first: one of the CVE's may be about another package."""
    for name in dict.fromkeys((*(match.advisory for match in one.matches), one.id)):
        for number in database.by_id(name):
            if summary := database.description(number).summary:
                return msgspec.structs.replace(one, summary=plain(summary))
    return one
