"""Hashes of the modules of a go.mod: the go.sum beside it.

It also keeps versions that were passed over, so no line of it is a package; it adds what is known
of modules that a go.mod or a program names.

Source: Go Modules Reference, "go.sum files".
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.integrity import from_go_sum
from secure.scan.layer_facts import Detail

_OF_GO_MOD = "/go.mod"  # after a version: the hash is that of the module's go.mod alone


def parse_go_sum(file: FileView) -> Iterator[Detail | Unreadable]:
    if b"/pkg/mod/" in b"/" + file.name:
        return  # of a module in Go's cache: builds go by that of the main module alone
    wrong = 0
    for line in text(file.content).split("\n"):
        words = line.split()
        if not words:
            continue
        hashes = from_go_sum(words[2]) if len(words) == 3 else ()
        if not hashes:
            wrong += 1
        elif not words[1].endswith(_OF_GO_MOD):
            namespace, _, name = words[0].rpartition("/")
            yield Detail("golang", name, namespace, version=words[1], hashes=hashes)
    if wrong:
        yield file.unreadable(f"{wrong} lines have no module, version and hash")


GO_SUM = Cataloger(
    name="go-sum",
    version=1,
    wants=("*/go.sum",),
    max_bytes=4 * MIB,
    parse=parse_go_sum,
    database=False,
)
