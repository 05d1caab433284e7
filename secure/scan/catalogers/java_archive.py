"""Java archives: jar, war, ear and their like, with the archives inside them.

Sources: JAR File Specification; Maven Archiver (pom.properties); Spring Boot, "The Executable Jar
Format"; PKWARE APPNOTE (secure/scan/formats/zip.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from secure.errors import ArchiveError, InputError
from secure.facts.image import Unreadable
from secure.facts.location import Location, text
from secure.facts.package import Package
from secure.oci.limits import GIB, KIB, MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.integrity import Hashes
from secure.scan.formats.jar import JarContent, Project, parse_properties, projects
from secure.scan.formats.manifest import parse_manifest
from secure.scan.formats.pom import parse_pom
from secure.scan.formats.tree import named, shown
from secure.scan.formats.zip import Budget, BudgetSpentError, Member, ZipStream
from secure.scan.layer_facts import Record

_ENDS = (".jar", ".war", ".ear", ".jpi", ".hpi", ".par", ".sar", ".nar", ".kar")
_ARCHIVES = tuple(end.encode() for end in _ENDS)
_MANIFEST = b"META-INF/MANIFEST.MF"
_MAVEN = b"META-INF/maven/"
_MANIFEST_BYTES = 4 * MIB  # signed archives list every entry: 1 MiB is usual
_PROPERTIES_BYTES = 64 * KIB
_POM_BYTES = 1 * MIB
_MOST_FOLDERS = 256
_MOST_PROJECTS = 20_000  # of one file; a hostile archive could name one in every entry

Found = Record | Unreadable


def parse_archive(file: FileView) -> Iterator[Found]:
    yield from _Walk(file).archive(file.chunks(), text(file.name), 0)


class _Walk:
    """One file and the archives inside it; they share a budget."""

    def __init__(self, file: FileView) -> None:
        self._file = file
        self._budget = Budget(text(file.name))
        self._projects = 0

    def archive(self, chunks: Iterator[bytes], where: str, depth: int) -> Iterator[Found]:
        """The packages of one archive, and of those in it.

        A spent budget ends the whole file: it is raised through to the outermost archive.
        """
        jar = JarContent(where.rpartition("/")[2].rpartition(".")[0], where)
        hashes: Hashes = ()
        # Maven repositories are searched by the first, BSI TR-03183-2 asks for the second.
        digests = hashlib.sha1(usedforsecurity=False), hashlib.sha512(usedforsecurity=False)
        try:
            self._budget.archive(depth)
            # A digest is of the whole archive, so what follows its end is read too.
            hashed = _seen_by(digests, chunks)
            members = ZipStream(hashed, self._budget)
            for member in members:
                yield from self._member(member, jar, where, depth)
            for _ in hashed:
                pass
            yield from (self._unreadable(where, fault) for fault in members.faults)
            hashes = tuple((one.name, one.hexdigest()) for one in digests)
        except (ArchiveError, BudgetSpentError) as cause:
            if depth and isinstance(cause, BudgetSpentError):
                raise
            yield self._unreadable(where, cause.what)
        yield from self._packages(jar, where, hashes)

    def _member(self, member: Member, jar: JarContent, where: str, depth: int) -> Iterator[Found]:
        name = member.name
        try:
            if name.lower().endswith(_ARCHIVES):
                yield from self.archive(member.chunks(), f"{where}!/{text(name)}", depth + 1)
            elif name == _MANIFEST:
                jar.manifest = parse_manifest(member.read(_MANIFEST_BYTES))
            elif name.startswith(_MAVEN) and name.endswith(b"/pom.properties"):
                self._count_project()
                jar.properties.append(parse_properties(member.read(_PROPERTIES_BYTES)))
            elif name.startswith(_MAVEN) and name.endswith(b"/pom.xml"):
                self._count_project()
                jar.poms.append(parse_pom(member.read(_POM_BYTES)))
            elif (
                name.endswith((b".class", b".kotlin_metadata")) and len(jar.folders) < _MOST_FOLDERS
            ):
                jar.folders.add("/".join(text(name).split("/")[:-1][:3]))
        except BudgetSpentError:
            raise
        except ArchiveError as cause:
            yield self._unreadable(where, cause.what)
        except InputError as cause:
            # A licence may be lost with a project file, but no package.
            yield Unreadable(f"{where}!/{text(name)}", 0, cause.what)

    def _count_project(self) -> None:
        self._projects += 1
        if self._projects > _MOST_PROJECTS:
            raise BudgetSpentError("jar projects", text(self._file.name), f"{_MOST_PROJECTS}")

    def _packages(self, jar: JarContent, where: str, hashes: Hashes) -> Iterator[Found]:
        main, shaded = projects(jar)
        if main is not None:
            yield self._package(main, where, hashes)
        for project in shaded:
            yield self._package(project, where, ())
        if main is None and not shaded and jar.folders:
            # Said of the manifest: an application's own archive is no damaged database.
            yield Unreadable(
                f"{where}!/{_MANIFEST.decode()}",
                0,
                "the archive holds classes, and nothing in it tells a version",
            )

    def _package(self, project: Project, where: str, hashes: Hashes) -> Found:
        if not named(project.artifact, project.version) or "${" in project.version:
            asked = shown(ValueError(f"{project.artifact} {project.version}"))
            return self._unreadable(where, f'"{asked}" is no name and version of a package')
        return Record(
            Package(
                type="maven" if project.group else "generic",
                namespace=project.group,
                name=project.artifact,
                version=project.version,
                location=Location(where, 0),
                found_by=JAVA_ARCHIVE.name,
                licences=project.licences,
                maintainer=project.vendor,
                homepage=project.homepage,
                hashes=hashes,
            )
        )

    def _unreadable(self, where: str, why: str) -> Unreadable:
        """Said of the outermost file: that is what a later layer may remove."""
        inner = where.removeprefix(text(self._file.name))
        return self._file.unreadable(f"{inner}: {why}" if inner else why)


def _seen_by(digests: Iterable[hashlib._Hash], chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for digest in digests:
            digest.update(chunk)
        yield chunk


JAVA_ARCHIVE = Cataloger(
    name="java-archive",
    version=3,
    wants=tuple("*" + end for end in _ENDS),
    max_bytes=4 * GIB,  # streamed; what is unpacked has bounds of its own
    parse=parse_archive,
    streamed=True,
)
