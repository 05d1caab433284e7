"""NuGet packages of .NET programs, from the files that the SDK publishes."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from pe_files import pe_file
from programs import Read
from scanning import file, layer, scanned

from secure.facts.image import Unreadable
from secure.scan.cataloger import FileView
from secure.scan.catalogers.dotnet_deps import DOTNET_DEPS
from secure.scan.catalogers.nuget_lock import NUGET_LOCK
from secure.scan.layer_facts import Record

DIGEST = hashlib.sha512(b"package").digest()
SHA512 = base64.b64encode(DIGEST).decode()
TARGET = ".NETCoreApp,Version=v8.0/linux-x64"
DEPS = {
    "runtimeTarget": {"name": TARGET, "signature": ""},
    "targets": {
        ".NETCoreApp,Version=v8.0": {},
        TARGET: {
            "app/1.0.0": {
                "dependencies": {"Newtonsoft.Json": "13.0.3"},
                "runtime": {"app.dll": {}},
            },
            "Newtonsoft.Json/13.0.3": {"runtime": {"lib/net6.0/Newtonsoft.Json.dll": {}}},
            "SQLitePCLRaw.lib/2.1.6": {
                "runtimeTargets": {
                    "runtimes/linux-x64/native/libe_sqlite3.so": {"rid": "linux-x64"}
                }
            },
        },
    },
    "libraries": {
        "app/1.0.0": {"type": "project", "serviceable": False, "sha512": ""},
        "Newtonsoft.Json/13.0.3": {"type": "package", "sha512": f"sha512-{SHA512}"},
        "SQLitePCLRaw.lib/2.1.6": {"type": "package", "sha512": "sha512-AAAA"},
        "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.2": {"type": "runtimepack"},
        "System.Xml/4.0.0.0": {"type": "reference"},
    },
}


def read(tree: object) -> tuple[list[Record], list[Unreadable]]:
    found = list(DOTNET_DEPS.parse(FileView(b"app/app.deps.json", json.dumps(tree).encode())))
    return (
        [item for item in found if isinstance(item, Record)],
        [item for item in found if isinstance(item, Unreadable)],
    )


def test_packages_projects_and_runtime_packs_are_found_and_references_are_not() -> None:
    records, wrong = read(DEPS)
    assert [(r.package.name, r.package.version) for r in records] == [
        ("app", "1.0.0"),
        ("Newtonsoft.Json", "13.0.3"),
        ("SQLitePCLRaw.lib", "2.1.6"),
        ("Microsoft.NETCore.App.Runtime.linux-x64", "8.0.2"),
    ]
    assert wrong == []
    assert records[0].needs == (("Newtonsoft.Json",),)
    assert records[1].package.hashes == (("sha512", DIGEST.hex()),)
    assert records[2].package.hashes == ()
    assert not records[1].package.declared


def test_a_package_owns_the_assemblies_that_lie_beside_the_file() -> None:
    records, _ = read(DEPS)
    owned = [record.files.listed() if record.files else [] for record in records]
    assert owned == [
        [b"app/app.dll"],
        [b"app/Newtonsoft.Json.dll"],
        [b"app/runtimes/linux-x64/native/libe_sqlite3.so"],
        [],
    ]


def test_a_library_without_a_version_is_named() -> None:
    records, wrong = read({"libraries": {"Odd": {"type": "package"}, "A/1.0": {"type": "package"}}})
    assert [record.package.name for record in records] == ["A"]
    assert len(wrong) == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b"[1]"])
def test_what_is_no_deps_file_is_named_or_empty(content: bytes) -> None:
    found = list(DOTNET_DEPS.parse(FileView(b"a.deps.json", content)))
    assert all(isinstance(item, Unreadable) for item in found)


def test_a_lock_file_declares_each_package_once() -> None:
    first = {"type": "Direct", "requested": "[1.0, )", "resolved": "1.0.4", "contentHash": SHA512}
    second = {"type": "Transitive", "resolved": "2.1.0", "dependencies": {"A": "1.0.0"}}
    net8 = {"A": first, "B": second, "own": {"type": "Project"}}
    tree = {"version": 1, "dependencies": {"net8.0": net8, "net6.0": {"A": first}}}
    found = list(NUGET_LOCK.parse(FileView(b"packages.lock.json", json.dumps(tree).encode())))
    records = [item for item in found if isinstance(item, Record)]
    assert len(records) == len(found)
    assert [(r.package.name, r.package.version, r.package.declared) for r in records] == [
        ("A", "1.0.4", True),
        ("B", "2.1.0", True),
    ]
    assert records[0].package.hashes == (("sha512", DIGEST.hex()),)
    assert records[1].needs == (("A",),)


def test_an_assembly_is_the_package_that_its_version_resource_names() -> None:
    strings = {"CompanyName": "Maker", "InternalName": "Some.Library.dll",
               "FileVersion": "3.2.1.0", "ProductVersion": "3.2.1-beta.2+0a1b2c"}  # fmt: skip
    found = Read("app/Some.Library.dll", pe_file(strings, managed=True))
    assert [(p.type, p.name, p.version, p.maintainer) for p in found.packages] == [
        ("nuget", "Some.Library", "3.2.1-beta.2", "Maker")
    ]


def test_a_native_file_and_one_without_a_version_are_no_packages() -> None:
    strings = {"FileVersion": "1.0.0.0", "InternalName": "setup.exe"}
    assert Read("w64.exe", pe_file(strings, managed=False)).packages == []
    assert Read("app/a.dll", pe_file({"InternalName": "a.dll"}, managed=True)).packages == []
    assert Read("app/a.dll", pe_file({}, managed=True)).packages == []


def test_a_file_without_a_product_version_has_its_file_version() -> None:
    found = Read("app/Old.dll", pe_file({"FileVersion": "1, 2, 3, 4"}, managed=True))
    assert [(p.name, p.version) for p in found.packages] == [("Old", "1.2.3.4")]


def test_a_dos_program_is_nothing_and_no_fault() -> None:
    found = Read("old.exe", b"MZ" + bytes(200))
    assert (found.packages, found.unreadable) == ([], [])


def test_an_assembly_that_a_deps_file_names_is_related_to_its_package(tmp_path: Path) -> None:
    named = pe_file(
        {"ProductVersion": "13.0.3", "InternalName": "Newtonsoft.Json.dll"}, managed=True
    )
    alone = pe_file({"ProductVersion": "2.0.0", "InternalName": "Alone.dll"}, managed=True)
    files = (
        file("app/app.deps.json", json.dumps(DEPS)),
        file("app/Newtonsoft.Json.dll", named),
        file("app/Alone.dll", alone),
    )
    owners = {
        (p.name, p.location.path): p.owner for p in scanned(tmp_path, [layer(*files)]).packages
    }
    assert owners["Newtonsoft.Json", "app/app.deps.json"] == ""
    assert (
        owners["Newtonsoft.Json", "app/Newtonsoft.Json.dll"] == "pkg:nuget/Newtonsoft.Json@13.0.3"
    )
    assert owners["Alone", "app/Alone.dll"] == ""
