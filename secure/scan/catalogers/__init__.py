"""All catalogers, one file each. A new one is added here and nowhere else."""

from __future__ import annotations

from secure.scan.catalogers.apk import APK
from secure.scan.catalogers.dpkg import DPKG
from secure.scan.catalogers.gradle_lock import GRADLE_LOCK
from secure.scan.catalogers.java_archive import JAVA_ARCHIVE
from secure.scan.catalogers.maven_pom import MAVEN_POM
from secure.scan.catalogers.python_dist import PYTHON_DIST

CATALOGERS = (
    APK,
    DPKG,
    GRADLE_LOCK,
    JAVA_ARCHIVE,
    MAVEN_POM,
    PYTHON_DIST,
)
