"""Which distribution an image is. Source: os-release(5); what is older is in `release_files`."""

from __future__ import annotations

from secure.facts.files import OsRelease
from secure.facts.location import text
from secure.scan.release_files import PARSERS

# The order of os-release(5), then the older files. Fedora's file is a link into os.release.d.
CANDIDATES = (b"etc/os-release", b"usr/lib/os-release", *PARSERS)
VARIANTS_DIRECTORY = b"usr/lib/os.release.d"
MAX_BYTES = 64 * 1024

_QUOTES = ("'", '"')
_ESCAPED = frozenset('"$`\\')


def parse_release(name: bytes, content: bytes) -> OsRelease:
    """What the file `name` says, one of `CANDIDATES` or a variant of os-release."""
    return PARSERS.get(name, parse_os_release)(content)


def parse_os_release(content: bytes) -> OsRelease:
    """The identifying fields; what is missing stays empty, as os-release(5) allows."""
    found: dict[str, str] = {}
    for line in text(content).splitlines():
        key, equals, raw = line.strip().partition("=")
        if equals and not key.startswith("#"):
            # As a shell that sources the file: the last assignment counts.
            found[key] = _unquoted(raw)
    return OsRelease(
        id=found.get("ID", "").lower(),
        version_id=found.get("VERSION_ID", ""),
        version_codename=found.get("VERSION_CODENAME", ""),
        id_like=tuple(found.get("ID_LIKE", "").lower().split()),
        name=found.get("NAME", ""),
        pretty_name=found.get("PRETTY_NAME", ""),
    )


def _unquoted(raw: str) -> str:
    """A shell word: single quotes keep all, double quotes allow a few escapes."""
    quote = raw[:1]
    if quote not in _QUOTES:
        return raw.split(" ", 1)[0] if raw else ""
    inside = raw[1 : end if (end := raw.rfind(quote)) > 0 else len(raw)]
    if quote == "'":
        return inside
    characters = iter(inside)
    kept: list[str] = []
    for character in characters:
        if character == "\\":
            following = next(characters, "")
            kept.append(following if following in _ESCAPED else "\\" + following)
        else:
            kept.append(character)
    return "".join(kept)
