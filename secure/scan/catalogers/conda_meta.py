"""Conda packages as installed: conda-meta/*.json in each environment.

Source: conda, conda/models/records.py (PrefixRecord); purl type "conda".
"""

from __future__ import annotations

from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.integrity import from_pairs
from secure.scan.formats.tree import json_tree, listed, mapping, word

_HASHES = ("sha256", "md5")


def parse_record(file: FileView, tree: object) -> Found:
    record = mapping(tree)
    licence = word(record.get("license"))
    channel = word(record.get("channel")).rstrip("/").removesuffix("/" + word(record.get("subdir")))
    package = Package(
        type="conda",
        name=word(record.get("name")),
        version=word(record.get("version")),
        location=file.location,
        found_by=CONDA_META.name,
        licences=(licence,) if licence else (),
        hashes=from_pairs(*(f"{kind}:{word(record.get(kind))}" for kind in _HASHES)),
        qualifiers=(
            ("build", word(record.get("build"))),
            ("channel", channel.rpartition("/")[2]),
            ("subdir", word(record.get("subdir"))),
        ),
    )
    asked = (word(one).split(" ", 1)[0] for one in listed(record.get("depends")))
    yield checked(file, package, tuple((name,) for name in asked if name))


CONDA_META = Cataloger(
    name="conda-meta",
    version=2,
    wants=("*/conda-meta/*.json",),
    max_bytes=16 * MIB,  # lists every file of the package: 4 MiB in the largest
    parse=from_tree(json_tree, parse_record),
    database=False,
)
