"""Programs that are text and have no package: told by name and content, like executables."""

from __future__ import annotations

from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.classified import Classified
from secure.scan.classifiers import SCRIPTS
from secure.scan.classifiers.classifier import by_file
from secure.scan.layer_facts import Record

_BY_FILE = by_file(SCRIPTS)


def parse_script(file: FileView) -> Iterator[Record | Unreadable]:
    """What the classifiers find; most files of these names are something else."""
    classified = Classified(file.name, _BY_FILE)
    classified.look(file.content)
    yield from classified.records()


PROGRAM_SCRIPTS = Cataloger(
    name="program-scripts",
    version=1,
    wants=tuple(f"*/{name}" for one in SCRIPTS for name in one.files),
    max_bytes=16 * MIB,
    parse=parse_script,
    database=False,
)
