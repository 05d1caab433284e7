"""The tuple of catalogers, and what each reads from small databases."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from scanning import apk_record, dpkg_record

import secure.scan.catalogers
from secure.facts.image import Unreadable
from secure.scan.cataloger import Cataloger, FileView, Wanted
from secure.scan.catalogers import CATALOGERS
from secure.scan.catalogers.apk import parse_installed
from secure.scan.catalogers.dpkg import parse_status
from secure.scan.catalogers.python_dist import parse_metadata
from secure.scan.layer_facts import Record
from secure.scan.owned_files import OwnedFiles

STATUS = b"var/lib/dpkg/status"
APK_DB = b"lib/apk/db/installed"
METADATA = b"usr/lib/python3/site-packages/a.dist-info/METADATA"


def dpkg(text: str, name: bytes = STATUS) -> list[Record | Unreadable]:
    found = parse_status(FileView(name, text.encode()))
    return [item for item in found if not isinstance(item, OwnedFiles)]


def apk(text: str) -> list[Record | Unreadable]:
    return list(parse_installed(FileView(APK_DB, text.encode())))


def python(text: str) -> list[Record | Unreadable]:
    return list(parse_metadata(FileView(METADATA, text.encode())))


def only(found: list[Record | Unreadable]) -> Record:
    (record,) = found
    assert isinstance(record, Record)
    return record


def test_the_list_in_the_documentation_names_every_cataloger_and_no_other() -> None:
    table = (Path(__file__).parents[3] / "docs/packages.md").read_text().partition("|---|")[2]
    programs = {"go-binary", "rust-binary", "pe-version", "binary-classifier", "elf-note"}
    named = set(re.findall(r"`([a-z-]+)`", table.partition("\n\n")[0]))
    assert named == {one.name for one in CATALOGERS} | programs


def test_every_cataloger_file_is_in_the_tuple() -> None:
    (folder,) = secure.scan.catalogers.__path__
    names = sorted(p.stem for p in Path(folder).glob("*.py") if p.stem != "__init__")
    declared = [
        item
        for name in names
        for item in vars(import_module(f"secure.scan.catalogers.{name}")).values()
        if isinstance(item, Cataloger)
    ]
    assert {c.name for c in declared} == {c.name for c in CATALOGERS}
    assert len({c.name for c in CATALOGERS}) == len(CATALOGERS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"var/lib/dpkg/status", "dpkg-db"),
        (b"var/lib/dpkg/status.d/base", "dpkg-db"),
        (b"var/lib/dpkg/status-old", None),
        (b"lib/apk/db/installed", "apk-db"),
        (b"usr/lib/apk/db/installed", "apk-db"),
        (b"opt/lib/apk/db/installed", None),
        (b"opt/venv/lib/x.dist-info/METADATA", "python-dist"),
        (b"usr/lib/python3/dist-packages/x-1.egg-info", "python-dist"),
        (b"usr/lib/x.egg-info/PKG-INFO", "python-dist"),
        (b"src/METADATA", None),
        (b"status", None),
    ],
)
def test_a_name_is_wanted_by_the_right_cataloger(name: bytes, expected: str | None) -> None:
    found = Wanted(CATALOGERS).cataloger(name)
    assert (found.name if found else None) == expected


def test_dpkg_source_has_its_own_version() -> None:
    record = only(dpkg(dpkg_record("libc6", "2.36-9+b1", "Source: glibc (2.36-9)")))
    assert (record.package.source, record.package.source_version) == ("glibc", "2.36-9")


def test_dpkg_source_without_a_version_has_the_version_of_the_package() -> None:
    record = only(dpkg(dpkg_record("bsdutils", "1:2.41", "Source: util-linux")))
    assert (record.package.source, record.package.source_version) == ("util-linux", "1:2.41")


def test_dpkg_dependencies_lose_versions_architectures_and_keep_alternatives() -> None:
    lines = (
        "Pre-Depends: libc6 (>= 2.34)",
        "Depends: perl:any, mawk | awk,",
        "Provides: a (= 1), b",
    )
    record = only(dpkg(dpkg_record("x", "1", *lines)))
    assert record.needs == (("libc6",), ("perl",), ("mawk", "awk"))
    assert record.provides == ("a", "b")


@pytest.mark.parametrize("state", ["not-installed", "config-files"])
def test_dpkg_packages_that_are_gone_are_left_out(state: str) -> None:
    assert dpkg(dpkg_record("x", "1", state=f"deinstall ok {state}")) == []


@pytest.mark.parametrize(
    "state", ["unpacked", "half-configured", "triggers-awaited", "triggers-pending"]
)
def test_dpkg_packages_with_files_on_disk_count(state: str) -> None:
    assert only(dpkg(dpkg_record("x", "1", state=f"install ok {state}"))).package.name == "x"


def test_a_half_installed_package_counts_and_is_reported() -> None:
    unreadable, record = dpkg(dpkg_record("x", "1", state="install reinstreq half-installed"))
    assert isinstance(unreadable, Unreadable)
    assert "half-installed" in unreadable.why
    assert isinstance(record, Record)


def test_an_unknown_dpkg_state_is_reported_and_the_package_kept() -> None:
    unreadable, record = dpkg(dpkg_record("x", "1", state="install ok melted"))
    assert isinstance(unreadable, Unreadable)
    assert isinstance(record, Record)


def test_a_distroless_record_needs_no_status() -> None:
    found = dpkg("Package: base\nVersion: 1\n", b"var/lib/dpkg/status.d/base")
    assert only(found).package.name == "base"


def test_checksum_lists_of_distroless_are_no_records() -> None:
    content = "d41d8cd98f00b204e9800998ecf8427e  usr/bin/x\n"
    assert dpkg(content, b"var/lib/dpkg/status.d/base.md5sums") == []


def test_a_dpkg_record_without_version_is_reported_with_its_number() -> None:
    (found,) = dpkg("Package: x\nStatus: install ok installed\n")
    assert isinstance(found, Unreadable)
    assert "record 1" in found.why


def test_a_field_said_twice_counts_once() -> None:
    assert only(dpkg(dpkg_record("x", "1", "Version: 2"))).package.version == "1"


def test_a_continued_line_is_no_field() -> None:
    record = only(dpkg(dpkg_record("x", "1", "Description: y", " Source: evil")))
    assert record.package.source == "x"


def test_windows_line_ends_are_read() -> None:
    assert only(dpkg(dpkg_record("x", "1").replace("\n", "\r\n"))).package.version == "1"


def test_apk_dependencies_keep_their_kind_and_lose_their_version() -> None:
    lines = ("D:so:libc.musl-x86_64.so.1 musl>=1.2 !evil /bin/sh", "p:cmd:ls=1 so:libx.so.1=1.0")
    record = only(apk(apk_record("x", "1-r0", *lines)))
    assert record.needs == (("so:libc.musl-x86_64.so.1",), ("musl",), ("/bin/sh",))
    assert record.provides == ("cmd:ls", "so:libx.so.1")


def test_apk_letters_are_told_apart_by_case() -> None:
    record = only(apk(apk_record("x", "1", "o:origin", "L:MIT", "m:A <a@b>", "a:0:0:755", "Z:Q1")))
    package = record.package
    assert (package.arch, package.source, package.licences) == ("x86_64", "origin", ("MIT",))


def test_an_apk_record_without_a_name_is_reported() -> None:
    found = apk("V:1\n\n" + apk_record("y", "2"))
    assert [type(item) for item in found] == [Unreadable, Record]


def test_python_names_are_normalised() -> None:
    assert only(python("Name: Foo._Bar\nVersion: 1.0\n\nbody")).package.name == "foo-bar"


def test_python_fields_after_the_header_do_not_count() -> None:
    (found,) = python("Name: x\n\nVersion: 1\n")
    assert isinstance(found, Unreadable)


def test_python_requirements_of_extras_are_no_dependencies() -> None:
    lines = "Requires-Dist: Zope.Interface (>=1)\nRequires-Dist: x; extra == 'dev'\n"
    record = only(python(f"Name: a\nVersion: 1\n{lines}"))
    assert record.needs == (("zope-interface",),)


def test_a_licence_expression_is_preferred_and_a_licence_text_ignored() -> None:
    first = only(python("Name: a\nVersion: 1\nLicense: x\nLicense-Expression: MIT\n"))
    second = only(python(f"Name: a\nVersion: 1\nLicense: {'text ' * 50}\n"))
    assert (first.package.licences, second.package.licences) == (("MIT",), ())
