"""Go modules that a go.mod asks for; nothing says that they were built.

Since Go 1.17 it lists every module that is needed. go.sum also keeps versions that were passed
over: it only adds hashes, see `go_sum`.

Source: Go Modules Reference, "go.mod files".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.catalogers.go_binary import module_package
from secure.scan.formats.tree import named
from secure.scan.layer_facts import Record

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|=>|[()]|[^\s()"`]+')
_VERSION = re.compile(r"v\d+\.\d+\.\d+[\w.+-]*")


def parse_go_mod(file: FileView) -> Iterator[Record | Unreadable]:
    """The required modules, as `replace` changes them."""
    wanted: list[tuple[str, str]] = []
    replaced: dict[tuple[str, str], tuple[str, str]] = {}
    for verb, words in _directives(text(file.content)):
        if verb == "require":
            if len(words) != 2 or not _VERSION.fullmatch(words[1]) or not named(*words):
                yield file.unreadable(f'cannot read "require {" ".join(words)[:200]}"')
            else:
                wanted.append((words[0], words[1]))
        elif verb == "replace" and "=>" in words:
            at = words.index("=>")
            old, new = (*words[:at], "")[:2], words[at + 1 :]
            if old and len(new) == 2 and named(*new):  # one word is a local folder
                replaced[old[0], old[1]] = (new[0], new[1])
    for path, version in wanted:
        used = replaced.get((path, version)) or replaced.get((path, "")) or (path, version)
        package = module_package(*used, file.location, GO_MOD.name)
        yield Record(msgspec.structs.replace(package, declared=True))


def _directives(content: str) -> Iterator[tuple[str, list[str]]]:
    """Each directive's verb and words; a block repeats its verb."""
    block = ""
    for line in content.split("\n"):
        words = [word.strip('"`') for word in _TOKEN.findall(line.partition("//")[0])]
        if not words:
            continue
        if block and words[0] == ")":
            block = ""
        elif block:
            yield block, words
        elif words[1:] == ["("]:
            block = words[0]
        else:
            yield words[0], words[1:]


GO_MOD = Cataloger(
    name="go-mod",
    version=1,
    wants=("*/go.mod",),
    max_bytes=4 * MIB,
    parse=parse_go_mod,
    database=False,
    outside=(b"pkg/mod",),
)
