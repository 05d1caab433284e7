"""What every cataloger does alike: decode a document or report it, check a package or report it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from secure.errors import InputError
from secure.facts.image import Unreadable
from secure.facts.package import Package
from secure.scan.cataloger import FileView
from secure.scan.formats.tree import named, shown
from secure.scan.layer_facts import Record

_T = TypeVar("_T")
Found = Iterator[Record | Unreadable]


def from_tree(
    decode: Callable[[bytes], _T], parse: Callable[[FileView, _T], Found]
) -> Callable[[FileView], Found]:
    """A parser of files that are documents: what `decode` refuses is one `Unreadable`."""

    def parse_file(file: FileView) -> Found:
        try:
            tree = decode(file.content)
        except InputError as cause:
            yield file.unreadable(cause.what)
            return
        yield from parse(file, tree)

    return parse_file


def checked(
    file: FileView, package: Package, needs: tuple[tuple[str, ...], ...] = ()
) -> Record | Unreadable:
    """The package as a record; an `Unreadable` where it lacks a usable name or version."""
    if named(package.name, package.version):
        return Record(package, needs)
    if not package.name:
        return file.unreadable("an entry has no name")
    asked = shown(ValueError(package.name))
    if not package.version:
        return file.unreadable(f'"{asked}" has no version that can be known from this file')
    return file.unreadable(f'"{asked}" has a name or version that is none')


def each_once(found: Found) -> Found:
    """Each package once: what a file says of it in several places is joined."""
    once: dict[Package, _Joined] = {}
    for item in found:
        if isinstance(item, Unreadable):
            yield item
            continue
        key = msgspec.structs.replace(item.package, hashes=(), licences=())
        same = once.setdefault(key, _Joined(item))
        same.needs.update(dict.fromkeys(item.needs))
        same.hashes.update(dict.fromkeys(item.package.hashes))
    for same in once.values():
        package = msgspec.structs.replace(same.first.package, hashes=tuple(same.hashes))
        yield msgspec.structs.replace(same.first, package=package, needs=tuple(same.needs))


class _Joined(msgspec.Struct):
    first: Record
    needs: dict[tuple[str, ...], None] = {}
    hashes: dict[tuple[str, str], None] = {}
