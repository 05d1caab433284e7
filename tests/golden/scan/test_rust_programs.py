"""Rust crates in programs that cargo builds here, against `cargo metadata`."""

from __future__ import annotations

import json
import shutil
import zlib
from pathlib import Path

import pytest
from programs import Read, compiled_c, run, tool

from secure.facts.image import Unreadable

CRATES = {"leaf": [], "branch": ["leaf"], "twig": []}


def crate(folder: Path, name: str, version: str, needs: list[str], *, builds: str = "") -> Path:
    (folder / name / "src").mkdir(parents=True)
    lines = [f'{need} = {{ path = "../{need}" }}' for need in needs]
    build = ["[build-dependencies]", f'{builds} = {{ path = "../{builds}" }}']
    head = ["[package]", f'name = "{name}"', f'version = "{version}"', 'edition = "2021"']
    manifest = [*head, "[dependencies]", *lines, *(build if builds else [])]
    (folder / name / "Cargo.toml").write_text("\n".join(manifest) + "\n")
    uses = "".join(f"    {need}::f();\n" for need in needs)
    (folder / name / "src/lib.rs").write_text(f"pub fn f() {{\n{uses}}}\n")
    return folder / name


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program with a dependency that has one itself, and a crate that only the build uses."""
    folder = tmp_path_factory.mktemp("rust")
    for number, (name, needs) in enumerate(CRATES.items(), start=1):
        crate(folder, name, f"{number}.2.3", needs)
    top = crate(folder, "app", "0.9.0", ["branch"], builds="twig")
    (top / "src/main.rs").write_text('fn main() {\n    branch::f();\n    println!("hi");\n}\n')
    (top / "build.rs").write_text("fn main() {\n    twig::f();\n}\n")
    run([tool("cargo"), "build", "--release", "--offline"], top)
    return top


def told_by_cargo(app: Path) -> dict[str, str]:
    """Crates that are linked in, as cargo tells them: no build dependency."""
    told = json.loads(run([tool("cargo"), "metadata", "--format-version=1", "--offline"], app))
    nodes = {node["id"]: node for node in told["resolve"]["nodes"]}
    used, waiting = set(), [told["resolve"]["root"]]
    while waiting:
        used.add(one := waiting.pop())
        waiting += [
            dep["pkg"] for dep in nodes[one]["deps"] if any(not k["kind"] for k in dep["dep_kinds"])
        ]
    return {p["name"]: p["version"] for p in told["packages"] if p["id"] in used}


def audit_list(app: Path) -> bytes:
    """What cargo-auditable puts into the section, made from cargo's own list."""
    told = json.loads(run([tool("cargo"), "metadata", "--format-version=1", "--offline"], app))
    linked = told_by_cargo(app)
    packages = [
        {
            "name": p["name"], "version": p["version"], "source": "local",
            "kind": "runtime" if p["name"] in linked else "build",
        }
        for p in sorted(told["packages"], key=lambda p: str(p["name"]))
    ]  # fmt: skip
    names = [p["name"] for p in packages]
    packages[names.index("branch")]["dependencies"] = [names.index("leaf")]
    packages[names.index("app")]["root"] = True
    return json.dumps({"packages": packages}, separators=(",", ":")).encode()


def with_section(app: Path, content: bytes) -> bytes:
    (app / "list").write_bytes(content)
    program = app / "target/release/app"
    objcopy = [tool("objcopy"), "--add-section", ".dep-v0=list"]
    run([*objcopy, "--set-section-flags", ".dep-v0=readonly", str(program), "audited"], app)
    return (app / "audited").read_bytes()


def test_crates_of_a_program_are_those_cargo_linked(app: Path) -> None:
    found = Read("usr/bin/app", with_section(app, zlib.compress(audit_list(app), 7)))
    assert found.versions("rust-binary") == told_by_cargo(app)
    assert found.versions("rust-binary") == {"app": "0.9.0", "branch": "2.2.3", "leaf": "1.2.3"}
    assert found.unreadable == []
    needs = {record.package.name: record.needs for record in found.records}
    assert needs["branch"] == (("leaf",),)


@pytest.mark.parametrize("level", [1, 7])
def test_crates_of_a_large_program_are_found_behind_what_is_held(app: Path, level: int) -> None:
    content = with_section(app, zlib.compress(audit_list(app), level))
    parts = Read("usr/bin/app", content + bytes(3 << 20), head=64 * 1024)
    assert parts.versions("rust-binary") == told_by_cargo(app)


def test_cargo_auditable_is_read(app: Path) -> None:
    if shutil.which("cargo-auditable") is None:
        pytest.skip("no cargo-auditable here: cargo install cargo-auditable")
    run([tool("cargo"), "auditable", "build", "--offline", "--target-dir", "audited-target"], app)
    found = Read("usr/bin/app", (app / "audited-target/debug/app").read_bytes())
    assert found.versions("rust-binary") == told_by_cargo(app)


def test_a_program_without_the_section_has_no_crates(app: Path) -> None:
    found = Read("usr/bin/app", (app / "target/release/app").read_bytes())
    assert found.packages == []
    assert found.unreadable == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"not zlib", "that are no zlib stream"),
        (zlib.compress(b'{"packages":[{}]}'), "that are not what the format demands"),
        (zlib.compress(b'{"packages":[]}')[:-6], "cut off"),
        (zlib.compress(bytes(9 << 20)), "cut off, or over 8388608 bytes"),
    ],
    ids=["no-zlib", "no-names", "cut", "bomb"],
)
def test_a_damaged_list_is_named(app: Path, content: bytes, why: str) -> None:
    found = Read("usr/bin/app", with_section(app, content))
    assert found.packages == []
    assert [why in item.why for item in found.unreadable] == [True]


def test_a_crate_without_a_version_is_named_and_the_others_stay(tmp_path: Path) -> None:
    crates = b'{"packages":[{"name":"a","version":""},{"name":"b","version":"1.0.0"}]}'
    compiled_c(tmp_path)
    (tmp_path / "list").write_bytes(zlib.compress(crates))
    run([tool("objcopy"), "--add-section", ".dep-v0=list", "program", "audited"], tmp_path)
    found = Read("usr/bin/x", (tmp_path / "audited").read_bytes())
    assert found.versions("rust-binary") == {"b": "1.0.0"}
    assert found.unreadable == [
        Unreadable("usr/bin/x", 0, "a Rust crate has no name or no version")
    ]
