"""Go modules in programs that Go builds here, against `go version -m`."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from programs import Read, go_117, go_proxy, run, tool

from secure.facts.image import Unreadable
from secure.scan.cataloger import FileView
from secure.scan.catalogers.go_binary import read_go
from secure.scan.catalogers.go_sum import parse_go_sum
from secure.scan.formats.elf import parse_elf
from secure.scan.formats.go_build import GO_MAGIC, MODULES_MARK
from secure.scan.formats.pieces import Pieces
from secure.scan.layer_facts import Detail, Record
from secure.scan.program import Program

FORMS = {
    "plain": (),
    "stripped": ("-ldflags=-s -w",),
    "trimmed": ("-trimpath", "-ldflags=-s -w"),
    "pie": ("-buildmode=pie",),
    "external": ("-ldflags=-linkmode=external",),
    "named": ("-ldflags=-X main.version=v9.8.7",),
}
MAIN = """package main

import (
	"fmt"

	"example.org/alpha"
	"example.org/deep/er/beta"
	"example.org/gone"
	"example.org/here"
)

var version = "unset"

func main() { fmt.Println(version, alpha.Name(), beta.Name(), gone.Name(), here.Name()) }
"""
GO_MOD = """module example.com/team/app

go 1.20

require (
	example.org/alpha v1.2.3
	example.org/deep/er/beta v0.0.0-20200101000000-abcdefabcdef
	example.org/gone v1.0.0
	example.org/here v1.1.0
)

replace example.org/gone => example.org/gone-fork v1.5.0

replace example.org/here => ./here
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A module with dependencies, of which one is replaced and one lies in a local folder."""
    folder = tmp_path_factory.mktemp("go")
    modules = {
        "example.org/alpha": "v1.2.3",
        "example.org/deep/er/beta": "v0.0.0-20200101000000-abcdefabcdef",
        "example.org/gone": "v1.0.0",
        "example.org/here": "v1.1.0",
    }
    proxy = go_proxy(folder / "proxy", modules)
    fork = folder / "proxy/example.org/gone-fork/@v"
    (folder / "proxy/example.org/gone/@v").rename(folder / "was")
    fork.parent.mkdir()
    go_proxy(folder / "proxy", {"example.org/gone-fork": "v1.5.0"})
    _rename_module(fork)
    app = folder / "app"
    (app / "here").mkdir(parents=True)
    (app / "here/go.mod").write_text("module example.org/here\n")
    (app / "here/here.go").write_text('package here\n\nfunc Name() string { return "here" }\n')
    (app / "go.mod").write_text(GO_MOD)
    (app / "main.go").write_text(MAIN)
    yield app, {
        "GOPROXY": proxy, "GOSUMDB": "off", "GOFLAGS": "-mod=mod -buildvcs=false",
        "GOMODCACHE": str(folder / "cache"), "GONOSUMCHECK": "1", "GOTOOLCHAIN": "local",
    }  # fmt: skip
    run([tool("go"), "clean", "-modcache"], app, GOMODCACHE=str(folder / "cache"))


def _rename_module(fork: Path) -> None:
    """The fork keeps its package's name, as forks do."""
    with zipfile.ZipFile(fork / "v1.5.0.zip", "w") as archive:
        prefix = "example.org/gone-fork@v1.5.0"
        archive.writestr(f"{prefix}/go.mod", "module example.org/gone\n")
        archive.writestr(f"{prefix}/gone.go", 'package gone\n\nfunc Name() string { return "" }\n')
    (fork / "v1.5.0.mod").write_text("module example.org/gone\n")


def told_by_go(folder: Path, program: str) -> dict[str, str]:
    """Modules with versions, and the toolchain, as `go version -m` lists them."""
    first, *lines = run([tool("go"), "version", "-m", program], folder).splitlines()
    found = {"stdlib": first.split()[1].removeprefix("go")}
    last = ""
    for line in lines:
        kind, *fields = line.split("\t")[1:]
        if kind in ("mod", "dep"):
            last = fields[0]
            found[last] = fields[1]
        elif kind == "=>" and not fields[0].startswith("."):
            del found[last]
            found[fields[0]] = fields[1]
    return found


@pytest.mark.parametrize("form", FORMS)
def test_modules_of_a_program_are_those_go_lists(
    source: tuple[Path, dict[str, str]], form: str
) -> None:
    folder, env = source
    run([tool("go"), "build", *FORMS[form], "-o", form, "."], folder, **env)
    expected = told_by_go(folder, form)
    # The build knew no version of its own module; one was handed to the linker.
    expected["example.com/team/app"] = "v9.8.7" if form == "named" else ""
    found = Read(f"usr/bin/{form}", (folder / form).read_bytes())
    assert found.versions("go-binary") == expected
    assert len(expected) == 6
    assert found.unreadable == []
    assert found.fact is not None
    assert found.fact.pie is (form == "pie")


def test_hashes_of_modules_in_a_program_are_those_of_go_sum(
    source: tuple[Path, dict[str, str]],
) -> None:
    folder, env = source
    run([tool("go"), "build", "-o", "plain", "."], folder, **env)
    view = FileView(b"app/go.sum", (folder / "go.sum").read_bytes())
    listed = {
        (item.namespace, item.name, item.version): item.hashes
        for item in parse_go_sum(view)
        if isinstance(item, Detail)
    }
    packages = [one.package for one in Read("bin/x", (folder / "plain").read_bytes()).records]
    found = {(p.namespace, p.name, p.version): p.hashes for p in packages if p.hashes}
    assert len(found) == 3
    assert found.items() <= listed.items()


def test_a_large_program_is_read_without_being_held(source: tuple[Path, dict[str, str]]) -> None:
    folder, env = source
    run([tool("go"), "build", "-o", "large", "."], folder, **env)
    content = (folder / "large").read_bytes()
    whole = Read("usr/bin/large", content)
    parts = Read("usr/bin/large", content, head=64 * 1024)
    assert parts.records == whole.records
    assert parts.fact == whole.fact
    assert len(parts.records) == 6


def test_a_program_by_go_117_points_to_its_strings() -> None:
    found = Read("usr/bin/go117", go_117())
    assert found.versions("go-binary")["stdlib"] == "1.17"
    assert found.unreadable == []


def test_modules_are_told_where_the_go_version_was_not_kept() -> None:
    content = go_117()
    at, mark = content.index(GO_MAGIC), content.index(MODULES_MARK)
    kept = ((mark, content[mark : mark + 512]), (at, content[at : at + 64 * 1024]))
    program = Program(b"usr/bin/go117", parse_elf(Pieces(content[:4096], len(content), kept)))
    first, second = read_go(program)
    assert isinstance(first, Unreadable)
    assert first.why == "Go program: its Go version is in a part that was not kept"
    assert isinstance(second, Record)
    assert second.package.namespace == "example.com"


def test_the_go_tool_itself_has_a_standard_library_and_no_module() -> None:
    root = run([tool("go"), "env", "GOROOT"], Path("/")).strip()
    version = run([tool("go"), "env", "GOVERSION"], Path("/")).strip().removeprefix("go")
    found = Read("usr/local/go/bin/go", (Path(root) / "bin/go").read_bytes())
    assert found.versions("go-binary") == {"stdlib": version}
    assert found.versions("binary-classifier") == {"go": version}
