"""Archives that Maven builds, read by the cataloger: Maven's own list is the oracle."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from catalogued import catalogued, told
from jars import coordinates, read

# Built by Maven, by Gradle with and without plugins, for OSGi and not; with jars in jars and
# shaded ones inside (netty-common holds jctools-core).
WANTED = (
    "com.fasterxml.jackson.core:jackson-databind:2.17.2",
    "com.google.guava:guava:33.8.0-jre",
    "com.squareup.okhttp3:okhttp:4.12.0",
    "commons-io:commons-io:2.22.0",
    "io.netty:netty-handler:4.1.112.Final",
    "org.apache.kafka:kafka-clients:3.7.1",
    "org.apache.logging.log4j:log4j-core:2.26.1",
    "org.hibernate.orm:hibernate-core:6.5.2.Final",
    "org.springframework.boot:spring-boot-starter-security:3.3.3",
)
_PLUGIN = """
<plugin><groupId>org.apache.maven.plugins</groupId><artifactId>maven-{name}-plugin</artifactId>
<version>{version}</version><configuration>{configuration}</configuration>{more}</plugin>
"""
_SHADE = "<executions><execution><phase>package</phase><goals><goal>shade</goal></goals></execution></executions>"  # noqa: E501
LIST = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:list"


def project_file() -> str:
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
        f"<version>{version}</version></dependency>"
        for group, artifact, version in (one.split(":") for one in WANTED)
    )
    war = _PLUGIN.format(
        name="war", version="3.4.0", more="",
        configuration="<failOnMissingWebXml>false</failOnMissingWebXml>",
    )  # fmt: skip
    shade = _PLUGIN.format(
        name="shade", version="3.6.0", more=_SHADE,
        configuration="<shadedArtifactAttached>true</shadedArtifactAttached>",
    )  # fmt: skip
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>t.x</groupId><artifactId>app</artifactId><version>1.0</version>"
        f"<dependencies>{dependencies}</dependencies>"
        f"<build><plugins>{war}{shade}</plugins></build></project>"
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with target/app-1.0.war, target/app-1.0-shaded.jar and list.txt."""
    if shutil.which("mvn") is None:
        pytest.skip("no mvn here")
    folder = tmp_path_factory.mktemp("maven")
    (folder / "pom.xml").write_text(project_file())
    command = ["mvn", "-q", "-B", "package", "war:war", LIST, "-DincludeScope=runtime"]
    run = subprocess.run(
        [*command, f"-DoutputFile={folder / 'list.txt'}"],
        cwd=folder, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    if run.returncode != 0:
        pytest.skip(f"Maven could not build: {run.stdout[-300:]}")
    return folder


def expected(built: Path) -> set[str]:
    """group:artifact:version of Maven's list; a line is group:artifact:jar:version:scope …"""
    lines = (line.split() for line in (built / "list.txt").read_text().splitlines())
    parts = [words[0].split(":") for words in lines if words and words[0].count(":") >= 4]
    return {":".join((*one[:2], one[-2])) for one in parts}


def test_a_war_holds_what_maven_lists_and_nothing_else(built: Path) -> None:
    packages, unreadable = read((built / "target/app-1.0.war").read_bytes(), "srv/app-1.0.war")
    itself, shaded = "t.x:app:1.0", "org.jctools:jctools-core:4.0.5"
    assert unreadable == []
    assert len(expected(built)) > 50
    assert coordinates(packages) - {itself, shaded} == expected(built)
    assert {p.location.path.partition("!/")[0] for p in packages} == {"srv/app-1.0.war"}


def test_a_shaded_jar_holds_every_project_that_says_so(built: Path) -> None:
    """Of jars without pom.properties only classes are left in it; the war shows them."""
    content = built / "target/app-1.0-shaded.jar"
    packages, unreadable = read(content.read_bytes(), "app-1.0-shaded.jar")
    with zipfile.ZipFile(content) as opened:
        said = {
            tuple(name.split("/")[2:4]) for name in opened.namelist()
            if name.startswith("META-INF/maven/") and name.endswith("/pom.properties")
        }  # fmt: skip
    assert unreadable == []
    assert len(said) > 15
    assert {(p.namespace, p.name) for p in packages} == said


def test_every_digest_is_that_of_the_jar_maven_fetched(built: Path) -> None:
    packages, _ = read((built / "target/app-1.0.war").read_bytes(), "app-1.0.war")
    repository = Path.home() / ".m2" / "repository"
    checked = 0
    for package in packages:
        place = repository / package.namespace.replace(".", "/") / package.name / package.version
        recorded = place / f"{package.name}-{package.version}.jar.sha1"
        if package.hashes and recorded.is_file():
            assert package.hashes[0] == ("sha1", recorded.read_text().split()[0])
            checked += 1
    assert checked > 30


def test_a_project_file_asks_for_what_was_written_in_it(built: Path) -> None:
    packages, unreadable = catalogued("src/pom.xml", (built / "pom.xml").read_bytes())
    asked = {one.rpartition(":")[0].replace(":", "/") + "@" + one.rpartition(":")[2]
             for one in WANTED}  # fmt: skip
    assert unreadable == []
    assert set(told(packages)) == {f"maven:{one}?" for one in asked}
