"""The main section of META-INF/MANIFEST.MF.

Source: JAR File Specification, "JAR Manifest": "Name: value" lines of at most 72 bytes; a line that
begins with a blank continues the one before; the main section ends at the first empty line.
"""

from __future__ import annotations


def parse_manifest(content: bytes) -> dict[str, str]:
    """Names in lower case (they are not case-sensitive); the first of two equal names counts."""
    found: dict[str, bytes] = {}
    current = ""
    pieces: list[bytes] = []
    for line in (*content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"), b""):
        if line[:1] == b" ":
            pieces.append(line[1:])
            continue
        if current:
            found.setdefault(current, b"".join(pieces))
        if not line:
            break
        name, _, value = line.partition(b":")
        current, pieces = name.strip().lower().decode("latin-1"), [value.strip()]
    return {name: value.decode("utf-8", "replace").strip() for name, value in found.items()}
