"""Executables of whole images, read by real workers and squashed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from programs import compiled_c
from scanning import file, layer, scanned, symlink
from written_programs import WRITTEN

from secure.facts.executable import ExecutableKind
from secure.facts.package import Package
from secure.oci.limits import MIB


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return compiled_c(tmp_path_factory.mktemp("c"), "-pie", "-fPIE")


def holding(program: bytes, text: bytes) -> bytes:
    """The program with further strings behind its tables."""
    return program + b"\0" + text + b"\0"


def told(packages: tuple[Package, ...]) -> list[tuple[str, str, int]]:
    return [(p.name, p.version, p.location.layer) for p in packages]


def test_an_executable_is_told_by_its_first_bytes_whatever_its_name_and_mode(
    tmp_path: Path, program: bytes
) -> None:
    files = (file("opt/x", program, 0o644), file("opt/y.txt", b"ELF"), file("opt/z", b"\x7fEL"))
    facts = scanned(tmp_path, [layer(*files)])
    assert [(e.location.path, e.kind) for e in facts.executables] == [
        ("opt/x", ExecutableKind.PROGRAM)
    ]
    assert facts.unreadable == ()


def test_a_known_program_is_a_package_with_place_finder_and_cpe(
    tmp_path: Path, program: bytes
) -> None:
    content = holding(program, b"nginx version: nginx/1.25.4")
    (package,) = scanned(tmp_path, [layer(file("usr/sbin/nginx", content, 0o755))]).packages
    assert package.purl == "pkg:generic/nginx@1.25.4"
    assert package.found_by == "binary-classifier"
    assert package.location.path == "usr/sbin/nginx"
    assert package.cpe == "cpe:2.3:a:f5:nginx:1.25.4:*:*:*:*:*:*:*"
    assert package.hashes == (("sha512", hashlib.sha512(content).hexdigest()),)


def test_a_known_program_that_is_not_held_whole_has_the_digest_of_all_of_it(
    tmp_path: Path, program: bytes
) -> None:
    content = holding(program + bytes(17 * MIB), b"nginx version: nginx/1.25.4") + b"\1" * 9_999
    (package,) = scanned(tmp_path, [layer(file("usr/sbin/nginx", content))]).packages
    assert package.version == "1.25.4"
    assert package.hashes == (("sha512", hashlib.sha512(content).hexdigest()),)


def test_a_script_of_a_programs_name_is_not_taken_for_it(tmp_path: Path) -> None:
    script = file("usr/sbin/nginx", "#!/bin/sh\necho nginx version: nginx/1.25.4\n", 0o755)
    facts = scanned(tmp_path, [layer(script)])
    assert (facts.packages, facts.executables) == ((), ())


def test_what_a_later_layer_removes_or_replaces_is_gone(tmp_path: Path, program: bytes) -> None:
    old, new = (holding(program, b"nginx version: nginx/1.25.%d" % n) for n in (3, 4))
    layers = [
        layer(file("a/nginx", old), file("b/nginx", old), file("c/nginx", old)),
        layer(file("a/.wh.nginx"), file("b/nginx", new), file("c/nginx", b"#!/bin/sh\n")),
    ]
    facts = scanned(tmp_path, layers)
    assert told(facts.packages) == [("nginx", "1.25.4", 1)]
    assert [(e.location.path, e.location.layer) for e in facts.executables] == [("b/nginx", 1)]


def test_a_second_entry_of_one_name_replaces_the_first(tmp_path: Path, program: bytes) -> None:
    old = holding(program, b"nginx version: nginx/1.25.3")
    files = (file("a/nginx", old), file("a/nginx", b"text"))
    linked = (file("b/nginx", old), symlink("b/nginx", "elsewhere"))
    facts = scanned(tmp_path, [layer(*files, *linked)])
    assert (facts.packages, facts.executables) == ((), ())


def test_a_damaged_executable_is_named_and_the_image_is_still_complete(
    tmp_path: Path, program: bytes
) -> None:
    facts = scanned(tmp_path, [layer(file("opt/cut", program[:3000]), file("opt/whole", program))])
    assert [(item.path, item.why) for item in facts.unreadable] == [
        ("opt/cut", "executable: has section headers beyond its end: it is cut off")
    ]
    assert [e.location.path for e in facts.executables] == ["opt/whole"]
    assert facts.complete


def test_a_known_program_is_found_where_its_tables_are_damaged(
    tmp_path: Path, program: bytes
) -> None:
    content = program[:3000] + b"\0nginx version: nginx/1.25.4\0"
    facts = scanned(tmp_path, [layer(file("usr/sbin/nginx", content))])
    assert told(facts.packages) == [("nginx", "1.25.4", 0)]
    assert len(facts.unreadable) == 1


def test_all_programs_of_one_image_are_told_apart(tmp_path: Path, program: bytes) -> None:
    samples = {path: (name, version, text) for name, path, version, text in WRITTEN}
    files = [file(path, holding(program, text)) for path, (_, _, text) in samples.items()]
    facts = scanned(tmp_path, [layer(*files)])
    found = {(p.name, p.version, p.location.path) for p in facts.packages}
    assert found >= {(name, version, path) for path, (name, version, _) in samples.items()}
    assert len(facts.executables) == len(samples)
