"""One file under several names: what the header of one hard link says holds for all of them.

Unpacking gives the file the mode and attributes of whichever header comes last, as engines do. A
name whose own header is harmless may so be set-id or writable by everyone in the container.
"""

from __future__ import annotations

import msgspec

from secure.facts.files import FileFact, FileTag
from secure.facts.location import Location, text
from secure.scan.layer_facts import FileMark

# Of the file itself; the other tags are about a name.
_OF_THE_FILE = (FileTag.SETUID, FileTag.SETGID, FileTag.CAPABILITIES, FileTag.WORLD_WRITABLE)


def spread(files: dict[bytes, FileMark], hardlinks: dict[bytes, bytes]) -> None:
    """Give every name of a file the tags that any of its names has.

    Args:
        files: what is told so far; is added to.
        hardlinks: of one layer, each name with the name it was linked to.
    """
    groups: dict[bytes, list[bytes]] = {}
    shortened = dict(hardlinks)
    for name in hardlinks:
        groups.setdefault(_first(name, shortened), []).append(name)
    for first, others in groups.items():
        names = [first, *others]
        telling = [files[name].fact for name in names if name in files]
        tags = [tag for tag in _OF_THE_FILE if any(tag in fact.tags for fact in telling)]
        for name in names if tags else ():
            files[name] = _told(name, files.get(name), tags, telling)


def _first(name: bytes, hardlinks: dict[bytes, bytes]) -> bytes:
    """Where a chain of links begins, or a ring was met again; the way there is shortened."""
    passed: set[bytes] = set()
    while name in hardlinks and name not in passed:
        passed.add(name)
        name = hardlinks[name]
    hardlinks.update(dict.fromkeys(passed - {name}, name))
    return name


def _told(
    name: bytes, mark: FileMark | None, tags: list[FileTag], telling: list[FileFact]
) -> FileMark:
    teller = next(fact for fact in telling if tags[0] in fact.tags)
    own = mark.fact if mark is not None else None
    if own is not None and all(tag in own.tags for tag in tags):
        return FileMark(name, own)
    others = tuple(tag for tag in own.tags if tag not in tags) if own is not None else ()
    fact = msgspec.structs.replace(
        teller,
        location=Location(text(name), 0),
        tags=(*tags, *others),
        detail=f"= {teller.location.path}",
    )
    return FileMark(name, fact)
