"""`secure sbom`: the software bill of materials, CycloneDX 1.6 JSON."""

from __future__ import annotations

from secure.cli import scan


def main(argv: list[str]) -> int:
    """`secure scan --format cyclonedx`, under the name people look for."""
    if "--help" in argv or "-h" in argv:
        return scan.main(argv)
    return scan.main(["--format", "cyclonedx", *argv])
