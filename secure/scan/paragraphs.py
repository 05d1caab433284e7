"""Records of fields, the form that dpkg, apk and Python metadata share."""

from __future__ import annotations

from collections.abc import Iterator


def paragraphs(content: bytes) -> Iterator[bytes]:
    """The blank-line separated records of a database, without the empty ones."""
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n")
    for block in content.split(b"\n\n"):
        if block.strip():
            yield block


def fields(paragraph: bytes, wanted: frozenset[bytes]) -> dict[bytes, bytes]:
    """The `wanted` fields of "Name: value" lines; names in lower case.

    A line that starts with a blank continues the field before it (deb822(5)). The first of two
    fields with one name counts, so that a field smuggled in later changes nothing.
    """
    found: dict[bytes, bytes] = {}
    current = b""
    for line in paragraph.split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            if current:
                found[current] += b"\n" + line.strip()
            continue
        raw, colon, rest = line.partition(b":")
        name = raw.strip().lower()
        current = name if colon and name in wanted and name not in found else b""
        if current:
            found[current] = rest.strip()
    return found
