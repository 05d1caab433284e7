"""Python packages that a requirements file pins.

Source: pip documentation, "Requirements File Format"; PEP 508. Only "==", "===", the name of a
wheel and a commit tell a version; what has none beside others is told once for the file.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from secure.facts.location import text
from secure.facts.purl import unquote
from secure.oci.limits import MIB
from secure.scan.cataloger import PYTHON_PACKAGES, Cataloger, FileView
from secure.scan.formats.checked import Found, each_once
from secure.scan.formats.integrity import from_pairs
from secure.scan.formats.python_names import Locked, from_git, from_url
from secure.scan.formats.tree import shown

# Possessive throughout: linear on any line.
_NAME = r"([A-Za-z0-9][A-Za-z0-9._-]*+)\s*+(?:\[[^\]]*+\])?+\s*+"
_PIN = re.compile(_NAME + r"\(?+\s*+={2,3}+\s*+([\w.!+-]++)\s*+\)?+\s*+(?:[;\s-].*)?", re.DOTALL)
_AT = re.compile(_NAME + r"@\s*+(\S++)(?:\s.*)?", re.DOTALL)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_EGG = re.compile(r"(?:^|&)egg=([A-Za-z0-9][A-Za-z0-9._-]*+)")
_WHEEL = re.compile(r"([^-]++)-([^-]++)-.+\.whl")
_HASH = re.compile(r"--hash[=\s]\s*+(\w++:[0-9A-Fa-f]++)")
_COMMENT = re.compile(r"(?:^|\s)#.*", re.DOTALL)
_EDITABLE = re.compile(r"(?:-e|--editable)[=\s]\s*+")
_INCLUDED = re.compile(r"(?:-r|--requirement|-c|--constraint)[=\s]*+(\S++)")
_LOCAL = (".", "/", "file:")
_SHOWN = 5
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def parse_requirements(file: FileView) -> Found:
    loose: list[str] = []
    pinned = list(each_once(file, _pinned(file, loose)))
    yield from pinned
    # A file that pins nothing is no lock file: it asks for packages as a pyproject.toml does.
    if pinned and loose:
        some = ", ".join(f'"{shown(ValueError(line[:60]))}"' for line in loose[:_SHOWN])
        more = f" and {len(loose) - _SHOWN} more" if len(loose) > _SHOWN else ""
        yield file.unreadable(f"names no exact version of {some}{more}")


def _pinned(file: FileView, loose: list[str]) -> Found:
    """What the lines pin; those that pin nothing go into `loose`."""
    for line in _logical_lines(_decoded(file.content)):
        if (found := _requirement(line)) is not None:
            yield found.record(file, PIP_REQUIREMENTS.name)
        elif _matters(line):
            loose.append(line)


def _requirement(line: str) -> Locked | None:
    """What `line` pins; None where it pins nothing."""
    hashes = from_pairs(*_HASH.findall(line))
    if pin := _PIN.fullmatch(line):
        return Locked(pin[1], pin[2], hashes=hashes)
    at = _AT.fullmatch(line)
    address = at[2] if at else _EDITABLE.sub("", line, count=1).partition(" ")[0]
    place, _, fragment = address.partition("#")
    if place.startswith("git+"):
        egg = _EGG.search(fragment)
        name = at[1] if at else egg[1] if egg else ""
        repository, _, commit = place.rpartition("@")
        if not name or not _COMMIT.fullmatch(commit):
            return None
        return Locked(name, "", commit, origin=from_git(repository, commit))
    wheel = _WHEEL.fullmatch(place.rpartition("/")[2])
    if wheel is None or place.startswith(_LOCAL):
        return None
    return Locked(wheel[1], unquote(wheel[2]), hashes=hashes, origin=from_url(place))


def _matters(line: str) -> bool:
    """Whether a line asks for packages that are told nowhere else."""
    if included := _INCLUDED.match(line):
        return not (included[1].endswith(".txt") and "requirements" in included[1])
    # Options, and folders and archives of the project itself.
    return not _EDITABLE.sub("", line, count=1).startswith(("-", *_LOCAL))


def _decoded(content: bytes) -> str:
    """As pip decodes it: PowerShell writes UTF-16."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    return text(content)


def _logical_lines(content: str) -> Iterator[str]:
    """Without comments; a backslash at the end joins the next line."""
    pieces: list[str] = []
    for line in (*content.splitlines(), ""):
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            pieces.append(line[:-1])
            continue
        pieces.append(line if not line.lstrip().startswith("#") else "")
        if whole := _COMMENT.sub("", " ".join(pieces)).strip():
            yield whole
        pieces.clear()


PIP_REQUIREMENTS = Cataloger(
    name="pip-requirements",
    version=1,
    wants=("*/requirements*.txt", "*requirements.txt", "*/requirements/*.txt"),
    max_bytes=2 * MIB,
    parse=parse_requirements,
    database=False,
    outside=PYTHON_PACKAGES,
)
