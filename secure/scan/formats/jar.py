"""Which Maven projects one Java archive holds, from what the archive says about itself.

In order of trust: pom.properties that Maven wrote at build time, pom.xml beside it, the manifest,
the file name. A group is never guessed from a name alone: without one the package has no Maven
coordinates and is told as generic.
"""

from __future__ import annotations

import re

import msgspec

from secure.scan.formats.pom import Pom, resolved

# Words that go on a version ("31.1-jre"); others begin a classifier or belong to the name.
_QUALIFIER = re.compile(
    r"(?:alpha|beta|b|m|rc|cr|sp|ga|final|release|snapshot|pre|preview|incubating|jre|android|v)"
    r"[\d.]*",
    re.IGNORECASE,
)
_GROUP = re.compile(r"[a-z][\w-]*(?:\.[\w-]+)+", re.ASCII)
# Gradle's Nebula plugins: Implementation-Title: group#artifact;version
_NEBULA = re.compile(r"([\w.-]{1,200})#([\w.-]{1,200});(.{1,200})")
# Gradle builds write no pom.properties. Group by the artifact's beginning and one further sign: a
# folder of its classes, its module name with slashes, its vendor, or "version/MAJOR" where a group
# was renamed. The first row that fits counts.
_GROUPS = (
    ("spring-boot", ("org/springframework/boot", "spring/boot"), "org.springframework.boot"),
    ("spring-security", ("org/springframework/security",), "org.springframework.security"),
    ("spring-cloud", ("org/springframework/cloud",), "org.springframework.cloud"),
    ("spring-data", ("org/springframework/data",), "org.springframework.data"),
    ("spring-kafka", ("org/springframework/kafka",), "org.springframework.kafka"),
    ("spring-session", ("org/springframework/session",), "org.springframework.session"),
    ("spring-", ("org/springframework", "spring/jcl"), "org.springframework"),
    ("hibernate-commons-annotations", ("org/hibernate",), "org.hibernate.common"),
    ("hibernate-", ("version/6", "version/7"), "org.hibernate.orm"),  # 6.0 migration guide
    ("kotlin-", ("kotlin", "JetBrains"), "org.jetbrains.kotlin"),
    ("okhttp", ("okhttp3",), "com.squareup.okhttp3"),
    ("okio", ("okio",), "com.squareup.okio"),
    ("micrometer-", ("io/micrometer",), "io.micrometer"),
    ("reactor-netty", ("reactor/netty",), "io.projectreactor.netty"),
    ("reactor-", ("reactor",), "io.projectreactor"),
    ("elasticsearch", ("org/elasticsearch",), "org.elasticsearch"),
    ("kafka-clients", ("org/apache/kafka",), "org.apache.kafka"),
    ("lz4-java", ("net/jpountz",), "org.lz4"),
    ("groovy", ("org/codehaus/groovy",), "org.apache.groovy"),
    ("junit-jupiter", ("org/junit/jupiter",), "org.junit.jupiter"),
)


class Project(msgspec.Struct, frozen=True):
    """One Maven project in an archive; `group` is "" where nothing names it."""

    group: str
    artifact: str
    version: str
    licences: tuple[str, ...] = ()
    homepage: str = ""
    vendor: str = ""


class JarContent(msgspec.Struct):
    """What was read of one archive that speaks about what it is.

    Args:
        stem: its file name without directories and the last ending.
        manifest: main attributes, names in lower case.
        properties: pom.properties as (groupId, artifactId, version).
        poms: every pom.xml below META-INF/maven.
        folders: the first directories of its classes, up to three levels each.
        place: its path, which tells the coordinates inside a Maven repository.
    """

    stem: str
    place: str = ""
    manifest: dict[str, str] = {}
    properties: list[tuple[str, str, str]] = []
    poms: list[Pom] = []
    folders: set[str] = set()


def projects(jar: JarContent) -> tuple[Project | None, list[Project]]:
    """The project that the archive is, if that can be told, and those shaded into it."""
    listed = [_described(one, jar) for one in dict.fromkeys(jar.properties)]
    for pom in jar.poms:
        known = any((pom.group, pom.artifact) == (one.group, one.artifact) for one in listed)
        if not known and all(map(resolved, (pom.group, pom.artifact, pom.version))):
            listed.append(_from_pom(pom))
    main = _main(jar, listed)
    if main is not None:
        return main, [one for one in listed if one is not main]
    told = _from_repository(jar) or _from_manifest(jar)
    # A shaded archive with a manifest of its own; the same name would be one of them again.
    if told is not None and any(one.artifact == told.artifact for one in listed):
        told = None
    return told, listed


