"""Which distribution package owns a file: what the databases claim, under the names files have.

A database may say bin/x where the file is usr/bin/x, because bin is a link (usrmerge): names are
compared after the links near the root were followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from secure.facts.package import Package
from secure.scan.catalogers.dpkg_diversions import DIVERSIONS, diverted
from secure.scan.catalogers.dpkg_files import FOLDER
from secure.scan.layer_facts import Record
from secure.scan.owned_files import OwnedFiles

_MOST_LINKS = 8
# dpkg.cfg "path-exclude" of slim images, apk's -doc and -lang, rpm's tsflags=nodocs.
_DOCUMENTATION = tuple(
    b"usr/share/" + folder
    for folder in (
        b"doc/", b"man/", b"info/", b"locale/", b"help/", b"gnome/help/", b"groff/", b"omf/",
        b"lintian/", b"linda/", b"doc-base/", b"licenses/",
    )
)  # fmt: skip

# One list for each package, where its record or the record's folder says.
_BESIDE = {
    "alpm": "{folder}/files",
    "opkg": "{folder}/info/{name}.list",
    "portage": "{folder}/CONTENTS",
    "pypi": "{folder}/RECORD",
}


KNOWN = b"known"


class Claim(msgspec.Struct, frozen=True, gc=False):
    """One file that a package owns.

    Args:
        package: its number in the list that the owners were made from.
        digest: raw, b"" where none is known; made with `algorithm`. Where the owners keep no
            digests, `KNOWN` says that there is one.
        config: an administrator may change or remove it.
    """

    package: int
    digest: bytes = b""
    algorithm: str = ""
    config: bool = False


class Owners:
    """All claims.

    Args:
        owned: for each package what it owns; None where its type has no such list.
        links: of the squashed image, resolved from the root.
        digests: keep them; 43,000 take 4 MB.

    Attributes:
        distribution: whether a distribution's database claims files, and not only Python's.
    """

    def __init__(
        self,
        owned: Iterable[OwnedFiles | None],
        links: Mapping[bytes, bytes],
        *,
        digests: bool = False,
    ) -> None:
        self._digests = digests
        self._near = {name: to for name, to in links.items() if name.count(b"/") < 2}
        # What a name begins with that a link near the root can lead elsewhere: few names do.
        self._linked = tuple({name.partition(b"/")[0] + b"/" for name in self._near})
        self._directories: dict[bytes, bytes] = {}  # as they were asked for: as they are
        self.claims: dict[bytes, Claim] = {}
        secondary: list[tuple[int, OwnedFiles]] = []
        for number, files in enumerate(owned):
            if files is None or not files.names:
                continue
            if files.secondary:
                secondary.append((number, files))
            else:
                self._add(number, files)
        self.distribution = bool(self.claims)
        self._secondary = frozenset(number for number, _ in secondary)
        for number, files in secondary:
            self._add(number, files)

    def _add(self, number: int, files: OwnedFiles) -> None:
        config = frozenset(files.config.split(b"\0")) if files.config else frozenset()
        plain, algorithm = Claim(number), files.algorithm
        known = None if self._digests else Claim(number, KNOWN)
        claims, linked = self.claims, self._linked
        for name, digest in files.with_digests():
            held = name in config
            claim = known if digest and not held else plain
            if claim is None or held:
                claim = Claim(number, digest, algorithm, held)
            if name.startswith(linked):
                name = self.real(name)  # noqa: PLW2901
            if not files.secondary:
                claims[name] = claim
            else:
                claims.setdefault(name, claim)

    def real(self, name: bytes) -> bytes:
        """`name` with the links near the root followed."""
        directory, slash, last = name.rpartition(b"/")
        if not slash:
            return name
        real = self._directories.get(directory)
        if real is None:
            real = self._directories[directory] = self._followed(directory + slash)
        return real + last

    def _followed(self, name: bytes) -> bytes:
        for _ in range(_MOST_LINKS):
            end = name.find(b"/")
            while end >= 0 and (to := self._near.get(name[:end])) is None:
                # The second part and no further: only names with one slash are in the table.
                end = name.find(b"/", end + 1) if b"/" not in name[:end] else -1
            if end < 0:
                break
            name = to + name[end:] if to else name[end + 1 :]
        return name

    def owner(self, name: bytes) -> int | None:
        """The package that claims the file `name`."""
        claim = self.claims.get(self.real(name))
        return claim.package if claim else None

    def distribution_owner(self, name: bytes) -> int | None:
        """The distribution's package that claims the file `name`.

        What a Python package bundles (jars, packages of Node, vendored packages) is no part of it
        that its maker answers for: it stays a package of its own.
        """
        number = self.owner(name)
        return None if number in self._secondary else number


def files_of(record: Record, lists: Callable[[bytes], OwnedFiles | None]) -> OwnedFiles | None:
    """What a package owns, wherever its database keeps that.

    Args:
        lists: the file lists that lie beside a database, by name.
    """
    package = record.package
    if (beside := _BESIDE.get(package.type)) is not None:
        folder = package.location.path.rpartition("/")[0]
        return lists(beside.format(folder=folder, name=package.name).encode())
    if record.files is not None or package.type != "deb":
        return record.files
    if package.location.path.startswith("var/lib/dpkg/status.d/"):
        return lists(package.location.path.encode() + b".md5sums")
    # "NAME:ARCH" of packages that may be there for several architectures (Multi-Arch: same).
    for stem in (f"{package.name}:{package.arch}", package.name):
        start = FOLDER + stem.encode("utf-8", "backslashreplace")
        named, sums = lists(start + b".list"), lists(start + b".md5sums")
        if named is None and sums is None:
            continue
        conffiles = lists(start + b".conffiles")
        files = (named or sums or OwnedFiles()).with_sums(
            sums, conffiles.config if conffiles else b""
        )
        return diverted(files, package.name.encode("utf-8", "replace"), lists(DIVERSIONS))
    return None


def is_documentation(name: bytes) -> bool:
    """A file that slim images leave out."""
    return name.startswith(_DOCUMENTATION)


def with_owners(
    packages: Sequence[Package], names: Iterable[bytes], owners: Owners
) -> list[Package]:
    """Packages with the distribution package that brought the file they were read from.

    Args:
        packages: those that the claims number.
        names: for each package the file.
    """
    found = []
    for package, name in zip(packages, names, strict=True):
        number = owners.distribution_owner(name)
        by = packages[number] if number is not None else None
        # A later layer wrote the file again: it is no longer what its owner brought.
        if by is not None and by is not package and package.location.layer <= by.location.layer:
            package = msgspec.structs.replace(package, owner=by.purl)  # noqa: PLW2901
        found.append(package)
    return found
