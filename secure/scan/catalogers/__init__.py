"""All catalogers, one file each. A new one is added here and nowhere else."""

from __future__ import annotations

from secure.scan.catalogers.apk import APK
from secure.scan.catalogers.cargo_lock import CARGO_LOCK
from secure.scan.catalogers.dotnet_deps import DOTNET_DEPS
from secure.scan.catalogers.dpkg import DPKG
from secure.scan.catalogers.go_mod import GO_MOD
from secure.scan.catalogers.gradle_lock import GRADLE_LOCK
from secure.scan.catalogers.java_archive import JAVA_ARCHIVE
from secure.scan.catalogers.maven_pom import MAVEN_POM
from secure.scan.catalogers.nuget_lock import NUGET_LOCK
from secure.scan.catalogers.program_scripts import PROGRAM_SCRIPTS
from secure.scan.catalogers.python_dist import PYTHON_DIST

CATALOGERS = (
    APK,
    CARGO_LOCK,
    DOTNET_DEPS,
    DPKG,
    GO_MOD,
    GRADLE_LOCK,
    JAVA_ARCHIVE,
    MAVEN_POM,
    NUGET_LOCK,
    PROGRAM_SCRIPTS,
    PYTHON_DIST,
)
