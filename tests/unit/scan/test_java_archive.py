"""What Java archives say about themselves, from the surest to the least."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest
from jars import Entries, archive, coordinates, jar, manifest, properties, read
from scanning import file, layer, scanned

from secure.scan.formats.jar import named_by_file, parse_properties
from secure.scan.formats.manifest import parse_manifest

LANG = properties("org.apache.commons", "commons-lang3", "3.12.0")
CODEC = properties("commons-codec", "commons-codec", "1.15")
CLASS: Entries = {"org/springframework/core/A.class": b"\xca\xfe\xba\xbe"}


def test_properties_that_maven_wrote_name_the_package() -> None:
    (package,), unreadable = read(jar(LANG), "lib/commons-lang3-3.12.0.jar")
    assert unreadable == []
    assert (package.type, package.namespace) == ("maven", "org.apache.commons")
    assert (package.name, package.version) == ("commons-lang3", "3.12.0")
    assert not package.declared


def test_the_digest_of_the_archive_goes_with_the_package_it_is() -> None:
    content = jar(LANG | CODEC)
    packages, _ = read(content, "lib/commons-lang3-3.12.0.jar")
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    sha512 = hashlib.sha512(content).hexdigest()
    assert {p.name: p.hashes for p in packages} == {
        "commons-lang3": (("sha1", sha1), ("sha512", sha512)),
        "commons-codec": (),
    }


def test_a_shaded_archive_holds_every_project_that_is_in_it() -> None:
    packages, _ = read(jar(LANG | CODEC | manifest(Implementation_Title="tool")), "tool-2.0.jar")
    assert coordinates(packages) == {
        ":tool:2.0",
        "org.apache.commons:commons-lang3:3.12.0",
        "commons-codec:commons-codec:1.15",
    }


@pytest.mark.parametrize(
    ("method", "sizes_after"),
    [(zipfile.ZIP_STORED, False), (zipfile.ZIP_DEFLATED, False), (zipfile.ZIP_DEFLATED, True)],
)
def test_nested_archives_are_read_in_place(method: int, sizes_after: bool) -> None:
    inner = jar(LANG)
    war = archive({"WEB-INF/lib/a.jar": inner}, method, sizes_after=sizes_after)
    ear = archive({"web.war": war}, method, sizes_after=sizes_after)
    packages, unreadable = read(ear, "srv/all.ear")
    assert unreadable == []
    assert [p.location.path for p in packages] == ["srv/all.ear!/web.war!/WEB-INF/lib/a.jar"]
    sha1 = hashlib.sha1(inner, usedforsecurity=False).hexdigest()
    assert packages[0].hashes == (("sha1", sha1), ("sha512", hashlib.sha512(inner).hexdigest()))


def test_a_nested_place_survives_the_merge_of_layers(tmp_path: Path) -> None:
    app = jar({"BOOT-INF/lib/commons-lang3-3.12.0.jar": jar(LANG)})
    facts = scanned(tmp_path, [layer(file("etc/x", "1")), layer(file("app.jar", app))])
    (package,) = facts.packages
    assert package.location.path == "app.jar!/BOOT-INF/lib/commons-lang3-3.12.0.jar"
    assert package.location.layer == 1
    assert package.purl == "pkg:maven/org.apache.commons/commons-lang3@3.12.0"


def test_an_archive_larger_than_what_is_held_of_a_file_is_read_as_a_stream(tmp_path: Path) -> None:
    noise = hashlib.shake_128(b"noise").digest(17 << 20)
    app = archive(LANG | {"noise": noise}, zipfile.ZIP_STORED, sizes_after=False)
    facts = scanned(tmp_path, [layer(file("commons-lang3.jar", app))])
    assert [p.name for p in facts.packages] == ["commons-lang3"]
    assert facts.packages[0].hashes[0][1] == hashlib.sha1(app, usedforsecurity=False).hexdigest()
    assert facts.complete
    (unreadable,) = facts.unreadable
    assert unreadable.path == "commons-lang3.jar!/"
    assert "16 MiB were searched for secrets" in unreadable.why


def test_a_start_script_before_the_archive_hides_nothing() -> None:
    packages, unreadable = read(b"#!/bin/bash\nexec java -jar $0\n" * 100 + jar(LANG))
    assert coordinates(packages) == {"org.apache.commons:commons-lang3:3.12.0"}
    assert unreadable == []


def test_a_project_file_gives_licence_and_home_page() -> None:
    pom = (
        "<project><groupId>org.apache.commons</groupId><artifactId>commons-lang3</artifactId>"
        "<version>3.12.0</version><url>https://x.example</url>"
        "<licenses><license><name>Apache-2.0</name></license></licenses></project>"
    )
    place = "META-INF/maven/org.apache.commons/commons-lang3/pom.xml"
    (package,), _ = read(jar(LANG | {place: pom}))
    assert (package.licences, package.homepage) == (("Apache-2.0",), "https://x.example")
    (alone,), _ = read(jar({place: pom}))
    assert (alone.namespace, alone.version) == ("org.apache.commons", "3.12.0")


def test_a_project_file_that_needs_its_parent_names_nothing() -> None:
    pom = "<project><artifactId>a</artifactId><version>${revision}</version></project>"
    packages, _ = read(jar({"META-INF/maven/g/a/pom.xml": pom}), "a-1.0.jar")
    assert coordinates(packages) == {":a:1.0"}


def test_gradle_builds_get_their_group_from_name_and_classes_together() -> None:
    told = manifest(Implementation_Title="spring-core", Implementation_Version="6.1.2")
    (package,), _ = read(jar(told | CLASS), "spring-core-6.1.2.jar")
    assert coordinates([package]) == {"org.springframework:spring-core:6.1.2"}
    (other,), _ = read(jar(told), "spring-core-6.1.2.jar")
    assert (other.type, other.namespace) == ("generic", "")


@pytest.mark.parametrize(
    ("attributes", "name", "expected"),
    [
        ({"Bundle_SymbolicName": "org.x.lib", "Bundle_Version": "1.2"}, "lib-1.2.jar",
         "org.x:lib:1.2"),
        ({"Implementation_Vendor_Id": "org.x", "Implementation_Version": "3"}, "lib.jar",
         "org.x:lib:3"),
        ({"Automatic_Module_Name": "org.x.lib", "Implementation_Version": "3"}, "renamed.jar",
         ":org.x.lib:3"),
        ({"Implementation_Title": "tool", "Implementation_Version": "3"}, "app.jar", ":tool:3"),
        ({"Specification_Version": "2.1"}, "servlet.jar", ":servlet:2.1"),
        ({}, "servlet-4.0.jar", ":servlet:4.0"),
        ({"Implementation_Title": "io.x#core;1.2"}, "core-1.2.jar", "io.x:core:1.2"),
        ({"Implementation_Vendor_Id": "org.hibernate"}, "hibernate-core-5.6.jar",
         "org.hibernate:hibernate-core:5.6"),
        ({"Implementation_Vendor_Id": "org.hibernate"}, "hibernate-core-6.5.jar",
         "org.hibernate.orm:hibernate-core:6.5"),
        ({"Automatic_Module_Name": "spring.boot.starter"}, "spring-boot-starter-3.3.3.jar",
         "org.springframework.boot:spring-boot-starter:3.3.3"),
    ],
)  # fmt: skip
def test_the_manifest_and_the_file_name_are_the_last_sources(
    attributes: dict[str, str], name: str, expected: str
) -> None:
    packages, _ = read(jar(manifest(**attributes)), name)
    assert coordinates(packages) == {expected}


def test_a_repository_path_tells_the_coordinates() -> None:
    packages, _ = read(jar(CLASS), "root/.m2/repository/aopalliance/core/aop/1.0/aop-1.0.jar")
    assert coordinates(packages) == {"aopalliance.core:aop:1.0"}


def test_classes_without_any_version_are_reported_and_not_invented() -> None:
    packages, (unreadable,) = read(jar(CLASS), "app.jar")
    assert packages == []
    assert "nothing in it tells a version" in unreadable.why


def test_an_unfilled_version_is_reported() -> None:
    packages, (unreadable,) = read(jar(properties("g", "a", "${project.version}")))
    assert packages == []
    assert "is no name and version" in unreadable.why


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("guava-31.1-jre", ("guava", "31.1-jre")),
        ("log4j-1.2-api-2.17.1", ("log4j-1.2-api", "2.17.1")),
        ("commons-lang3-3.12.0", ("commons-lang3", "3.12.0")),
        ("a-1.0-20200101.120000-1", ("a", "1.0-20200101.120000-1")),
        ("a-1.0-SNAPSHOT", ("a", "1.0-SNAPSHOT")),
        ("app", ("app", "")),
        ("my-app", ("my-app", "")),
        ("beta-rc1", ("beta-rc1", "")),
        ("1.0", ("1.0", "")),
    ],
)
def test_a_file_name_is_cut_where_its_version_begins(stem: str, expected: tuple[str, str]) -> None:
    assert named_by_file(stem) == expected


def test_long_manifest_lines_are_joined_and_the_main_section_ends_at_an_empty_line() -> None:
    raw = b"Manifest-Version: 1.0\r\nBundle-Name: ab\r\n cd\r\n\r\nName: x\r\nBundle-Version: 9\r\n"
    assert parse_manifest(raw) == {"manifest-version": "1.0", "bundle-name": "abcd"}


def test_comments_in_properties_are_no_properties() -> None:
    raw = b"#version=9\n!groupId=evil\ngroupId = g\nartifactId=a\r\nversion=1\n"
    assert parse_properties(raw) == ("g", "a", "1")


def test_a_damaged_archive_makes_the_facts_incomplete_until_it_is_removed(tmp_path: Path) -> None:
    broken = layer(file("app/a.war", jar({"lib/b.jar": jar(LANG)[:-30]})))
    facts = scanned(tmp_path, [broken])
    assert not facts.complete
    assert [(item.path, item.why[:12]) for item in facts.unreadable] == [
        ("app/a.war", "!/lib/b.jar:")
    ]
    assert scanned(tmp_path, [broken, layer(file("app/.wh.a.war"))]).complete


def test_an_application_without_a_version_is_said_and_stays_complete(tmp_path: Path) -> None:
    facts = scanned(tmp_path, [layer(file("app.jar", jar(CLASS)))])
    assert facts.complete
    assert [item.path for item in facts.unreadable] == ["app.jar!/META-INF/MANIFEST.MF"]
