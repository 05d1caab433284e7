"""Installed Python distributions: *.dist-info/METADATA, *.egg-info and *.egg/EGG-INFO/PKG-INFO.

Sources: Core metadata specifications; PEP 503 (normalised names); PEP 639 (License-Expression).
"""

from __future__ import annotations

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked
from secure.scan.formats.integrity import Hashes
from secure.scan.formats.python_names import normalised, required
from secure.scan.layer_facts import Record

_LONGEST_LICENCE = 128  # old metadata holds whole licence texts in License:; they are no name
_MAINTAINERS = (b"author-email", b"maintainer-email", b"author", b"maintainer")
_MANY = frozenset({b"classifier", b"requires-dist", b"project-url"})


def parse_metadata(file: FileView) -> Found:
    if file.name.rpartition(b"/")[0].rpartition(b"/")[2].startswith(b"~"):
        # pip renames what it is about to remove, and does not look at it again (pip#6170).
        yield file.unreadable("is what an interrupted pip left behind; pip does not count it")
        return
    yield metadata_record(file, PYTHON_DIST.name, file.content)


def metadata_record(
    file: FileView, by: str, content: bytes, hashes: Hashes = ()
) -> Record | Unreadable:
    """The package that `content`, a METADATA or PKG-INFO, describes."""
    one, many = _header(content)
    name, version = one.get(b"name", ""), one.get(b"version", "")
    if not name or not version:
        return file.unreadable("no Name or no Version before the first blank line")
    package = Package(
        type="pypi",
        name=normalised(name),
        version=version,
        location=file.location,
        found_by=by,
        licences=_licences(one, many),
        maintainer=next((one[key] for key in _MAINTAINERS if one.get(key)), ""),
        homepage=one.get(b"home-page") or _homepage(many),
        hashes=hashes,
    )
    asked = [required(rest) for key, rest in many if key == b"requires-dist"]
    return checked(file, package, tuple((need,) for need in asked if need))


def _header(content: bytes) -> tuple[dict[bytes, str], list[tuple[bytes, str]]]:
    """The first value of each single field, and all of the others, from the header block only."""
    single: dict[bytes, str] = {}
    many: list[tuple[bytes, str]] = []
    for line in content.split(b"\n"):
        line = line.rstrip(b"\r")  # noqa: PLW2901
        if not line:
            break
        if line[:1] in (b" ", b"\t"):
            continue
        raw, _, rest = line.partition(b":")
        key, value = raw.lower(), text(rest.strip())
        if key in _MANY:
            many.append((key, value))
        else:
            single.setdefault(key, value)
    return single, many


def _licences(one: dict[bytes, str], many: list[tuple[bytes, str]]) -> tuple[str, ...]:
    """The expression, else the field, else each classifier: "License :: OSI Approved :: MIT"."""
    licence = one.get(b"license-expression") or one.get(b"license", "")
    if licence and licence.upper() != "UNKNOWN" and len(licence) <= _LONGEST_LICENCE:
        return (licence,)
    return tuple(
        rest.rpartition("::")[2].strip()
        for key, rest in many
        if key == b"classifier" and rest.startswith("License ::") and rest.count("::") > 1
    )


def _homepage(many: list[tuple[bytes, str]]) -> str:
    """Project-URL: Homepage, https://…, which took the place of Home-page."""
    for key, value in many:
        label, _, address = value.partition(",")
        if key == b"project-url" and label.replace(" ", "").lower() == "homepage":
            return address.strip()
    return ""


PYTHON_DIST = Cataloger(
    name="python-dist",
    version=2,
    wants=(
        "*.dist-info/METADATA", "*.egg-info/PKG-INFO", "*.egg-info", "*.egg/EGG-INFO/PKG-INFO",
    ),
    max_bytes=8 * MIB,
    parse=parse_metadata,
    database=False,
)  # fmt: skip
