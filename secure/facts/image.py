"""Everything known about one image: the input of the policy and of every report."""

from __future__ import annotations

import msgspec

from secure.facts.base_image import BaseImage
from secure.facts.changes import GonePackage, PackageChange
from secure.facts.executable import ExecutableFact
from secure.facts.files import Account, FileFact, Group, OsRelease
from secure.facts.location import Layer
from secure.facts.ownership import FileClaims
from secure.facts.package import Package
from secure.facts.secret import Secret
from secure.facts.vulnerability import Uncovered, Vulnerability


class Unreadable(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that could not be read or was not searched: part of the result.

    Args:
        secrets: only the search for secrets left it out; all else was read.
    """

    path: str
    layer: int
    why: str
    secrets: bool = False


class ConfigFacts(msgspec.Struct, frozen=True):
    """The image config fields that decisions and launches need (image-spec 1.1, config.md)."""

    user: str = ""
    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    working_dir: str = ""
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    stop_signal: str = ""
    healthcheck: tuple[str, ...] = ()
    created: str = ""
    author: str = ""
    os: str = ""
    architecture: str = ""
    variant: str = ""


class ImageFacts(msgspec.Struct, frozen=True):
    """The facts of one image.

    Args:
        reference: as the user named it: a path, or a reference.
        repo_tags: names the archive itself claims ("app:latest"); never proof of origin.
        digest: manifest digest, or the config digest where there is no manifest (docker-archive);
            "" for a plain directory.
        config_digest: digest of the image config = image id; "" for a plain directory.
        secrets: found ones; nothing is known of them unless `secrets_searched`.
        complete: nothing was voided and nothing in `unreadable` concerns a package database.
        tool_version: version of secure that read it.
        scanned_at: RFC 3339, UTC.
        pulled_from: registry/repository that the bytes were fetched from over verified TLS; ""
            for everything local: a name that an archive claims is no origin.
        changes: what each layer did to packages, base first.
        gone_packages, gone_files: what only a lower layer still holds; secrets of that kind are
            among `secrets`, with the layer that deleted them.
        claims: how files and package databases agree; None where no database claims files.
        base: the image it was built on, as far as that is known.
        vulnerability_data: RFC 3339 date of the vulnerability data that the packages were matched
            with; "" if they were not matched at all.
        vulnerability_source: which data, for people. vulnerability_starter: only the set that comes
            with the program.
        vulnerabilities: in order of risk, suppressed ones last.
        uncovered: packages that no advisory could match.
    """

    reference: str
    digest: str
    config_digest: str
    config: ConfigFacts
    layers: tuple[Layer, ...]
    packages: tuple[Package, ...]
    files: tuple[FileFact, ...]
    secrets: tuple[Secret, ...]
    accounts: tuple[Account, ...]
    os_release: OsRelease | None
    unreadable: tuple[Unreadable, ...]
    complete: bool
    entries: int
    uncompressed_bytes: int
    tool_version: str
    scanned_at: str
    repo_tags: tuple[str, ...] = ()
    history: tuple[str, ...] = ()  # created_by of every history line, empty layers included
    pulled_from: str = ""
    vulnerability_data: str = ""
    groups: tuple[Group, ...] = ()
    changes: tuple[PackageChange, ...] = ()
    gone_packages: tuple[GonePackage, ...] = ()
    gone_files: tuple[FileFact, ...] = ()
    claims: FileClaims | None = None
    base: BaseImage | None = None
    executables: tuple[ExecutableFact, ...] = ()
    vulnerability_source: str = ""
    vulnerability_starter: bool = False
    vulnerabilities: tuple[Vulnerability, ...] = ()
    uncovered: tuple[Uncovered, ...] = ()
    secrets_searched: bool = False
