"""What one worker says about one layer, before the layers are merged.

Names are bytes here: two names that look alike as text ("\\xff" written out, and the byte 255)
must not be taken for each other when a later layer removes one of them. The layer number in every
`Location` is 0 until the merge, so that the facts of a layer can be cached for all images.
"""

from __future__ import annotations

import msgspec

from secure.facts.executable import ExecutableFact
from secure.facts.files import Account, FileFact, Group, OsRelease
from secure.facts.image import Unreadable
from secure.facts.package import Package
from secure.facts.secret import Secret
from secure.scan.owned_files import OwnedFiles


class Record(msgspec.Struct, frozen=True, gc=False):
    """A package as its database tells it, with what only the whole database can resolve.

    Args:
        needs: one tuple per dependency: the names any of which satisfies it.
        provides: names other than its own under which it satisfies a dependency.
        files: what the package owns, where its record says so.
    """

    package: Package
    needs: tuple[tuple[str, ...], ...] = ()
    provides: tuple[str, ...] = ()
    files: OwnedFiles | None = None


class Detail(msgspec.Struct, frozen=True, gc=False):
    """What another file than its database tells about a package. The merge joins them.

    Args:
        type, name, namespace, arch, version: which package; "" stands for any but in the first two.
        licences, licences_found, homepage, maintainer, automatic, hashes: see `Package`.
    """

    type: str
    name: str
    namespace: str = ""
    arch: str = ""
    version: str = ""
    licences: tuple[str, ...] = ()
    licences_found: tuple[str, ...] = ()
    homepage: str = ""
    maintainer: str = ""
    automatic: bool = False
    hashes: tuple[tuple[str, str], ...] = ()


class Catalogued(msgspec.Struct, frozen=True, gc=False):
    """One package database or metadata file, read by one cataloger.

    Args:
        files: what a package owns, in a file of its own (dpkg's NAME.list, NAME.md5sums).
        details: of packages that another file names.
    """

    name: bytes
    cataloger: str
    records: tuple[Record, ...]
    files: OwnedFiles | None = None
    details: tuple[Detail, ...] = ()


class FileMark(msgspec.Struct, frozen=True, gc=False):
    """A file fact under its exact name."""

    name: bytes
    fact: FileFact
    directory: bool = False


class SecretMark(msgspec.Struct, frozen=True, gc=False):
    """A secret under the exact name of its file."""

    name: bytes
    secret: Secret


class ExecutableMark(msgspec.Struct, frozen=True, gc=False):
    """An executable fact under the exact name of its file."""

    name: bytes
    fact: ExecutableFact


class Shadow(msgspec.Struct, frozen=True):
    """The password state of one account in /etc/shadow: "locked", "hash" or "empty"."""

    name: str
    password: str


class LayerFacts(msgspec.Struct, frozen=True):
    """Everything one layer adds, and what it takes away.

    Args:
        os_releases, accounts, shadows, groups: by the exact name of the file they came from.
        links: targets of symlinks and hardlinks at names that matter, and of symlinks that may
            stand for a directory near the root ("bin", "var/run"); resolved from the root.
        hardlinks: of every hard link, the name whose content it shares.
        taken: every name the layer holds that is not a directory, NUL-joined: they replace.
        sizes: for each of `taken` 8 bytes (array "Q"): twice its size in bytes, plus 1 for a
            regular file with an execute bit.
        directories: every directory name, NUL-joined: they replace what is not a directory.
        folders: every directory that something of the layer lies in, and all above, NUL-joined:
            unpacking makes them, whether they have an entry or not. Made by `covers.folders`.
        whiteouts: names the layer deletes.
        opaques: directories whose lower content the layer deletes.
        unreadable: layer 0, as everywhere here.
        digests: of claimed files, raw, where they were asked for; nothing else is told then.
        secrets_searched: `secrets` are all that were found; without it nobody looked for any.
        voided: nothing of this layer can be trusted; `unreadable` says why.
    """

    catalogued: tuple[Catalogued, ...] = ()
    files: tuple[FileMark, ...] = ()
    executables: tuple[ExecutableMark, ...] = ()
    secrets: tuple[SecretMark, ...] = ()
    os_releases: dict[bytes, OsRelease] = {}
    accounts: dict[bytes, tuple[Account, ...]] = {}
    shadows: dict[bytes, tuple[Shadow, ...]] = {}
    groups: dict[bytes, tuple[Group, ...]] = {}
    links: dict[bytes, bytes] = {}
    hardlinks: dict[bytes, bytes] = {}
    unreadable: tuple[Unreadable, ...] = ()
    entries: int = 0
    uncompressed_bytes: int = 0
    taken: bytes = b""
    sizes: bytes = b""
    directories: bytes = b""
    folders: bytes = b""
    whiteouts: tuple[bytes, ...] = ()
    opaques: tuple[bytes, ...] = ()
    digests: dict[bytes, bytes] = {}
    secrets_searched: bool = False
    voided: bool = False
