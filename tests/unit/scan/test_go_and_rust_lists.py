"""go.mod and Cargo.lock: what they ask for, against Go and cargo themselves."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import run, tool
from scanning import NOW, file, layer, scanned

from secure.facts.image import Unreadable
from secure.report import cyclonedx
from secure.scan.cataloger import FileView
from secure.scan.catalogers.cargo_lock import CARGO_LOCK
from secure.scan.catalogers.go_mod import GO_MOD
from secure.scan.catalogers.go_sum import GO_SUM
from secure.scan.layer_facts import Detail, Record
from secure.scan.sbom_in.facts import image_facts
from secure.scan.sbom_in.read import read_bom

HASH = base64.b64encode(bytes(range(32))).decode()

GO = """module example.com/app // the module itself is no requirement

go 1.22

toolchain go1.22.1

require github.com/google/uuid v1.6.0 // indirect

require (
	golang.org/x/text v0.3.7
	"example.com/quoted" v1.0.0
	github.com/a/b/v3 v3.0.0+incompatible // indirect
	k8s.io/api v0.0.0-20240101000000-abcdefabcdef
)

exclude golang.org/x/text v0.3.8

replace (
	golang.org/x/text v0.3.7 => golang.org/x/text v0.4.0
	k8s.io/api => ../api
)

retract v0.9.0
"""


def go_modules(content: bytes) -> tuple[dict[str, str], list[Unreadable]]:
    found = list(GO_MOD.parse(FileView(b"src/go.mod", content)))
    packages = [item.package for item in found if isinstance(item, Record)]
    assert all(package.declared for package in packages)
    wrong = [item for item in found if isinstance(item, Unreadable)]
    return {f"{p.namespace}/{p.name}": p.version for p in packages}, wrong


def test_required_modules_are_those_go_reads(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text(GO)
    told = json.loads(run([tool("go"), "mod", "edit", "-json"], tmp_path, GOTOOLCHAIN="local"))
    expected = {one["Path"]: one["Version"] for one in told["Require"]}
    expected["golang.org/x/text"] = "v0.4.0"
    assert go_modules(GO.encode()) == (expected, [])
    assert len(expected) == 5


def test_a_replacement_of_all_versions_and_by_another_module_counts() -> None:
    content = b"require a.b/c v1.0.0\nreplace a.b/c => d.e/f v2.0.0\n"
    assert go_modules(content) == ({"d.e/f": "v2.0.0"}, [])


def go_sum(*lines: str) -> str:
    return "".join(f"{line} h1:{HASH}\n" for line in lines)


def test_go_sum_adds_hashes_to_modules_of_go_mod_and_no_module(tmp_path: Path) -> None:
    mod = "module x.y/app\nrequire a.b/c v1.2.0\nrequire d.e/f v1.0.0\n"
    sums = go_sum("a.b/c v1.1.0", "a.b/c v1.2.0", "a.b/c v1.2.0/go.mod", "d.e/f v1.0.0/go.mod")
    facts = scanned(tmp_path, [layer(file("src/go.mod", mod), file("src/go.sum", sums))])
    digest = base64.b64decode(HASH).hex()
    assert [(p.name, p.version, p.hashes) for p in facts.packages] == [
        ("c", "v1.2.0", (("h1", digest),)),
        ("f", "v1.0.0", ()),
    ]
    document = cyclonedx.render(facts, timestamp=NOW)
    back = image_facts(read_bom(document, "it"), "it", tool_version="1", now=NOW)
    assert "hashes" not in json.loads(document)["components"][0]
    assert [p.hashes for p in back.packages] == [p.hashes for p in facts.packages]


def test_lines_of_go_sum_that_are_none_are_counted() -> None:
    content = f"a.b/c v1.0.0\nd.e/f v1.0.0 h2:{HASH}\ng.h/i v1.0.0 h1:AAAA\n"
    (wrong,) = GO_SUM.parse(FileView(b"src/go.sum", content.encode()))
    assert isinstance(wrong, Unreadable)
    assert wrong.why == "3 lines have no module, version and hash"


def test_go_sum_of_a_module_in_the_cache_is_not_asked() -> None:
    place = b"root/go/pkg/mod/a.b/c@v1.0.0/go.sum"
    assert list(GO_SUM.parse(FileView(place, go_sum("d.e/f v1.0.0").encode()))) == []


@given(st.binary(max_size=200))
def test_any_bytes_as_go_sum_are_read_or_reported(content: bytes) -> None:
    for item in GO_SUM.parse(FileView(b"src/go.sum", content)):
        assert isinstance(item, Detail | Unreadable)


def test_a_requirement_that_cannot_be_read_is_named() -> None:
    found, wrong = go_modules(b"require (\n a.b/c\n d.e/f latest\n g.h/i v1.0.0\n)\n")
    assert found == {"g.h/i": "v1.0.0"}
    assert len(wrong) == 2


LOCK_1 = b"""[[package]]
name = "a"
version = "0.1.0"
dependencies = ["b 1.2.3 (registry+https://example.org/index)"]

[[package]]
name = "b"
version = "1.2.3"
source = "registry+https://example.org/index"

[metadata]
"checksum b 1.2.3 (registry+https://example.org/index)" = "%s"
""" % (b"ab" * 32)


def crates(content: bytes) -> tuple[list[Record], list[Unreadable]]:
    found = list(CARGO_LOCK.parse(FileView(b"src/Cargo.lock", content)))
    return (
        [item for item in found if isinstance(item, Record)],
        [item for item in found if isinstance(item, Unreadable)],
    )


def test_crates_of_a_lock_file_are_those_cargo_knows(tmp_path: Path) -> None:
    for name, needs in (("one", 'two = { path = "../two" }'), ("two", "")):
        (tmp_path / name / "src").mkdir(parents=True)
        (tmp_path / name / "src/lib.rs").touch()
        manifest = f'[package]\nname = "{name}"\nversion = "3.1.4"\n[dependencies]\n{needs}\n'
        (tmp_path / name / "Cargo.toml").write_text(manifest)
    folder = tmp_path / "one"
    told = json.loads(run([tool("cargo"), "metadata", "--format-version=1", "--offline"], folder))
    records, wrong = crates((folder / "Cargo.lock").read_bytes())
    found = {(r.package.name, r.package.version) for r in records}
    assert found == {(p["name"], p["version"]) for p in told["packages"]}
    assert found == {("one", "3.1.4"), ("two", "3.1.4")}
    assert wrong == []


def test_the_first_lock_format_keeps_its_checksums_in_a_table() -> None:
    records, wrong = crates(LOCK_1)
    assert wrong == []
    assert records[0].needs == (("b",),)
    assert records[1].package.hashes == (("sha256", "ab" * 32),)
    assert all(record.package.declared for record in records)


@pytest.mark.parametrize("content", [b"\xff", b"[[package]\n", b"a = " + b"[" * 100_000])
def test_what_is_no_lock_file_is_named(content: bytes) -> None:
    records, wrong = crates(content)
    assert records == []
    assert len(wrong) == 1


def test_a_crate_without_a_version_is_named_and_the_others_stay() -> None:
    records, wrong = crates(b'[[package]]\nname="a"\n[[package]]\nname="b"\nversion="1.0.0"\n')
    assert [record.package.name for record in records] == ["b"]
    assert len(wrong) == 1
