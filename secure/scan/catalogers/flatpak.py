"""Flatpak applications and runtimes: the file metadata of each deployed commit.

Source: flatpak-metadata(5), a key file; the place tells architecture, branch and commit. Flatpak
itself tells programs apart by branch; what else they call their version is only for showing.
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.layer_facts import Record

_ROOTS = ("var/lib/flatpak/app", "var/lib/flatpak/runtime")
_GROUPS = frozenset({"[Application]", "[Runtime]", "[ExtensionOf]"})


def parse_metadata(file: FileView) -> Iterator[Record | Unreadable]:
    found = _keys(text(file.content))
    # var/lib/flatpak/app/NAME/ARCHITECTURE/BRANCH/COMMIT/metadata
    arch, branch, commit, _ = (["", "", "", *text(file.name).split("/")])[-4:]
    name = found.get("name", "")
    if not name or not branch:
        yield file.unreadable("it has no name, or does not lie below a branch")
        return
    runtime = found.get("runtime", "").partition("/")[0]
    yield Record(
        Package(
            type="flatpak",
            name=name,
            version=branch,
            location=file.location,
            found_by=FLATPAK.name,
            arch=arch,
            qualifiers=(("arch", arch), ("commit", commit)),
        ),
        ((runtime,),) if runtime else (),
    )


def _keys(content: str) -> dict[str, str]:
    """The keys of the first group, which says what this is."""
    found: dict[str, str] = {}
    inside = False
    for line in content.splitlines():
        if line.startswith("["):
            if inside:
                break
            inside = line.strip() in _GROUPS
        elif inside and "=" in line:
            key, _, value = line.partition("=")
            found.setdefault(key.strip(), value.strip())
    return found


FLATPAK = Cataloger(
    name="flatpak",
    version=1,
    wants=tuple(f"{root}/*/*/*/*/metadata" for root in _ROOTS),
    max_bytes=1 * MIB,
    parse=parse_metadata,
    database=False,
)
