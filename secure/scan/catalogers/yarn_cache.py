"""Node packages as Yarn 2 and later keeps them: one zip each, from which Plug'n'Play runs them.

Source: yarnpkg/berry, "Offline cache" and "Plug'n'Play": the files are below node_modules/NAME/ in
the archive, and nothing unpacks them. The project's cache is .yarn/cache, the user's
.yarn/berry/cache.
"""

from __future__ import annotations

import msgspec

from secure.errors import InputError
from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.oci.limits import GIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.catalogers.npm_installed import NPM_INSTALLED, parse_package
from secure.scan.formats.checked import Found, each_once
from secure.scan.formats.zip import Budget, ZipStream
from secure.scan.layer_facts import Record

_MANIFEST = b"/package.json"
_OUTSIDE = frozenset((b"", b".", b".."))


def parse_cache(file: FileView) -> Found:
    yield from each_once(file, _inside(file))


def _inside(file: FileView) -> Found:
    members = ZipStream(file.chunks(), Budget(text(file.name)))
    seen, found = set[bytes](), False
    try:
        for member in members:
            name = member.name
            if not name.startswith(b"node_modules/") or not name.endswith(_MANIFEST):
                continue
            if name in seen or not _OUTSIDE.isdisjoint(name.split(b"/")):
                yield file.unreadable(f'"{text(name)[:200]}" is there twice or leads elsewhere')
                continue
            seen.add(name)
            content = member.read(NPM_INSTALLED.max_bytes)
            for item in parse_package(FileView(file.name + b"!/" + name, content)):
                found = True
                yield _of_cache(item)
        yield from (file.unreadable(fault) for fault in members.faults)
    except InputError as cause:
        yield file.unreadable(cause.what)
    else:
        if not found:
            yield file.unreadable("holds no package of Node")


def _of_cache(item: Record | Unreadable) -> Record | Unreadable:
    if isinstance(item, Unreadable):
        return item
    package = msgspec.structs.replace(item.package, found_by=YARN_CACHE.name)
    return msgspec.structs.replace(item, package=package)


YARN_CACHE = Cataloger(
    name="yarn-cache",
    version=1,
    wants=("*/.yarn/cache/*.zip", "*/.yarn/berry/cache/*.zip"),
    max_bytes=4 * GIB,  # streamed; what is unpacked has bounds of its own
    parse=parse_cache,
    database=False,
    streamed=True,
)
