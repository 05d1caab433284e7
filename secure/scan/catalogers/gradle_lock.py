"""Gradle lock files: gradle.lockfile, buildscript-gradle.lockfile, gradle/dependency-locks/*.

Source: Gradle User Manual, "Locking dependency versions", lock file format: one line
"group:artifact:version=configuration,…" (before Gradle 7 without "=…"), comments with "#".
"""

from __future__ import annotations

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked


def parse_lock(file: FileView) -> Found:
    for number, line in enumerate(file.content.split(b"\n"), start=1):
        module, _, _ = text(line).strip().partition("=")
        if not module or module.startswith("#") or module == "empty":
            continue
        parts = module.split(":")
        if len(parts) != 3 or not all(parts):
            yield file.unreadable(f"line {number} is no group:artifact:version")
            return  # another format than Gradle's: one report for the file, not one a line
        group, name, version = parts
        package = Package(
            type="maven",
            namespace=group,
            name=name,
            version=version,
            location=file.location,
            found_by=GRADLE_LOCK.name,
            declared=True,
        )
        yield checked(file, package)


GRADLE_LOCK = Cataloger(
    name="gradle-lock",
    version=1,
    wants=("*/gradle.lockfile", "*/buildscript-gradle.lockfile", "*/dependency-locks/*.lockfile"),
    max_bytes=8 * MIB,
    parse=parse_lock,
    database=False,
)
