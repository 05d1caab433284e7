"""Package URLs, written and read by the package-url specification (ECMA-427)."""

from __future__ import annotations

import re

import msgspec

from secure.errors import DocumentError
from secure.facts.purl_types import (
    LOWER_NAMESPACE,
    LOWER_VERSION,
    NAMESPACE_PROHIBITED,
    NAMESPACE_REQUIRED,
    QUALIFIER_REQUIRED,
    form_fault,
    usual_name,
)

# What stays as it is: unreserved characters and the colon (ECMA-427, "Character encoding").
_KEPT = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_~:")
_TABLE = tuple(chr(byte) if byte in _KEPT else f"%{byte:02X}" for byte in range(256))
_PLAIN = re.compile(r"[A-Za-z0-9._~:-]*", re.ASCII)
_TYPE = re.compile(r"[a-z][a-z0-9.-]*", re.ASCII)
_KEY = re.compile(r"[a-z][a-z0-9._-]*", re.ASCII)
_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_LONGEST = 16_384  # characters; real ones stay below 1,000


class Purl(msgspec.Struct, frozen=True):
    """The parts of a package URL, decoded; "" and {} where absent."""

    type: str
    name: str
    version: str = ""
    namespace: str = ""
    qualifiers: dict[str, str] = {}
    subpath: str = ""


def purl(
    kind: str,
    name: str,
    version: str,
    *,
    namespace: str = "",
    qualifiers: dict[str, str] | None = None,
    subpath: str = "",
) -> str:
    """`pkg:kind/namespace/name@version?qualifiers#subpath`; empty qualifiers are left out.

    Never fails: what an image names is described, whether it obeys its type's rules or not.

    Args:
        kind: the purl type, already lower case.
        namespace: one segment, or several with slashes between them.
    """
    given = {key.lower(): item for key, item in (qualifiers or {}).items() if item}
    name = usual_name(kind, name, given)
    if kind in LOWER_NAMESPACE:
        namespace = namespace.lower()
    if kind in LOWER_VERSION:
        version = version.lower()
    # Only of a git repository the name is a path: the namespace is the host.
    names = name.split("/") if kind == "git" else [name]
    path = [*_segments(namespace), *names]
    text = "pkg:" + "/".join([kind, *map(encoded, path)])
    if version:
        text += "@" + encoded(version)
    if given:
        text += "?" + "&".join(f"{key}={encoded(item)}" for key, item in sorted(given.items()))
    inner = [part for part in _segments(subpath) if part not in {".", ".."}]
    return text + ("#" + "/".join(map(encoded, inner)) if inner else "")


def encoded(part: str) -> str:
    """One component of a package URL, percent-encoded where it must be."""
    if _PLAIN.fullmatch(part):
        return part
    # Text of hostile images may hold lone surrogates: they must not stop the report.
    return "".join([_TABLE[byte] for byte in part.encode("utf-8", "backslashreplace")])


def parse_purl(text: str, *, strict: bool = True) -> Purl:
    """The parts of `text`, spelled as its type spells them.

    Args:
        strict: whether the rules of its type count too. An rpm without vendor is known by its name
            all the same, and databases without os-release give nothing better.

    Raises:
        DocumentError: it is no package URL, or breaks the rules of its type.
    """
    if len(text) > _LONGEST:
        raise DocumentError(f"a package URL of {len(text)} characters")
    rest, _, subpath = text.strip().partition("#")
    rest, _, query = rest.partition("?")
    scheme, colon, rest = rest.partition(":")
    kind, slash, rest = rest.lstrip("/").partition("/")
    if scheme.lower() != "pkg" or not colon or not slash:
        raise DocumentError(f'"{text[:200]}" is no package URL')
    parts = _parts(kind.lower(), rest.strip("/"), _qualifiers(query), subpath)
    if wrong := fault(parts) if strict else _fault_of_form(parts):
        raise DocumentError(f'"{text[:200]}" is no package URL: {wrong}')
    return parts


def fault(parts: Purl) -> str:
    """The first rule that `parts` break, in words; "" where they are a package URL."""
    found = _fault_of_form(parts) or _fault_of_type(parts)
    return found or form_fault(parts.type, parts.name, parts.version)


def _fault_of_form(parts: Purl) -> str:
    if not _TYPE.fullmatch(parts.type):
        return f'the type "{parts.type[:80]}" is not made of letters, digits, "." and "-"'
    if not parts.name:
        return "it has no name"
    if bad := [key for key in parts.qualifiers if not _KEY.fullmatch(key)]:
        return f'"{bad[0][:80]}" is no qualifier'
    return ""


def _fault_of_type(parts: Purl) -> str:
    kind = parts.type
    if kind in NAMESPACE_REQUIRED and not parts.namespace:
        return f"type {kind} needs a namespace"
    if kind in NAMESPACE_PROHIBITED and parts.namespace:
        return f"type {kind} has no namespace"
    needed = QUALIFIER_REQUIRED.get(kind)
    if needed and not parts.qualifiers.get(needed):
        return f'type {kind} needs the qualifier "{needed}"'
    return ""


def _parts(kind: str, path: str, qualifiers: dict[str, str], subpath: str) -> Purl:
    at = path.rfind("@")
    # npm scopes begin with one, and not everyone encodes it: "pkg:npm/@scope/name".
    if at < 0 or ("/" in path[at:] and path[at - 1 : at] in {"", "/"}):
        at = len(path)
    version = unquote(path[at + 1 :])
    segments = [unquote(part) for part in _segments(path[:at])]
    if path[:at].endswith("/"):
        segments.append("")  # "github.com/owner/@1": the name is missing
    split = 1 if kind == "git" else max(len(segments) - 1, 0)
    namespace = "/".join(segments[:split])
    inner = [unquote(part) for part in _segments(subpath)]
    return Purl(
        type=kind,
        name=usual_name(kind, "/".join(segments[split:]), qualifiers),
        version=version.lower() if kind in LOWER_VERSION else version,
        namespace=namespace.lower() if kind in LOWER_NAMESPACE else namespace,
        qualifiers=qualifiers,
        subpath="/".join(part for part in inner if part not in {"", ".", ".."}),
    )


def unquote(text: str) -> str:
    """`text` with its percent-encoded UTF-8 decoded, like urllib's, whose import takes 3 ms."""
    return _ESCAPED.sub(
        lambda found: bytes.fromhex(found[0].replace("%", "")).decode("utf-8", "replace"), text
    )


def _qualifiers(query: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return {key.lower(): unquote(item) for key, _, item in pairs if item}


def _segments(path: str) -> list[str]:
    return [part for part in path.split("/") if part]
