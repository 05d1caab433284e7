"""Which files policy has to know of, from their headers alone: no content is read."""

from __future__ import annotations

from secure.facts.files import FileFact, FileTag
from secure.facts.location import Location, text
from secure.images.entry import (
    BLOCK_DEVICE,
    CHARACTER,
    DIRECTORY,
    FIFO,
    FILE,
    HARDLINK,
    SYMLINK,
    Entry,
)
from secure.scan.file_capabilities import capability_names
from secure.scan.programs import program_tag

_SETUID, _SETGID, _STICKY, _OTHERS_WRITE = 0o4000, 0o2000, 0o1000, 0o002
_GROUP_EXECUTE, _EXECUTE = 0o010, 0o111
_TELLING = _SETUID | _SETGID | _OTHERS_WRITE | _EXECUTE


def file_fact(entry: Entry) -> FileFact | None:
    """The fact of an entry, or none. Called for every entry of a layer."""
    kind = entry.kind
    if kind == FILE and not (entry.mode & _TELLING or entry.xattrs):
        return None  # nearly all of them
    if kind in (FILE, HARDLINK):
        tags, detail = _of_file(entry)
    elif kind == DIRECTORY:
        # A sticky directory like /tmp is meant for everyone.
        shared = entry.mode & (_OTHERS_WRITE | _STICKY) == _OTHERS_WRITE
        tags, detail = ([FileTag.WORLD_WRITABLE] if shared else []), ""
    elif kind == SYMLINK:
        tag = program_tag(entry.name)
        tags, detail = ([tag] if tag else []), "-> " + text(entry.link)
    elif kind in (CHARACTER, BLOCK_DEVICE):
        tags, detail = [FileTag.DEVICE], _device(entry)
    else:
        tags, detail = [FileTag.SPECIAL], "fifo" if kind == FIFO else "socket"
    if not tags:
        return None
    return FileFact(
        location=Location(text(entry.name), 0),
        tags=tuple(tags),
        mode=entry.mode & 0o7777,
        uid=entry.uid,
        gid=entry.gid,
        size=entry.size if kind == FILE else 0,
        detail=detail,
    )


def _of_file(entry: Entry) -> tuple[list[FileTag], str]:
    mode = entry.mode
    tags = []
    if mode & _SETUID:
        tags.append(FileTag.SETUID)
    # setgid without group execute lends no group (inode(7)).
    if mode & _SETGID and mode & _GROUP_EXECUTE:
        tags.append(FileTag.SETGID)
    capabilities = capability_names(entry.xattrs) if entry.xattrs else ""
    if capabilities:
        tags.append(FileTag.CAPABILITIES)
    if mode & _OTHERS_WRITE:
        tags.append(FileTag.WORLD_WRITABLE)
    # The header of a hardlink need not repeat the mode of the file it shares.
    if (mode & _EXECUTE or entry.kind == HARDLINK) and (tag := program_tag(entry.name)):
        tags.append(tag)
    same = f"= {text(entry.link)}" if entry.kind == HARDLINK else ""
    return tags, " ".join(filter(None, (capabilities, same)))


def _device(entry: Entry) -> str:
    letter = "c" if entry.kind == CHARACTER else "b"
    major, minor = entry.device
    return f"{letter} {major}:{minor}"
