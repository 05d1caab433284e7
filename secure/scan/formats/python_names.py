"""Names of Python distributions, and the one form of a locked one.

Sources: PEP 503 (normalised names), PEP 508 (requirements); purl type "pypi" and its qualifiers.
"""

from __future__ import annotations

import re

import msgspec

from secure.facts.image import Unreadable
from secure.facts.package import Package
from secure.scan.cataloger import FileView
from secure.scan.formats.checked import checked
from secure.scan.formats.integrity import Hashes
from secure.scan.formats.repository import git_url, public
from secure.scan.layer_facts import Record

_RUNS = re.compile("[-_.]+")
_REQUIRED = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
_USUAL = ("https://pypi.org/", "https://pypi.python.org/")

Origin = tuple[tuple[str, str], ...]
"""Where a package comes from, as qualifiers of its purl; () for the usual index."""


def normalised(name: str) -> str:
    """PEP 503: runs of "-", "_" and "." are one "-"; lower case."""
    return _RUNS.sub("-", name).lower()


def required(requirement: str) -> str:
    """The name a requirement asks for; "" for one of an extra, which nobody may have chosen."""
    match = _REQUIRED.match(requirement)
    if match is None or "extra" in requirement.partition(";")[2]:
        return ""
    return normalised(match[1])


def from_git(address: str, commit: str) -> Origin:
    """Of a repository, "git+" before its address or not; () where there is none."""
    if not address:
        return ()
    plain = git_url(address)
    return (("vcs_url", f"{plain}@{commit}" if commit else plain),)


def from_index(address: str) -> Origin:
    """Of a package index. One in a folder is told to nobody: it is a path of another machine."""
    if not address.startswith(("https://", "http://")) or address.startswith(_USUAL):
        return ()
    return (("repository_url", public(address)),)


def from_url(address: str) -> Origin:
    """Of one archive somewhere."""
    return (("download_url", public(address)),) if "://" in address else ()


class Locked(msgspec.Struct, frozen=True):
    """A package that a lock file asks for.

    Args:
        commit: all that is known of the version, where `version` is "".
        needs: names, normalised or not.
    """

    name: str
    version: str
    commit: str = ""
    hashes: Hashes = ()
    needs: tuple[str, ...] = ()
    origin: Origin = ()

    def record(self, file: FileView, found_by: str) -> Record | Unreadable:
        package = Package(
            type="pypi",
            name=normalised(self.name),
            version=self.version or self.commit,
            location=file.location,
            found_by=found_by,
            declared=True,
            hashes=self.hashes,
            qualifiers=self.origin,
        )
        names = dict.fromkeys(normalised(need) for need in self.needs)
        return checked(file, package, tuple((need,) for need in names if need))