def parse_properties(content: bytes) -> tuple[str, str, str]:
    """groupId, artifactId and version of a pom.properties (java.util.Properties, as Maven uses)."""
    found: dict[str, str] = {}
    for line in content.decode("utf-8", "replace").splitlines():
        key, _, value = line.partition("=")
        if not line.startswith(("#", "!")):
            found[key.strip()] = value.strip()
    return found.get("groupId", ""), found.get("artifactId", ""), found.get("version", "")


def named_by_file(stem: str) -> tuple[str, str]:
    """Name and version of "guava-31.1-jre"; no version where none can be told for sure."""
    words = stem.split("-")
    start = len(words)
    while start > 1 and (words[start - 1][:1].isdigit() or _QUALIFIER.fullmatch(words[start - 1])):
        start -= 1
    while start < len(words) and not words[start][:1].isdigit():
        start += 1
    return "-".join(words[:start]), "-".join(words[start:])


def _from_repository(jar: JarContent) -> Project | None:
    """Maven 2 repository layout: repository/GROUP/AS/FOLDERS/ARTIFACT/VERSION/ARTIFACT-VERSION."""
    folders = jar.place.split("/")[:-1]
    roots = [at for at, name in enumerate(folders) if name in {"repository", "maven-repo", "repo"}]
    if not roots or len(folders) - roots[-1] < 4:
        return None
    *group, artifact, version = folders[roots[-1] + 1 :]
    if not (jar.stem + "-").startswith(f"{artifact}-{version}-"):
        return None
    return Project(".".join(group), artifact, version)


def _main(jar: JarContent, listed: list[Project]) -> Project | None:
    """The project whose artifact the file is called by; else the only one there is."""
    called = [
        one for one in listed if jar.stem == one.artifact or jar.stem.startswith(one.artifact + "-")
    ]
    if called:
        return max(called, key=lambda one: len(one.artifact))
    return listed[0] if len(listed) == 1 and not _from_manifest_names_another(jar, listed) else None


def _from_manifest_names_another(jar: JarContent, listed: list[Project]) -> bool:
    told = _from_manifest(jar)
    return told is not None and told.artifact != listed[0].artifact


def _from_manifest(jar: JarContent) -> Project | None:
    get = jar.manifest.get
    title, vendor = get("implementation-title", ""), get("implementation-vendor", "")
    if nebula := _NEBULA.fullmatch(title):
        return Project(nebula[1], nebula[2], nebula[3], vendor=vendor)
    symbolic = get("bundle-symbolicname", "").partition(";")[0].strip()
    name, version = named_by_file(jar.stem)
    if not version:
        # The file was renamed ("app.jar"): what the build wrote is a better name.
        usable = title if title and not re.search(r"[\s:${}]", title) else ""
        name = usable or symbolic or get("automatic-module-name", "") or jar.stem
        keys = ("implementation-version", "bundle-version", "specification-version")
        version = next((told for key in keys if (told := get(key, ""))), "")
    if not version:
        return None
    return Project(_group(jar, name, version, symbolic), name, version, vendor=vendor)


def _group(jar: JarContent, artifact: str, version: str, symbolic: str) -> str:
    signs = {
        *jar.folders,
        jar.manifest.get("automatic-module-name", "").replace(".", "/"),
        jar.manifest.get("implementation-vendor", ""),
        f"version/{version.partition('.')[0]}",
    }
    for beginning, wanted, group in _GROUPS:
        if artifact.startswith(beginning) and any(
            (sign + "/").startswith(one + "/") for sign in signs for one in wanted
        ):
            return group
    stated = jar.manifest.get("implementation-vendor-id", "")
    if _GROUP.fullmatch(stated):
        return stated
    if symbolic.endswith("." + artifact):  # the bundle plugin's rule: groupId.artifactId
        return symbolic.removesuffix("." + artifact)
    return ""


def _described(found: tuple[str, str, str], jar: JarContent) -> Project:
    same = (pom for pom in jar.poms if (pom.group, pom.artifact) == found[:2])
    pom = next(same, None)
    return Project(*found, licences=pom.licences, homepage=pom.homepage) if pom else Project(*found)


def _from_pom(pom: Pom) -> Project:
    return Project(pom.group, pom.artifact, pom.version, pom.licences, pom.homepage)
