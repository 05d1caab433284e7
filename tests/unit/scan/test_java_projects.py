"""Maven project files and Gradle lock files outside of archives."""

from __future__ import annotations

import pytest
from catalogued import catalogued, told

from secure.scan.cataloger import Wanted
from secure.scan.catalogers import CATALOGERS
from secure.scan.formats.pom import parse_pom


def dependency(version: str = "", scope: str = "", artifact: str = "a") -> str:
    return (
        f"<dependency><groupId>g</groupId><artifactId>{artifact}</artifactId>"
        + (f"<version>{version}</version>" if version else "")
        + (f"<scope>{scope}</scope>" if scope else "")
        + "</dependency>"
    )


def project(*dependencies: str, more: str = "") -> str:
    return (
        '<?xml version="1.0"?><project xmlns="http://maven.apache.org/POM/4.0.0">'
        "<parent><groupId>pg</groupId><artifactId>p</artifactId><version>9</version></parent>"
        f"<artifactId>me</artifactId>{more}"
        f"<dependencies>{''.join(dependencies)}</dependencies></project>"
    )


@pytest.mark.parametrize(
    ("version", "more", "expected"),
    [
        ("1.0", "", "1.0"),
        (" 1.0\n", "", "1.0"),
        ("${v}", "<properties><v>2</v></properties>", "2"),
        ("${v}", "<properties><v>${w}.1</v><w>2</w></properties>", "2.1"),
        ("${project.version}", "", "9"),
        ("${project.version}", "<version>3</version>", "3"),
        ("${pom.version}", "<version>3</version>", "3"),
        ("${project.parent.version}", "<version>3</version>", "9"),
    ],
)
def test_versions_are_filled_in_from_the_file_itself(
    version: str, more: str, expected: str
) -> None:
    packages, unreadable = catalogued("src/pom.xml", project(dependency(version), more=more))
    assert told(packages) == [f"maven:g/a@{expected}?"]
    assert unreadable == []


@pytest.mark.parametrize("version", ["", "${elsewhere}", "[1.0,2.0)", "${v}"])
def test_a_version_that_only_others_know_is_reported_and_not_invented(version: str) -> None:
    loop = "<properties><v>${v}</v></properties>"
    packages, (why,) = catalogued("pom.xml", project(dependency(version), more=loop))
    assert packages == []
    assert 'the version of "g:a" is not in this file' in why


def test_managed_versions_of_the_same_file_count() -> None:
    managed = (
        f"<dependencyManagement><dependencies>{dependency('4')}{dependency('5', artifact='b')}"
        "</dependencies></dependencyManagement>"
    )
    packages, _ = catalogued("pom.xml", project(dependency(), more=managed))
    assert told(packages) == ["maven:g/a@4?"]


def test_test_dependencies_never_reach_an_image() -> None:
    assert catalogued("pom.xml", project(dependency("1", "test"))) == ([], [])


def test_properties_that_multiply_stay_small() -> None:
    grows = "".join(f"<p{n}>{f'${{p{n + 1}}}' * 50}</p{n}>" for n in range(40))
    more = f"<properties>{grows}</properties>"
    pom = parse_pom(project(dependency("${p0}"), more=more).encode())
    assert len(pom.dependencies[0].version) <= 8_192


def test_a_gradle_lock_file_lists_its_modules() -> None:
    content = (
        "# This is a Gradle generated file for dependency locking.\n"
        "com.google.guava:guava:31.1-jre=compileClasspath,runtimeClasspath\n"
        "org.x:y:1.0\n"
        "empty=annotationProcessor\n"
    )
    packages, unreadable = catalogued("app/gradle.lockfile", content)
    assert told(packages) == ["maven:com.google.guava/guava@31.1-jre?", "maven:org.x/y@1.0?"]
    assert unreadable == []


def test_a_lock_file_of_another_kind_is_reported_once() -> None:
    packages, unreadable = catalogued("gradle/dependency-locks/x.lockfile", "a=b\n" * 1_000)
    assert (packages, len(unreadable)) == ([], 1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a/b.war", "java-archive"), ("x.jar", "java-archive"), ("pom.xml", "maven-pom"),
     ("root/.m2/a.pom", "maven-pom"), ("gradle.lockfile", "gradle-lock"),
     ("a/dependency-locks/c.lockfile", "gradle-lock"), ("yarn.lockfile", None),
     ("dependency-locks/c.lockfile", "gradle-lock"), ("xdependency-locks/c.lockfile", None)],
)  # fmt: skip
def test_java_files_are_wanted_by_the_right_cataloger(name: str, expected: str | None) -> None:
    found = Wanted(CATALOGERS).cataloger(name.encode())
    assert (found.name if found else None) == expected
