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

MAX_PACKAGES = 50_000  # of one lock file; the largest ask for 5,000
_MOST_FAULTS = 100  # told one by one


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
    if package.name and named(package.namespace + package.name, package.version):
        return Record(package, needs)
    if not package.name:
        return file.unreadable("an entry has no name")
    asked = shown(ValueError(package.name))
    if not package.version:
        return file.unreadable(f'"{asked}" has no version that can be known from this file')
    return file.unreadable(f'"{asked}" has a name or version that is none')


def each_once(file: FileView, found: Found) -> Found:
    """Each package once: what a file says of it in several places is joined.

    Bounded: a file of a few MiB can ask for a million packages, or be wrong as often.
    """
    once: dict[Package, _Joined] = {}
    faults = 0
    for item in found:
        if isinstance(item, Unreadable):
            faults += 1
            if faults <= _MOST_FAULTS:
                yield item
        else:
            key = msgspec.structs.replace(item.package, hashes=(), licences=())
            same = once.setdefault(key, _Joined(item))
            same.needs.update(dict.fromkeys(item.needs))
            same.hashes.update(dict.fromkeys(item.package.hashes))
        if len(once) + faults == MAX_PACKAGES:
            yield file.unreadable(f"names {MAX_PACKAGES} packages; what follows was not read")
            break
    if faults > _MOST_FAULTS:
        yield file.unreadable(f"{faults - _MOST_FAULTS} more entries could not be read")
    for same in once.values():
        package = msgspec.structs.replace(same.first.package, hashes=tuple(same.hashes))
        yield msgspec.structs.replace(same.first, package=package, needs=tuple(same.needs))


class _Joined(msgspec.Struct):
    first: Record
    needs: dict[tuple[str, ...], None] = {}
    hashes: dict[tuple[str, str], None] = {}
