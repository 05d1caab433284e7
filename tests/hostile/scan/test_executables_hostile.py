"""Executables made to cost time or memory, or to lie: bounded work, a named fault, no exception."""

from __future__ import annotations

import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pe_files import pe_file
from programs import Held, Read, compiled_c, go_117, run, tool

from secure.facts.image import Unreadable
from secure.images.entry import FILE, Entry
from secure.oci.limits import MIB
from secure.scan.executables import Executables
from secure.scan.formats.go_build import GO_MAGIC

MOST_S, MOST_MIB = 2.0, 48
CRATES = zlib.compress(b'{"packages":[{"name":"a","version":"1.0.0","root":true}]}')


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One real file of each form."""
    folder = tmp_path_factory.mktemp("real")
    note = '--package-metadata={"type":"deb","name":"x","version":"1"}'
    compiled_c(folder, "-pie", "-fPIE", "-fstack-protector-all", "-Xlinker", note)
    (folder / "list").write_bytes(CRATES)
    run([tool("objcopy"), "--add-section", ".dep-v0=list", "program", "rust"], folder)
    code = folder / "main.go"
    code.write_text("package main\n\nfunc main() { println() }\n")
    env = {"GOTOOLCHAIN": "local", "GO111MODULE": "off"}
    run([tool("go"), "build", "-ldflags=-s -w", "-o", "go", str(code)], folder, **env)
    return {
        "c": (folder / "program").read_bytes(),
        "rust": (folder / "rust").read_bytes(),
        "go": (folder / "go").read_bytes(),
        "go117": go_117(),
        "pe": pe_file({"ProductVersion": "1.2.3", "InternalName": "a.dll"}, managed=True),
    }


def places(content: bytes) -> list[int]:
    """Where the tables of a file begin: most faults are there."""
    found = [0]
    if content.startswith(b"\x7fELF"):
        (sections,) = struct.unpack_from("<Q", content, 40)
        found += [16, 64, 120, sections, max(0, content.find(b".shstrtab") - 64)]
    found += [
        at
        for mark in (GO_MAGIC, CRATES[:8], b"FDO\0", b"PE\0\0", b".rsrc")
        if (at := content.find(mark)) >= 0
    ]
    return found + ([512] if content.startswith(b"MZ") else [])


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["c", "rust", "go", "go117", "pe"]),
    st.data(),
    st.sampled_from([600, 5000, 16 * MIB]),
)
def test_a_mutated_executable_is_read_or_reported(
    real: dict[str, bytes], form: str, data: st.DataObject, head: int
) -> None:
    content = bytearray(real[form])
    starts = places(real[form])
    changes = st.tuples(
        st.sampled_from(starts), st.integers(0, 400), st.binary(min_size=1, max_size=8)
    )
    for start, beyond, new in data.draw(st.lists(changes, min_size=1, max_size=6)):
        at = min(start + beyond, len(content) - len(new))
        content[at : at + len(new)] = new
    cut = data.draw(st.none() | st.integers(4, len(content)))
    began = time.process_time()
    found = Read("usr/bin/program", bytes(content[:cut]), head)
    assert time.process_time() - began < MOST_S
    assert all(item.path == "usr/bin/program" and item.why for item in found.unreadable)


def elf(**fields: int) -> bytes:
    """A 64-bit header and nothing that it points to."""
    known = {"type": 2, "phoff": 64, "shoff": 0, "phentsize": 56, "phnum": 0, "shentsize": 64,
             "shnum": 0, "shstrndx": 0} | fields  # fmt: skip
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", known["type"], 62, 1, 0, known["phoff"], known["shoff"], 0, 64,
        known["phentsize"], known["phnum"], known["shentsize"], known["shnum"], known["shstrndx"],
    )  # fmt: skip


def segment(kind: int, offset: int, size: int, flags: int = 6) -> bytes:
    return struct.pack("<IIQQQQQQ", kind, flags, offset, 0x1000, 0x1000, size, size, 8)


def many_sections() -> bytes:
    """8,192 sections whose names are one name of 32 MiB."""
    rows = struct.pack("<IIQQQQIIQQ", 1, 3, 0, 0, 64 + 8192 * 64, 32 * MIB, 0, 0, 0, 0) * 8192
    return elf(shoff=64, shnum=8192, shstrndx=1) + rows + b"x" * (8 * MIB)


def go_pointers(pointers: bytes, flags: int) -> bytes:
    table = segment(1, 0, 4096)
    head = (elf(phnum=1) + table).ljust(128, b"\0")
    return (head + GO_MAGIC + bytes([8, flags]) + pointers).ljust(4096, b"\0")


def _looping_resources(count: int = 1) -> bytes:
    """A resource directory whose only entry is the directory itself."""
    content = bytearray(pe_file({"ProductVersion": "1.0"}, managed=True))
    content[512 + 14 : 512 + 16] = struct.pack("<H", count)
    content[512 + 20 : 512 + 24] = struct.pack("<I", 0x8000_0000)
    return bytes(content)


CASES: dict[str, Callable[[], bytes]] = {
    "only-magic": lambda: b"\x7fELF",
    "odd-class": lambda: b"\x7fELF\x03\x01" + bytes(100),
    "segments-beyond-the-end": lambda: elf(phoff=1 << 60, phnum=9),
    "too-many-segments": lambda: elf(phnum=65_000) + bytes(65_000 * 56),
    "counted-elsewhere": lambda: elf(phnum=0xFFFF) + bytes(100_000),
    "odd-segment-size": lambda: elf(phnum=1, phentsize=1) + bytes(100),
    "too-many-sections": lambda: elf(shoff=64, shnum=65_000, shstrndx=1) + bytes(65_000 * 64),
    "sections-beyond-the-end": lambda: elf(shoff=1 << 63, shnum=9, shstrndx=1),
    "no-section-but-names": lambda: elf(shoff=64, shnum=0, shstrndx=3) + bytes(100),
    "endless-dynamic": lambda: elf(phnum=1) + segment(2, 120, 1 << 40) + b"\1" * 4096,
    "strings-nowhere": lambda: (
        elf(phnum=1) + segment(2, 120, 64) + struct.pack("<8Q", 1, 1, 5, 1 << 50, 10, 99, 0, 0)
    ),
    "endless-go-length": lambda: go_pointers(bytes(16) + b"\xff" * 16, 2),
    "huge-go-string": lambda: go_pointers(bytes(16) + b"\xff\xff\xff\x7f", 2),
    "go-pointer-nowhere": lambda: go_pointers(struct.pack("<QQ", 1 << 60, 0x1000), 0),
    "go-pointer-to-itself": lambda: go_pointers(struct.pack("<QQ", 0x1090, 0x1090), 0),
    "odd-go-pointers": lambda: go_pointers(bytes(16), 0).replace(b"inf:\x08", b"inf:\x63"),
    "pe-header-nowhere": lambda: b"MZ" + bytes(58) + b"\xff\xff\xff\x7f" + bytes(100),
    "pe-cut": lambda: pe_file({"ProductVersion": "1.0"}, managed=True)[:200],
    "pe-many-sections": lambda: (
        b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0\0\0\xff\xff" + bytes(99)
    ),
    "pe-resources-of-themselves": _looping_resources,
    "pe-many-resources": lambda: _looping_resources(count=0xFFFF),
}  # fmt: skip
NO_FAULT = {"pe-header-nowhere"}  # nothing says that it is a PE file


@pytest.mark.parametrize("case", CASES)
def test_a_lying_table_is_named(case: str) -> None:
    content = CASES[case]()
    began = time.process_time()
    found = Read("usr/bin/program", content)
    assert time.process_time() - began < MOST_S
    assert found.packages == []
    assert (len(found.unreadable) >= 1) is (case not in NO_FAULT)
    assert all(item.why.startswith("executable: ") for item in found.unreadable)


@pytest.mark.parametrize(
    "content",
    [
        many_sections,
        lambda: elf(phnum=256) + segment(4, 64, 1 << 20) * 256 + bytes(2 * MIB),
        lambda: elf() + CRATES[:2] * (8 * MIB),
        lambda: elf(phnum=1) + segment(1, 0, 32 * MIB) + GO_MAGIC * MIB,
        lambda: elf() + zlib.compress(b'{"packages":[' + b" " * (64 * MIB), 9) * 64,
    ],
    ids=["names", "notes", "zlib-heads", "go-marks", "crate-bombs"],
)
def test_a_bomb_takes_bounded_time_and_memory(content: Callable[[], bytes]) -> None:
    bomb = content()
    tracemalloc.start()
    began = time.process_time()
    Read("usr/bin/program", bomb, head=MIB)
    took, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert took < 5 * MOST_S
    assert peak < MOST_MIB * MIB


def test_a_name_of_control_characters_is_not_printed_as_one(tmp_path: Path) -> None:
    crates = zlib.compress(b'{"packages":[{"name":"\\u001b[31m","version":"1.0.0"}]}')
    compiled_c(tmp_path)
    (tmp_path / "list").write_bytes(crates)
    run([tool("objcopy"), "--add-section", ".dep-v0=list", "program", "audited"], tmp_path)
    found = Read("usr/bin/x", (tmp_path / "audited").read_bytes())
    assert found.packages == []
    assert len(found.unreadable) == 1


def test_programs_beyond_the_budget_of_a_layer_are_named() -> None:
    faults: list[Unreadable] = []
    executables = Executables(faults)
    known = b"\x7fELF" + b"\0nginx version: nginx/1.25.4\0"
    for name, size in ((b"a/nginx", 100), (b"b/nginx", 2 << 30), (b"c/nginx", 100)):
        entry = Entry(name, FILE, 0o755, 0, 0, size, 0, content=Held(b""))
        found = executables.read(entry, known)
        assert (found is not None) is (name == b"a/nginx")
    limit = [item.path for item in faults if "over 1073741824 bytes" in item.why]
    assert limit == ["b/nginx", "c/nginx"]
