"""Packages that only the notes of programs tell of, in programs that ld writes notes into here."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from programs import Read, compiled_c, run, tool
from scanning import dpkg_record, file, layer, scanned

from secure.facts.executable import PackageNote
from secure.facts.image import ImageFacts
from secure.facts.package import Package
from secure.images.write import LayerContent, NewFile
from secure.vulns.names import Asked, NotAsked, questions
from secure.vulns.releases import release_of

WOLFI = {"type": "apk", "os": "wolfi", "name": "openssl", "version": "3.6.0-r0",
         "architecture": "x86_64"}  # fmt: skip
FEDORA = {"type": "rpm", "name": "coreutils", "version": "9.4-7.fc40", "architecture": "x86_64",
          "osCpe": "cpe:/o:fedoraproject:fedora:40"}  # fmt: skip
DEBIAN = {"type": "deb", "os": "Debian", "name": "glibc", "version": "2.36-9+deb12u1",
          "architecture": "amd64", "debugInfoUrl": "https://debuginfod.debian.net"}  # fmt: skip
ALPINE_320 = file("etc/os-release", "ID=alpine\nVERSION_ID=3.20.3\n")
DEBIAN_12 = file("etc/os-release", "ID=debian\nVERSION_ID=12\n")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    if "--package-metadata" not in run([tool("ld"), "--help"], Path("/")):
        pytest.skip("this ld writes no package notes")
    folder = tmp_path_factory.mktemp("notes")
    told = {"wolfi": WOLFI, "fedora": FEDORA, "debian": DEBIAN}
    return {name: noted_program(folder, json.dumps(note)) for name, note in told.items()}


def noted_program(folder: Path, note: str) -> bytes:
    return compiled_c(folder, "-Xlinker", f"--package-metadata={note}")


def by_notes(facts: ImageFacts) -> list[Package]:
    return [one for one in facts.packages if one.found_by == "elf-note"]


def image(folder: Path, *files: NewFile, below: tuple[LayerContent, ...] = ()) -> ImageFacts:
    return scanned(folder, [*below, layer(*files)])


@pytest.mark.parametrize(
    ("name", "purl"),
    [
        ("wolfi", "pkg:apk/wolfi/openssl@3.6.0-r0?arch=x86_64&distro=wolfi"),
        ("fedora", "pkg:rpm/fedora/coreutils@9.4-7.fc40?arch=x86_64&distro=fedora-40"),
        ("debian", "pkg:deb/debian/glibc@2.36-9%2Bdeb12u1?arch=amd64&distro=debian"),
    ],
)
def test_a_program_that_no_database_knows_names_its_package_and_distribution(
    tmp_path: Path, programs: dict[str, bytes], name: str, purl: str
) -> None:
    facts = image(tmp_path, DEBIAN_12, file("opt/app/libx.so.1", programs[name]))
    (package,) = by_notes(facts)
    assert package.purl == purl
    assert package.location.path == "opt/app/libx.so.1"
    assert facts.unreadable == ()


def test_programs_of_one_package_are_one_in_several_places(
    tmp_path: Path, programs: dict[str, bytes]
) -> None:
    below = (layer(file("b/one", programs["wolfi"]), file("b/gone", programs["wolfi"])),)
    facts = image(tmp_path, file("a/two", programs["wolfi"]), file("b/.wh.gone"), below=below)
    (package,) = by_notes(facts)
    places = [(one.path, one.layer) for one in (package.location, *package.also_at)]
    assert places == [("a/two", 1), ("b/one", 0)]
    assert facts.changes == ()


def test_what_a_database_has_is_not_told_again(tmp_path: Path, programs: dict[str, bytes]) -> None:
    library = "usr/lib/x86_64-linux-gnu/libc.so.6"
    record = dpkg_record("libc6", "2.36-9+deb12u1", "Source: glibc")
    status = file("var/lib/dpkg/status", record)
    facts = image(tmp_path, DEBIAN_12, status, file(library, programs["debian"]))
    assert [(one.name, one.found_by) for one in facts.packages] == [("libc6", "dpkg-db")]


def test_an_owned_program_is_told_by_its_owner_alone(
    tmp_path: Path, programs: dict[str, bytes]
) -> None:
    status = file("var/lib/dpkg/status", dpkg_record("rebuilt", "1.0"))
    owned = file("var/lib/dpkg/info/rebuilt.list", "/.\n/usr/bin/x\n")
    facts = image(tmp_path, DEBIAN_12, status, owned, file("usr/bin/x", programs["debian"]))
    assert by_notes(facts) == []
    assert [one.note is not None for one in facts.executables] == [True]


def test_versions_of_another_distribution_are_not_compared_with_this_ones(
    tmp_path: Path, programs: dict[str, bytes]
) -> None:
    (package,) = by_notes(image(tmp_path, ALPINE_320, file("opt/libssl.so.3", programs["wolfi"])))
    known = frozenset({"Alpine:v3.20", "Wolfi"})
    here = release_of(image(tmp_path, ALPINE_320).os_release, known)
    found = questions(package, here, known)
    assert isinstance(found, NotAsked)
    assert found.why == 'only a program built for "wolfi" tells of it'


def test_an_older_program_of_this_distribution_is_compared(
    tmp_path: Path, programs: dict[str, bytes]
) -> None:
    facts = image(tmp_path, DEBIAN_12, file("opt/libc.so.6", programs["debian"]))
    known = frozenset({"Debian:12"})
    found = questions(by_notes(facts)[0], release_of(facts.os_release, known), known)
    assert isinstance(found, list)
    assert [(one.name, one.version) for one in found] == [("glibc", "2.36-9+deb12u1")]
    assert all(isinstance(one, Asked) for one in found)


def test_the_note_of_systemd_is_what_dpkg_says_it_was_built_from() -> None:
    program = Path("/usr/bin/busctl")
    form = "${source:Package}\n${source:Version}\n${Architecture}"
    asked = ["dpkg-query", "-W", "-f", form, "systemd"]
    try:
        oracle = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        oracle = ""
    if not oracle or not program.is_file():
        pytest.skip("no systemd of Debian here, whose programs have notes")
    name, version, arch = oracle.split("\n")
    found = Read("usr/bin/busctl", program.read_bytes()).fact
    assert found is not None
    if found.note is None:
        pytest.skip("this systemd was built without notes")
    system = found.note.os
    assert found.note == PackageNote("deb", name, version, system, found.note.os_version, arch)


@pytest.mark.parametrize(
    "note",
    [
        "no JSON",
        '{"type":"deb"}',
        '{"type":"deb","name":"x","version":""}',
        '{"type":"deb","name":"x\\ny","version":"1"}',
        '{"type":"../..","name":"x","version":"1"}',
        '{"type":"deb","name":"x","version":1}',
        '{"type":"deb","name":"\\ud800","version":"1"}',
        '{"type":"deb","name":"x","version":"1","more":' + "[" * 3000,
        '{"type":"deb","name":"' + "x" * 5000 + '","version":"1"}',
    ],
)
def test_a_note_that_is_none_is_named_and_the_program_still_told(tmp_path: Path, note: str) -> None:
    whole = noted_program(tmp_path, json.dumps({"type": "@" * len(note.encode())}))
    content = whole.replace(
        json.dumps({"type": "@" * len(note.encode())}).encode(),
        note.encode().ljust(len('{"type": ""}') + len(note.encode()), b"\0"),
    )
    found = Read("usr/bin/program", content)
    assert found.fact is not None
    assert found.fact.note is None
    assert [one.why.partition(" without")[0] for one in found.unreadable] in (
        ["executable: has a package note"],
        ["executable: has a package note that is not what its format demands"],
    )
