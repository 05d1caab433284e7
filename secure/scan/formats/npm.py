"""What all lock files of npm packages share: scopes, and where a package comes from.

Sources: npm-package-arg (the forms of a dependency); purl type "npm" (the scope is the namespace).
"""

from __future__ import annotations

import re

import msgspec

from secure.facts.image import Unreadable
from secure.facts.package import Package
from secure.scan.cataloger import FileView
from secure.scan.formats.checked import checked
from secure.scan.formats.integrity import from_integrity
from secure.scan.formats.repository import git_url
from secure.scan.formats.tree import mapping
from secure.scan.layer_facts import Record

# Of the project itself: a folder, a workspace, an archive beside the lock file.
_LOCAL = ("file:", "link:", "portal:", "workspace:", "./", "../", "/")
_GIT = ("git+", "git:", "git@", "ssh:")
_HOSTS = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
_ARCHIVE = re.compile(r"https://codeload\.github\.com/([^/?#]++/[^/?#]++)/tar\.gz/([^/?#]++)")


def is_local(reference: str) -> bool:
    """Whether a package is a part of the project: no registry ever had it."""
    return reference.startswith(_LOCAL)


def split_scope(name: str) -> tuple[str, str]:
    """("@scope", "name"); no scope is ""."""
    scope, slash, rest = name.partition("/")
    return (scope, rest) if slash and scope.startswith("@") else ("", name)


def split_reference(reference: str) -> tuple[str, str]:
    """("@scope/name", "1.0.0") of "@scope/name@1.0.0"."""
    at = reference.find("@", 1)
    return (reference, "") if at < 0 else (reference[:at], reference[at + 1 :])


def repository_of(address: str) -> tuple[str, str]:
    """(URL, commit) where `address` is one of a source repository, else two empty texts."""
    if archive := _ARCHIVE.fullmatch(address):
        return f"git+https://github.com/{archive[1]}.git", archive[2]
    place, _, commit = address.partition("#")
    commit = commit.removeprefix("commit=")  # Yarn 2's
    kind, _, path = place.partition(":")
    if kind in _HOSTS:
        return f"git+https://{_HOSTS[kind]}/{path.removesuffix('.git')}.git", commit
    if place.startswith(_GIT) or (place.endswith(".git") and "://" in place):
        return git_url(place), commit
    return "", ""


def needed(entry: dict[str, object], *keys: str) -> tuple[str, ...]:
    """The names in the mappings `keys` of an entry."""
    return tuple(name for key in keys for name in mapping(entry.get(key)))


class LockedNpm(msgspec.Struct, frozen=True):
    """A package that a lock file asks for.

    Args:
        name: with its scope.
        version: "" where only the commit in `address` is known.
        address: where it is fetched from; kept only where that is a source repository.
        integrity: see `from_integrity`.
        needs: names with their scopes.
    """

    name: str
    version: str
    address: str = ""
    integrity: str = ""
    licence: str = ""
    needs: tuple[str, ...] = ()

    def record(self, file: FileView, found_by: str) -> Record | Unreadable:
        scope, name = split_scope(self.name)
        url, commit = repository_of(self.address)
        package = Package(
            type="npm",
            namespace=scope,
            name=name,
            version=self.version or commit,
            location=file.location,
            found_by=found_by,
            licences=(self.licence,) if self.licence else (),
            declared=True,
            hashes=from_integrity(self.integrity),
            qualifiers=(("vcs_url", f"{url}@{commit}" if commit else url),) if url else (),
        )
        return checked(file, package, tuple((need,) for need in dict.fromkeys(self.needs) if need))
