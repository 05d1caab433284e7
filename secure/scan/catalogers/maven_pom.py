"""Maven project files outside of archives: what they ask for.

Source: https://maven.apache.org/pom.html. The rest of a dependency's truth lies in parents and
repositories, which a scan does not have: a version that they would tell is reported as unknown.
"""

from __future__ import annotations

from secure.facts.package import Package
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.pom import MAX_BYTES, Pom, parse_pom, resolved
from secure.scan.formats.tree import shown

_NEVER_SHIPPED = frozenset({"test", "import"})  # import: a list of versions, no code


def parse_project(file: FileView, pom: Pom) -> Found:
    for asked in pom.dependencies:
        if asked.scope in _NEVER_SHIPPED:
            continue
        if not all(map(resolved, (asked.group, asked.artifact, asked.version))):
            name = shown(ValueError(f"{asked.group}:{asked.artifact}"))
            version = shown(ValueError(asked.version))
            yield file.unreadable(
                f'the version of "{name}" is not in this file: '
                + (f'it is "{version}"' if version else "a parent or an import has it")
            )
            continue
        yield checked(
            file,
            Package(
                type="maven",
                namespace=asked.group,
                name=asked.artifact,
                version=asked.version,
                location=file.location,
                found_by=MAVEN_POM.name,
                declared=True,
            ),
        )


MAVEN_POM = Cataloger(
    name="maven-pom",
    version=1,
    wants=("*/pom.xml", "*.pom"),
    max_bytes=MAX_BYTES,
    parse=from_tree(parse_pom, parse_project),
    database=False,
)
