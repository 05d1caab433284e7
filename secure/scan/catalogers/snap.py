"""Snaps that are unpacked in an image: meta/snap.yaml of each.

Source: snapcraft.io, "The snap format"; the file is YAML of which only texts are used.
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.errors import SecureError
from secure.facts.image import Unreadable
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.yaml_tree import yaml_tree
from secure.scan.layer_facts import Record


def parse_snap(file: FileView) -> Iterator[Record | Unreadable]:
    try:
        tree = yaml_tree(file.content)
    except SecureError as cause:
        yield file.unreadable(cause.what)
        return
    found = tree if isinstance(tree, dict) else {}
    name, version = _word(found.get("name")), _word(found.get("version"))
    if not name or not version:
        yield file.unreadable("it has no name or no version")
        return
    architectures = found.get("architectures")
    first = next(iter(architectures), "") if isinstance(architectures, list) else ""
    licence, base = _word(found.get("license")), _word(found.get("base"))
    yield Record(
        Package(
            type="snap",
            name=name,
            version=version,
            location=file.location,
            found_by=SNAP.name,
            arch=_word(first),
            licences=(licence,) if licence else (),
            qualifiers=(("arch", _word(first)),),
        ),
        ((base,),) if base else (),
    )


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""


SNAP = Cataloger(
    name="snap",
    version=1,
    wants=(
        "snap/*/*/meta/snap.yaml",
        "var/lib/snapd/snap/*/*/meta/snap.yaml",
        "meta/snap.yaml",  # an image made of the content of one snap
    ),
    max_bytes=1 * MIB,
    parse=parse_snap,
    database=False,
)
