"""What every SARIF document of ours says alike: the schema, severities, where an image is.

Source: SARIF v2.1.0 (OASIS, 2020), sections named below.
"""

from __future__ import annotations

from urllib.parse import quote

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# GitHub sorts by this number: over 9.0 critical, 7.0 high, 4.0 medium, below low.
SECURITY_SEVERITY = {
    "critical": "9.5",
    "high": "8.0",
    "medium": "5.5",
    "low": "3.0",
    "info": "0.0",
}


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
