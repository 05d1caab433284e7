"""An SBOM as an in-toto Statement: what it is about by digest, and the document as it is.

Source: github.com/in-toto/attestation, spec/v1/statement.md, spec/predicates/{cyclonedx,spdx}.md.
"""

from __future__ import annotations

import msgspec

from secure.errors import UnsupportedError
from secure.facts.image import ImageFacts
from secure.report.json_bytes import visible

TYPE = "https://in-toto.io/Statement/v1"
CYCLONEDX = "https://cyclonedx.org/bom"
SPDX = "https://spdx.dev/Document"


def statement(facts: ImageFacts, document: bytes, predicate_type: str) -> bytes:
    """The statement, one line, ending in a newline; signing it is another program's work.

    Args:
        document: JSON; its bytes become the predicate as they are.
        predicate_type: `CYCLONEDX` or `SPDX`.

    Raises:
        UnsupportedError: the image has no manifest, so nothing that others know it by.
    """
    if not facts.digest or facts.digest == facts.config_digest:
        raise UnsupportedError(
            f'"{facts.reference}" has no manifest digest, and a statement is about one',
            do="Give an OCI layout or archive: skopeo copy … oci-archive:FILE",
        )
    algorithm, _, digits = facts.digest.partition(":")
    name = facts.pulled_from or (facts.repo_tags[0] if facts.repo_tags else "image")
    made = {
        "_type": TYPE,
        "subject": [{"name": name, "digest": {algorithm: digits}}],
        "predicateType": predicate_type,
        "predicate": msgspec.Raw(document.strip()),
    }
    return visible(msgspec.json.encode(made)) + b"\n"
