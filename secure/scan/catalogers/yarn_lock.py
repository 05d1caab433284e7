"""Node packages that a yarn.lock asks for: Yarn 1's own form, and the YAML of Yarn 2 and later.

Sources: yarnpkg/yarn, src/lockfile/stringify.js; yarnpkg/berry, "Lockfile" and "Protocols".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

from secure.errors import DocumentError, InputError
from secure.facts.location import text
from secure.oci.limits import MIB
from secure.scan.cataloger import NODE_PACKAGES, Cataloger, FileView
from secure.scan.formats.checked import Found, each_once
from secure.scan.formats.npm import LockedNpm, is_local, needed, split_reference
from secure.scan.formats.tree import mapping, word
from secure.scan.formats.yaml_tree import yaml_tree

_MARK = re.compile(rb"^__metadata:", re.MULTILINE)
_PAIR = re.compile(r'("[^"]*+"|[^\s"]++)\s++("[^"]*+"|\S++)')
_NEEDS = frozenset({"dependencies:", "optionalDependencies:"})


def parse_lock(file: FileView) -> Found:
    try:
        locked = _berry(file.content) if _MARK.search(file.content) else _classic(file.content)
        # A package that Yarn patches is listed with the patch and without.
        yield from each_once(file, (one.record(file, YARN_LOCK.name) for one in locked))
    except InputError as cause:
        yield file.unreadable(cause.what)


def _berry(content: bytes) -> Iterator[LockedNpm]:
    for key, value in mapping(yaml_tree(content)).items():
        entry = mapping(value)
        name, reference = split_reference(word(entry.get("resolution")))
        if reference.startswith("virtual:"):
            reference = reference.partition("#")[2]
        # linkType "soft" is a folder of the project.
        if key == "__metadata" or entry.get("linkType") == "soft" or is_local(reference):
            continue
        # Its "checksum" is of Yarn's own archive, not of the package.
        yield LockedNpm(
            name,
            word(entry.get("version")),
            address=reference,
            needs=needed(entry, "dependencies", "optionalDependencies"),
        )


def _classic(content: bytes) -> Iterator[LockedNpm]:
    for heading, body in _blocks(content):
        if not heading.endswith(":"):
            raise DocumentError("is no lock file of Yarn: a line belongs to no package")
        name, reference = split_reference(heading[:-1].split(",", 1)[0].strip().strip('"'))
        if is_local(reference):
            continue
        if reference.startswith("npm:"):  # an alias
            name = split_reference(reference.removeprefix("npm:"))[0]
        fields, needs = _fields(body)
        yield LockedNpm(
            name,
            fields.get("version", ""),
            address=fields.get("resolved", ""),
            integrity=fields.get("integrity", ""),
            needs=tuple(needs),
        )


def _blocks(content: bytes) -> Iterator[tuple[str, list[str]]]:
    """Each line that is not indented, "" before the first, with the indented ones below it."""
    heading, body = "", list[str]()
    for raw in BytesIO(content):  # not `splitlines`: a list of them is ten times the file
        line = text(raw).rstrip()
        if not line or line.startswith("#"):
            continue
        if line.startswith(" "):
            body.append(line)
            continue
        if heading or body:
            yield heading, body
        heading, body = line, []
    if heading or body:
        yield heading, body


def _fields(body: list[str]) -> tuple[dict[str, str], list[str]]:
    """The fields of an entry, and the names it needs."""
    fields, needs, in_needs = dict[str, str](), list[str](), False
    for line in body:
        pair = _PAIR.fullmatch(line.strip())
        if not line.startswith("    "):
            in_needs = line.strip() in _NEEDS
            if pair:
                fields[pair[1].strip('"')] = pair[2].strip('"')
        elif in_needs and pair:
            needs.append(pair[1].strip('"'))
    return fields, needs


YARN_LOCK = Cataloger(
    name="yarn-lock",
    version=1,
    wants=("*/yarn.lock",),
    max_bytes=8 * MIB,
    parse=parse_lock,
    database=False,
    outside=NODE_PACKAGES,
)
