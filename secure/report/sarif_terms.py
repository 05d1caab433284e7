"""What every SARIF document of ours says alike: its frame, severities, where an image is.

Source: SARIF v2.1.0 (OASIS, 2020), sections named below.
"""

from __future__ import annotations

import json
from urllib.parse import quote

from secure import __version__

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_SPECIAL = str.maketrans({"\\": "\\\\", "[": "\\[", "]": "\\]"})
# GitHub sorts by this number: over 9.0 critical, 7.0 high, 4.0 medium, below low.
SECURITY_SEVERITY = {
    "critical": "9.5",
    "high": "8.0",
    "medium": "5.5",
    "low": "3.0",
    "info": "0.0",
}


def sarif_document(
    category: str,
    reference: str,
    *,
    rules: list[dict[str, object]],
    results: list[dict[str, object]],
    invocation: dict[str, object],
    properties: dict[str, object],
) -> str:
    """One run on one image as a document; JSON that ends with a newline.

    Args:
        category: viewers keep runs on one image apart by it.
        reference: of the image, as the user named it: the artifact that the results point at.
    """
    run = {
        "tool": {
            "driver": {"name": "secure", "semanticVersion": __version__, "rules": rules},
        },
        "automationDetails": {"id": f"secure/{category}/{image_uri(reference)}"},  # 3.17.3
        "artifacts": [{"location": {"uri": image_uri(reference)}}],
        "invocations": [invocation],
        "results": results,
        "properties": properties,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def message(words: str) -> dict[str, str]:
    """3.11.6: brackets would be read as links; an image may name its packages as it likes."""
    return {"text": words.translate(_SPECIAL)}


def image_uri(reference: str) -> str:
    """A reference as a relative URI: an image has no file in the repository.

    Colons are escaped, or "app:1" would be read as the scheme "app".
    """
    return quote(reference.lstrip("/"), safe="/@._-", errors="backslashreplace") or "image"


def image_place(reference: str) -> dict[str, object]:
    """3.29: a location in the image; viewers drop results that have none."""
    return {
        "artifactLocation": {"uri": image_uri(reference), "index": 0},
        "region": {"startLine": 1},  # GitHub wants a region even where no line exists
    }
