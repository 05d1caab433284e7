"""Package URLs, written by the package-url specification (ECMA-427)."""

from __future__ import annotations

# What stays as it is: unreserved characters and the colon (ECMA-427, "Character encoding").
_KEPT = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_~:")
_TABLE = tuple(chr(byte) if byte in _KEPT else f"%{byte:02X}" for byte in range(256))

# Types whose names are case-insensitive and so written in lower case.
_LOWER_NAME = frozenset({"deb", "apk", "pypi", "oci"})


def purl(
    kind: str,
    name: str,
    version: str,
    *,
    namespace: str = "",
    qualifiers: dict[str, str] | None = None,
) -> str:
    """`pkg:kind/namespace/name@version?qualifiers`; empty qualifiers are left out.

    Args:
        kind: the purl type, already lower case.
        namespace: one segment, or several with slashes between them.
    """
    if kind in _LOWER_NAME:
        name, namespace = name.lower(), namespace.lower()
    if kind == "pypi":
        name = name.replace("_", "-")
    path = [part for part in namespace.split("/") if part]
    text = "pkg:" + "/".join([kind, *map(encoded, path), encoded(name)])
    if version:
        text += "@" + encoded(version)
    pairs = sorted((key, item) for key, item in (qualifiers or {}).items() if item)
    return text + ("?" + "&".join(f"{key}={encoded(item)}" for key, item in pairs) if pairs else "")


def encoded(part: str) -> str:
    """One component of a package URL, percent-encoded where it must be."""
    # Text of hostile images may hold lone surrogates: they must not stop the report.
    return "".join([_TABLE[byte] for byte in part.encode("utf-8", "backslashreplace")])
