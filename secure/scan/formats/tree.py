"""Documents of strangers as plain trees: mappings, lists and words, and nothing else is promised.

A reader asks for the shape it needs and gets an empty one where the document has another; what it
then misses (a name, a version) it reports. All bounds are on the decoder's side.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import msgspec

from secure.errors import DocumentError, LimitExceededError
from secure.oci.limits import MIB

# A tree takes up to 20 bytes for each byte of text, and a worker has 80 MiB for all it does.
MAX_BYTES = 16 * MIB
_TOML_BYTES = 4 * MIB  # tomllib is written in Python: 1 MB/s
# tomllib takes square time for a.b.c.…: 4 MiB of it are twenty minutes.
_LONG_KEY = re.compile(r"""(?<![\w.-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){64}""")
_TRAILING = re.compile(rb",(?=\s*+[}\]])")
_LONGEST_VERSION = 256  # characters; git's longest description of a commit stays below


def json_tree(content: bytes) -> object:
    """The value of a JSON text.

    Raises:
        DocumentError: no JSON, or nested too deep.
        LimitExceededError: over `MAX_BYTES`.
    """
    _bounded(content, MAX_BYTES)
    try:
        return msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as cause:
        raise DocumentError(f"is no JSON: {shown(cause)}") from cause


def loose_json_tree(content: bytes) -> object:
    """The value of a JSON text whose mappings and lists may end with a comma, as JavaScript allows.

    For lock files: no name, version or digest has such a comma, so texts are not told apart.

    Raises:
        DocumentError, LimitExceededError: as `json_tree`.
    """
    # Not `sub`: it keeps a list of all pieces, 250 bytes for each comma.
    plain, start = bytearray(), 0
    for comma in _TRAILING.finditer(content):
        plain += content[start : comma.start()]
        start = comma.end()
    return json_tree(bytes(plain + content[start:]))


def toml_tree(content: bytes) -> dict[str, object]:
    """The table of a TOML text.

    Raises:
        DocumentError: no TOML, or nested too deep.
        LimitExceededError: over 4 MiB.
    """
    _bounded(content, _TOML_BYTES)
    try:
        text = content.removeprefix(b"\xef\xbb\xbf").decode()
        if _LONG_KEY.search(text):
            raise DocumentError("has a TOML key of more than 64 parts")
        return tomllib.loads(text)
    except (ValueError, RecursionError) as cause:  # both its error and Unicode's are ValueErrors
        raise DocumentError(f"is no TOML: {shown(cause)}") from cause


def mapping(value: object) -> dict[str, object]:
    """`value` if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[object]:
    """`value` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def mappings(value: object) -> Iterator[dict[str, object]]:
    """The mappings among the items of a list."""
    return (item for item in listed(value) if isinstance(item, dict))


def word(value: object) -> str:
    """`value` without blanks around it if it is text, else ""."""
    return value.strip() if isinstance(value, str) else ""


def words_in(raw: str) -> list[str]:
    """The words of a list whose commas, quotes and blanks do not matter."""
    return re.findall(r"[\w.@+-]+", raw)


def named(name: str, version: str) -> bool:
    """Whether these can be a package's name and version: there, in one line, not absurdly long."""
    return (
        0 < len(name) <= 4 * _LONGEST_VERSION
        and 0 < len(version) <= _LONGEST_VERSION
        and name.isprintable()
        and version.isprintable()
    )


def shown(cause: BaseException) -> str:
    """A decoder's message: short, and without control characters of its input."""
    if isinstance(cause, RecursionError):
        return "nested too deep"
    return "".join(char if char.isprintable() else "?" for char in str(cause))[:200]


def _bounded(content: bytes, most: int) -> None:
    if len(content) > most:
        raise LimitExceededError("document bytes", f"{len(content)} bytes", f"{most} bytes")
